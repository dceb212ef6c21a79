//! The codec's table: PUBLISH packets decoded from frames and encoded into a buffer.
//!
//! `cargo bench --bench codec`

use std::fmt;
use std::hint::black_box;

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};
use wasmqtt::codec::{Decoder, Packet, PacketId, PropertiesBuf, Property, Publish, QoS, Version};

/// Tells allocations where there are any. Buffers are filled once before, and in the steady state
/// there are none.
#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// Far more than the timer's precision.
const ITERATIONS: u32 = 1_000;

const TOPIC: &str = "site-7/floor-3/room-12/temperature";

/// The packets of a frame, which are alike.
#[derive(Clone, Copy, Debug)]
enum Form {
    QoS0,
    QoS1,
    /// The properties of a request: content type, response topic, correlation data and two user
    /// properties.
    Properties,
    Large,
    Fifty,
}

const FORMS: [Form; 5] = [Form::QoS0, Form::QoS1, Form::Properties, Form::Large, Form::Fifty];

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QoS0 => "64 B, QoS 0",
            Self::QoS1 => "64 B, QoS 1",
            Self::Properties => "64 B, properties",
            Self::Large => "16 KiB",
            Self::Fifty => "64 B, fifty a frame",
        })
    }
}

impl Form {
    const fn packets(self) -> usize {
        match self {
            Self::QoS0 | Self::QoS1 | Self::Properties | Self::Large => 1,
            Self::Fifty => 50,
        }
    }

    const fn payload_bytes(self) -> usize {
        match self {
            Self::Large => 16 * 1024,
            Self::QoS0 | Self::QoS1 | Self::Properties | Self::Fifty => 64,
        }
    }

    const fn qos(self) -> QoS {
        match self {
            Self::QoS1 => QoS::AtLeastOnce,
            Self::QoS0 | Self::Properties | Self::Large | Self::Fifty => QoS::AtMostOnce,
        }
    }

    fn properties(self) -> PropertiesBuf {
        let mut list = PropertiesBuf::new();
        let all = [
            Property::ContentType("application/json"),
            Property::ResponseTopic("rpc/reply/dash-7"),
            Property::CorrelationData(&[7; 16]),
            Property::UserProperty("trace", "00-4bf92f3577b34da6"),
            Property::UserProperty("tenant", "acme"),
        ];
        if let Self::Properties = self {
            for property in all {
                list.push(property).expect("short");
            }
        }
        list
    }

    fn parts(self) -> Parts {
        Parts { form: self, payload: vec![b'x'; self.payload_bytes()], properties: self.properties() }
    }

    fn frame(self) -> Vec<u8> {
        let parts = self.parts();
        let mut frame = Vec::new();
        for _ in 0..self.packets() {
            parts.publish().encode(Version::V5, &mut frame).expect("a good packet");
        }
        frame
    }
}

/// The parts that a packet borrows.
struct Parts {
    form: Form,
    payload: Vec<u8>,
    properties: PropertiesBuf,
}

impl Parts {
    fn publish(&self) -> Publish<'_> {
        let qos = self.form.qos();
        Publish {
            dup: false,
            qos,
            retain: false,
            topic: TOPIC,
            packet_id: (qos != QoS::AtMostOnce).then_some(PacketId::FIRST),
            properties: self.properties.as_properties(),
            payload: &self.payload,
        }
    }
}

fn main() {
    divan::main();
}

fn counters<'a, 'b>(bencher: Bencher<'a, 'b>, form: Form, frame: &[u8]) -> Bencher<'a, 'b> {
    bencher.counter(ItemsCount::new(form.packets())).counter(BytesCount::of_slice(frame))
}

/// As a client does it: the frame is copied into the decoder once, and packets borrow from there.
#[divan::bench(args = FORMS, sample_size = ITERATIONS)]
fn decode(bencher: Bencher<'_, '_>, form: Form) {
    let frame = form.frame();
    let mut decoder = Decoder::new(u32::MAX);
    let mut run = || {
        decoder.feed(black_box(&frame));
        let mut seen = 0;
        while let Some(located) = decoder.advance(Version::V5).expect("a good frame") {
            if let Packet::Publish(publish) = decoder.packet(&located, Version::V5).expect("a good packet") {
                seen += publish.topic.len() + publish.payload.len();
            }
        }
        seen
    };
    run();
    counters(bencher, form, &frame).bench_local(run);
}

/// Every property is looked at, as a handler does that asks for them.
#[divan::bench(args = [Form::Properties], sample_size = ITERATIONS)]
fn decode_and_read_properties(bencher: Bencher<'_, '_>, form: Form) {
    let frame = form.frame();
    counters(bencher, form, &frame).bench_local(|| match Packet::decode(black_box(&frame), Version::V5) {
        Ok(Packet::Publish(publish)) => publish.properties.iter().count(),
        other => panic!("{other:?}"),
    });
}

/// Into a buffer that is used again and again.
#[divan::bench(args = FORMS, sample_size = ITERATIONS)]
fn encode(bencher: Bencher<'_, '_>, form: Form) {
    let (parts, frame) = (form.parts(), form.frame());
    let mut out = Vec::new();
    let mut run = || {
        out.clear();
        for _ in 0..form.packets() {
            black_box(parts.publish()).encode(Version::V5, &mut out).expect("a good packet");
        }
        out.len()
    };
    run();
    counters(bencher, form, &frame).bench_local(run);
}

//! Deliveries of the broker, natively: one publisher to one subscriber and to fifty, at each
//! quality of service.
//!
//! `cargo bench --bench deliveries` prints the time of a delivery. With a row as its arguments, it
//! runs that row once for a profiler (`bench/README.md`). A row is its subscribers, its quality of
//! service and the messages of a read, as in `1 1 64`.
//!
//! The host of the broker is the program itself, without sockets.

use std::time::Instant;

use wasmqtt::broker::{Broker, BrokerOptions, Output, PeerId};
use wasmqtt::time::Time;

/// Subscribers, quality of service, and messages of a read.
const ROWS: [(usize, u8, usize); 9] =
    [(1, 0, 64), (1, 1, 64), (1, 2, 64), (50, 0, 64), (50, 1, 64), (50, 2, 64), (1, 0, 1), (1, 1, 1), (1, 2, 1)];

/// Deliveries of a row that are counted.
const DELIVERIES: usize = 12_800;

/// Payload of a message, in bytes.
const PAYLOAD: usize = 64;

/// Topics as a dashboard has them (`bench/lib/frames.js`).
const TOPICS: usize = 20;

fn main() {
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if let [subscribers, qos, read] = *arguments {
        let qos = u8::try_from(qos).expect("a quality of service");
        let mut bench = Bench::new(subscribers, qos, read);
        bench.run(2 * read * subscribers);
        return println!("{}", measured(&mut bench));
    }
    println!("subscribers  QoS  messages of a read  ns a delivery");
    for (subscribers, qos, read) in ROWS {
        let mut bench = Bench::new(subscribers, qos, read);
        let mut times: Vec<u128> = (0..20)
            .map(|_| {
                let began = Instant::now();
                let deliveries = measured(&mut bench);
                began.elapsed().as_nanos() / deliveries as u128
            })
            .collect();
        times.sort_unstable();
        println!("{subscribers:11}  {qos:3}  {read:18}  {:13}", times[times.len() / 2]);
    }
}

/// Runs the part of a row that counts, and returns its deliveries. A profiler finds it by name.
#[inline(never)]
fn measured(bench: &mut Bench) -> usize {
    bench.run(DELIVERIES)
}

/// A broker with its clients.
struct Bench {
    broker: Broker,
    publisher: PeerId,
    subscribers: usize,
    /// Reads of the publisher, which come again and again.
    reads: Vec<Vec<u8>>,
    messages: usize,
    /// Frames that the broker has sent, to be answered.
    frames: Vec<(PeerId, Vec<u8>)>,
    spare: Vec<Vec<u8>>,
    delivered: usize,
}

impl Bench {
    fn new(subscribers: usize, qos: u8, messages: usize) -> Self {
        let mut broker = Broker::new(BrokerOptions::default(), 7);
        let publisher = broker.accept(Time::ZERO);
        let mut bench = Self {
            broker,
            publisher,
            subscribers,
            reads: reads(qos, messages),
            messages,
            frames: Vec::new(),
            spare: Vec::new(),
            delivered: 0,
        };
        bench.send(publisher, &connect("publisher"));
        for number in 0..subscribers {
            let peer = bench.broker.accept(Time::ZERO);
            bench.send(peer, &connect(&format!("subscriber {number}")));
            bench.send(peer, &subscribe(qos));
        }
        bench.frames.clear();
        bench
    }

    /// Publishes until there were so many deliveries, all of them acknowledged.
    fn run(&mut self, deliveries: usize) -> usize {
        let reads = deliveries / self.messages / self.subscribers;
        let before = self.delivered;
        for number in 0..reads {
            let read = std::mem::take(&mut self.reads[number % TOPICS]);
            self.send(self.publisher, &read);
            self.reads[number % TOPICS] = read;
            self.answer_all();
        }
        let delivered = self.delivered - before;
        assert_eq!(delivered, reads * self.messages * self.subscribers, "every delivery, once");
        delivered
    }

    fn send(&mut self, peer: PeerId, bytes: &[u8]) {
        self.broker.handle_bytes(peer, bytes, Time::ZERO);
        while let Some(output) = self.broker.poll_output() {
            if let Output::Transmit(to, frame) = output {
                let mut bytes = self.spare.pop().unwrap_or_default();
                bytes.extend_from_slice(frame);
                self.frames.push((to, bytes));
            }
        }
    }

    /// Answers all frames, a read for each, until no more come.
    fn answer_all(&mut self) {
        let mut answer = Vec::new();
        while let Some((peer, mut frame)) = self.frames.pop() {
            answer.clear();
            self.delivered += answers(&frame, &mut answer);
            frame.clear();
            self.spare.push(frame);
            if !answer.is_empty() {
                self.send(peer, &answer);
            }
        }
    }
}

/// Appends the answers to the packets of a frame. Returns the number of PUBLISH packets.
fn answers(frame: &[u8], answer: &mut Vec<u8>) -> usize {
    let (mut rest, mut delivered) = (frame, 0);
    while let [first, len, ..] = *rest {
        // All packets of these rows have less than 128 bytes.
        let (packet, behind) = rest.split_at(2 + usize::from(len));
        rest = behind;
        let id = |at: usize| [packet[at], packet[at + 1]];
        match first >> 4 {
            3 => {
                delivered += 1;
                let at = 4 + usize::from(packet[3]);
                match first & 0x06 {
                    0x02 => answer.extend([0x40, 2].into_iter().chain(id(at))),
                    0x04 => answer.extend([0x50, 2].into_iter().chain(id(at))),
                    _ => {}
                }
            }
            5 => answer.extend([0x62, 2].into_iter().chain(id(2))),
            6 => answer.extend([0x70, 2].into_iter().chain(id(2))),
            _ => {}
        }
    }
    delivered
}

/// The reads of a publisher, one for each topic to begin with.
fn reads(qos: u8, messages: usize) -> Vec<Vec<u8>> {
    (0..TOPICS)
        .map(|first| {
            let mut read = Vec::new();
            for number in 0..messages {
                let id = u16::try_from(number + 1).expect("few");
                publish((first + number) % TOPICS, qos, id, &mut read);
            }
            read
        })
        .collect()
}

fn publish(number: usize, qos: u8, id: u16, out: &mut Vec<u8>) {
    let topic = format!("site-{}/room-{}/temperature", number % 4, 10 + number);
    let mut body = Vec::new();
    text(&topic, &mut body);
    if qos > 0 {
        body.extend(id.to_be_bytes());
    }
    body.resize(body.len() + PAYLOAD, 1);
    packet(0x30 | qos << 1, &body, out);
}

fn connect(name: &str) -> Vec<u8> {
    let mut body = b"\0\x04MQTT\x04\x02\0\0".to_vec();
    text(name, &mut body);
    let mut out = Vec::new();
    packet(0x10, &body, &mut out);
    out
}

fn subscribe(qos: u8) -> Vec<u8> {
    let mut body = b"\0\x01".to_vec();
    text("+/+/temperature", &mut body);
    body.push(qos);
    let mut out = Vec::new();
    packet(0x82, &body, &mut out);
    out
}

fn text(text: &str, out: &mut Vec<u8>) {
    out.extend(u16::try_from(text.len()).expect("short").to_be_bytes());
    out.extend(text.as_bytes());
}

fn packet(first: u8, body: &[u8], out: &mut Vec<u8>) {
    out.extend([first, u8::try_from(body.len()).expect("short")]);
    out.extend(body);
}

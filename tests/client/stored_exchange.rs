//! A client with a store against the broker: at any step its page may be gone, and the next client
//! goes on with the records.

use std::collections::BTreeMap;

use wasmqtt::broker::{self, Broker, BrokerOptions, PeerId};
use wasmqtt::client::{self, Attempt, Client, ClientOptions, HandlerId};
use wasmqtt::codec::{Decoder, Message, Packet, PropertiesBuf, Property, QoS, SubscriptionOptions, Version};
use wasmqtt::time::Time;
use wasmqtt::topic::{TopicFilter, TopicName};

use crate::support::client_disk::ClientDisk;
use crate::support::packets::properties;

const NOW: Time = Time::ZERO;
const UP: [(&str, QoS); 4] =
    [("up/1", QoS::ExactlyOnce), ("up/2", QoS::ExactlyOnce), ("up/3", QoS::AtLeastOnce), ("up/4", QoS::ExactlyOnce)];
const DOWN: [&str; 3] = ["down/1", "down/2", "down/3"];

/// How the first client ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Some of the batches that are out are written.
    Crash { written: usize },
    /// The page has a moment to hand out its last batch.
    Reload,
}

struct Exchange {
    version: Version,
    random: u64,
    broker: Broker,
    peer: Option<PeerId>,
    client: Client,
    attempt: Attempt,
    disk: ClientDisk,
    up: Vec<u8>,
    down: Vec<u8>,
    /// Messages that the broker has distributed.
    distributed: BTreeMap<String, usize>,
    /// Messages that the application has had, with the packet identifier of the last copy.
    heard: BTreeMap<String, (usize, u16)>,
    /// Identifiers of the PUBRECs that left.
    pubrecs: Vec<u16>,
    done: Vec<u64>,
}

fn message(topic: &str, qos: QoS) -> Message {
    Message { qos, ..Message::new(TopicName::parse(topic).expect(topic), *b"payload") }
}

fn client(version: Version) -> Client {
    let list = [Property::SessionExpiryInterval(1_000)];
    let list = if version == Version::V5 { properties(&list) } else { PropertiesBuf::new() };
    let mut client = Client::new(ClientOptions { version, properties: list, ..ClientOptions::new("c") });
    client.add_handler(&TopicFilter::parse("down/#").expect("a filter"), HandlerId(1));
    client
}

impl Exchange {
    fn new(version: Version, seed: u64) -> Self {
        let mut broker = Broker::new(BrokerOptions::default(), 1);
        let up = TopicFilter::parse("up/#").expect("a filter");
        broker.subscribe(&up, broker::HandlerId(1), SubscriptionOptions::default(), NOW).expect("it is not shared");
        let mut exchange = Self {
            version,
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            broker,
            peer: None,
            client: client(version),
            attempt: Attempt(0),
            disk: ClientDisk::default(),
            up: Vec::new(),
            down: Vec::new(),
            distributed: BTreeMap::new(),
            heard: BTreeMap::new(),
            pubrecs: Vec::new(),
            done: Vec::new(),
        };
        exchange.disk.restore(&mut exchange.client).expect("a new store");
        exchange.client.connect(NOW);
        let all = TopicFilter::parse("down/#").expect("a filter");
        let options = SubscriptionOptions { qos: QoS::ExactlyOnce, ..SubscriptionOptions::default() };
        exchange.client.subscribe(&[(all, options)], &PropertiesBuf::new(), NOW).expect("it waits");
        while exchange.step() {}
        for (topic, qos) in UP {
            exchange.client.publish(message(topic, qos), NOW).expect("there is room");
        }
        for topic in DOWN {
            exchange.broker.publish(message(topic, QoS::ExactlyOnce), NOW);
        }
        exchange
    }

    fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// Does one thing of those that can be done. False if there is none.
    fn step(&mut self) -> bool {
        let first = self.next_random();
        (0..5).any(|next| match (first + next) % 5 {
            0 => self.poll_client(),
            1 => self.poll_broker(),
            2 => {
                let bytes = std::mem::take(&mut self.up);
                let peer = self.peer.filter(|_| !bytes.is_empty());
                peer.map(|peer| self.broker.handle_bytes(peer, &bytes, NOW)).is_some()
            }
            3 => {
                let bytes = std::mem::take(&mut self.down);
                if !bytes.is_empty() {
                    self.client.handle_bytes(self.attempt, &bytes, NOW);
                }
                !bytes.is_empty()
            }
            _ => self.disk.write().map(|batch| self.client.handle_stored(batch, NOW)).is_some(),
        })
    }

    fn poll_client(&mut self) -> bool {
        let Some(output) = self.client.poll_output() else { return false };
        match output {
            client::Output::Transmit(bytes) => {
                self.up.extend_from_slice(bytes);
                let pubrecs = pubrecs(bytes, self.version);
                self.pubrecs.extend(pubrecs);
            }
            client::Output::Message(incoming) => {
                let heard = self.heard.entry(incoming.publish.topic.to_owned()).or_default();
                heard.0 += 1;
                heard.1 = incoming.publish.packet_id.map_or(0, wasmqtt::codec::PacketId::get);
            }
            client::Output::Store(id, batch) => self.disk.take(id, batch),
            client::Output::Open { attempt, .. } => {
                self.attempt = attempt;
                self.peer = Some(self.broker.accept(NOW));
                self.client.handle_open(attempt, NOW);
            }
            client::Output::Done(request, result) => {
                result.expect("the broker takes all");
                self.done.push(request.0);
            }
            client::Output::Connected(_) => {}
            other => panic!("{other:?}"),
        }
        true
    }

    fn poll_broker(&mut self) -> bool {
        let Some(output) = self.broker.poll_output() else { return false };
        match output {
            broker::Output::Transmit(_, bytes) => self.down.extend_from_slice(bytes),
            broker::Output::Message(told) => {
                *self.distributed.entry(told.message.topic.as_str().to_owned()).or_default() += 1;
            }
            broker::Output::Close(_) => self.peer = None,
            _ => {}
        }
        true
    }

    /// The page is gone, and the next one goes on. Returns the records that it found.
    fn end(&mut self, end: End) -> ClientDisk {
        match end {
            End::Crash { written } => self.disk.crash(written),
            End::Reload => {
                self.client.save(NOW);
                while let Some(output) = self.client.poll_transmit() {
                    if let client::Output::Store(id, batch) = output {
                        self.disk.take(id, batch);
                    }
                }
                self.disk.crash(self.disk.out.len());
            }
        }
        self.up.clear();
        if let Some(peer) = self.peer.take() {
            self.broker.handle_closed(peer, NOW);
        }
        while self.poll_broker() {}
        self.down.clear();
        self.client = client(self.version);
        self.disk.clone()
    }
}

fn pubrecs(bytes: &[u8], version: Version) -> Vec<u16> {
    let mut decoder = Decoder::new(u32::MAX);
    decoder.feed(bytes);
    let mut ids = Vec::new();
    while let Some(located) = decoder.advance(version).expect("well formed") {
        if let Packet::Pubrec(ack) = decoder.packet(&located, version).expect("well formed") {
            ids.push(ack.packet_id.get());
        }
    }
    ids
}

/// True if the records have the message of this topic.
fn has_message(records: &BTreeMap<Vec<u8>, Vec<u8>>, topic: &str) -> bool {
    records.iter().any(|(key, value)| key[0] == b'M' && value.windows(topic.len()).any(|part| part == topic.as_bytes()))
}

/// Runs so many steps before the end of the first client. False if all was over before.
fn run(version: Version, seed: u64, steps: usize, end: End) -> bool {
    let case = format!("{version:?}, seed {seed}, {steps} steps, {end:?}");
    let mut exchange = Exchange::new(version, seed);
    for _ in 0..steps {
        if !exchange.step() {
            return false;
        }
    }
    let (distributed, heard, pubrecs) =
        (exchange.distributed.clone(), exchange.heard.clone(), exchange.pubrecs.clone());
    let found = exchange.end(end);
    let first = exchange.disk.restore(&mut exchange.client).unwrap_or_else(|error| panic!("{case}: {error}"));
    exchange.done.clear();
    let restored = exchange.client.queued() + exchange.client.in_flight();
    exchange.client.connect(NOW);
    while exchange.step() {}

    for (topic, qos) in UP {
        let count = exchange.distributed.get(topic).copied().unwrap_or(0);
        let is_kept = has_message(&found.records, topic) || distributed.contains_key(topic);
        assert!(count >= usize::from(is_kept), "{case}: {topic} is lost");
        assert!(count <= 1 || qos == QoS::AtLeastOnce, "{case}: {topic} came {count} times");
    }
    for topic in DOWN {
        let (count, _) = exchange.heard.get(topic).copied().unwrap_or_default();
        let (before, packet_id) = heard.get(topic).copied().unwrap_or_default();
        assert!(count >= 1, "{case}: {topic} is lost");
        let may_repeat = before == 1 && end != End::Reload && !pubrecs.contains(&packet_id);
        assert!(count == 1 || may_repeat && count == 2, "{case}: {topic} came {count} times");
    }
    assert!(exchange.done.iter().all(|number| *number < first.0), "{case}: {:?}", exchange.done);
    assert_eq!(exchange.done.len(), restored, "{case}");
    assert_eq!((exchange.client.queued(), exchange.client.in_flight()), (0, 0), "{case}");
    assert_eq!(exchange.disk.kinds(), "FI", "{case}");
    assert!(exchange.client.is_stored(), "{case}");
    true
}

#[test]
fn qos2_is_once_both_ways_over_a_crash_at_any_step() {
    for version in [Version::V5, Version::V3_1_1] {
        for seed in 0..12 {
            for written in 0..2 {
                let mut steps = 0;
                while run(version, seed, steps, End::Crash { written }) {
                    steps += 1;
                }
                assert!(steps > 20, "{steps} steps are no exchange");
            }
        }
    }
}

#[test]
fn qos2_is_heard_once_over_a_reload_at_any_step() {
    for version in [Version::V5, Version::V3_1_1] {
        for seed in 0..12 {
            let mut steps = 0;
            while run(version, seed, steps, End::Reload) {
                steps += 1;
            }
        }
    }
}

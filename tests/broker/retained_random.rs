//! Retained messages for a new subscription, at random: publishers meanwhile, cuts, restarts,
//! connections that stop. Every topic that was retained comes, at that value or a newer one.

use std::collections::{BTreeMap, BTreeSet};

use wasmqtt::broker::{Answer, Asks, BrokerOptions, PeerId, QueueOverflow};
use wasmqtt::codec::{Message, Packet, Properties, QoS, Subscribe, Subscription, SubscriptionOptions};

use super::chaos::Dice;
use super::reader::{Heard, Reader};
use super::retained::retain;
use super::store::{expiry, keeping, restart, stored_with};
use crate::support::packets::{QOS, V4, V5, id, message};
use crate::support::scenario::Scenario;

const TOPICS: usize = 60;

fn topic(number: usize) -> String {
    format!("{}/{number:02}", ["a", "b"][number % 2])
}

/// A broker, its one client, and what each topic has had: payloads are numbers that grow.
struct Scene {
    scenario: Scenario,
    peer: PeerId,
    reader: Reader,
    dice: Dice,
    qos: QoS,
    /// The retained message of each topic, by its number, now and when the client subscribed.
    retained: BTreeMap<String, usize>,
    at_first: BTreeMap<String, usize>,
    heard: Heard,
    last: usize,
    /// A live message may have been lost, as live messages may be.
    has_lost: bool,
    /// The client is not there.
    is_away: bool,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let asks = Asks { receive: dice.roll(4) == 0, ..Asks::default() };
        let options = BrokerOptions {
            asks,
            in_flight_max: u16::try_from(1 + dice.roll(6)).expect("small").try_into().expect("not 0"),
            queue_messages: dice.pick(&[2, 8, 1_000]),
            // Which drops too what waits for the host's word.
            queue_overflow: if !asks.receive && dice.is() {
                QueueOverflow::DropOldest
            } else {
                QueueOverflow::DropNewest
            },
            transmit_bytes_max: dice.pick(&[40, 1 << 20]),
            ..BrokerOptions::default()
        };
        let mut scenario = stored_with(options);
        let version = dice.pick(&[V4, V5]);
        let expiry = expiry(1_000_000);
        let peer = scenario.join_with(&keeping(version, "client", &expiry));
        let qos = dice.pick(&QOS);
        let (retained, at_first) = (BTreeMap::new(), BTreeMap::new());
        let (reader, heard) = (Reader::default(), Vec::new());
        Self { scenario, peer, reader, dice, qos, retained, at_first, heard, last: 0, has_lost: false, is_away: false }
    }

    fn publish(&mut self, retained: bool) {
        self.last += 1;
        let topic = topic(self.dice.roll(TOPICS));
        if retained {
            retain(&mut self.scenario, &topic, &self.last.to_string(), self.qos);
            self.retained.insert(topic, self.last);
        } else {
            self.scenario
                .broker
                .publish(Message { qos: self.qos, ..message(&topic, &self.last.to_string()) }, self.scenario.now);
            self.scenario.drain();
        }
    }

    fn subscribe(&mut self) {
        let options = SubscriptionOptions { qos: self.qos, ..Default::default() };
        let subscriptions = [Subscription { filter: "a/#", options }, Subscription { filter: "+/+", options }];
        let subscriptions = subscriptions[self.dice.roll(2)..].to_vec();
        let subscribe = Subscribe { packet_id: id(100), properties: Properties::EMPTY, subscriptions };
        self.scenario.send(self.peer, &Packet::Subscribe(subscribe));
        self.at_first.clone_from(&self.retained);
    }

    fn read(&mut self) {
        self.heard.extend(self.reader.read(&mut self.scenario, self.peer));
    }

    fn answer(&mut self) {
        let count = self.dice.roll(self.scenario.asked.len() + 1);
        for (question, _) in self.scenario.asked.drain(..count).collect::<Vec<_>>() {
            self.scenario.answer_to(question, Answer::Allow);
        }
    }

    fn leave(&mut self) {
        if self.qos != QoS::AtMostOnce && !self.is_away {
            self.read();
            self.scenario.cut(self.peer);
            self.is_away = true;
        }
    }

    fn come_back(&mut self) {
        if self.is_away {
            let expiry = expiry(1_000_000);
            self.peer = self.scenario.connect(&keeping(self.scenario.version(self.peer), "client", &expiry));
            self.is_away = false;
        }
    }

    fn step(&mut self) {
        match self.dice.roll(16) {
            0..=2 => self.publish(true),
            3 | 4 => self.publish(false),
            5..=8 if !self.is_away => self.read(),
            9 | 10 => self.answer(),
            11 if !self.is_away => {
                let writable = self.dice.is();
                self.scenario.writable(self.peer, writable);
            }
            12 => self.leave(),
            13 => {
                self.leave();
                if self.is_away && self.dice.is() {
                    self.scenario.asked.clear();
                    restart(&mut self.scenario, 1);
                }
            }
            14 => self.come_back(),
            _ => {
                let (topic, qos) = (topic(self.dice.roll(TOPICS)), self.qos);
                // A topic that is forgotten need not come.
                if self.dice.roll(4) == 0 {
                    retain(&mut self.scenario, &topic, "", qos);
                    self.retained.remove(&topic);
                    self.at_first.remove(&topic);
                }
            }
        }
        self.has_lost |= self.scenario.broker.counters().dropped > 0;
    }

    fn finish(&mut self) {
        self.come_back();
        self.scenario.writable(self.peer, true);
        loop {
            let before = (self.scenario.frames(self.peer), self.scenario.asked.len());
            self.read();
            while !self.scenario.asked.is_empty() {
                self.scenario.answer(Answer::Allow);
            }
            if before == (self.scenario.frames(self.peer), 0) {
                return;
            }
        }
    }

    fn check(&self, seed: u64) {
        for (topic, first) in &self.at_first {
            let values = self.heard.iter().filter(|(name, ..)| name == topic);
            let values: Vec<usize> = values.filter_map(|(_, payload, _)| payload.parse().ok()).collect();
            // The oldest that a full queue gives up may be what went ahead of a live message, and
            // that message.
            let may_miss = self.has_lost && self.scenario.broker.options().queue_overflow == QueueOverflow::DropOldest;
            let is_there = values.iter().any(|value| value >= first);
            assert!(may_miss || is_there, "seed {seed}: {topic}={first} is lost: {values:?}");
            // Overlapping subscriptions bring a value once each.
            assert!(values.is_sorted(), "seed {seed}: {topic} is out of order: {values:?}");
        }
        let mut known = BTreeSet::new();
        for (topic, payload, _) in &self.heard {
            let is_live = payload.parse().is_ok_and(|number: usize| number > TOPICS);
            let is_again = is_live && !known.insert(payload);
            assert!(self.has_lost || !is_again, "seed {seed}: {topic}={payload} came again");
        }
    }
}

fn run(seed: u64) {
    let mut scene = Scene::new(seed);
    for _ in 0..TOPICS {
        scene.publish(true);
    }
    scene.subscribe();
    for _ in 0..120 {
        scene.step();
    }
    scene.finish();
    scene.check(seed);
}

/// [MQTT-3.3.1-9], [MQTT-4.6.0-5].
#[test]
fn nothing_that_is_retained_is_lost_and_nothing_comes_out_of_order() {
    let count = std::env::var("SEEDS").map_or(400, |count| count.parse().expect("a number"));
    for seed in 1..=count {
        let result = std::panic::catch_unwind(|| run(seed));
        assert!(result.is_ok(), "seed {seed}");
    }
}

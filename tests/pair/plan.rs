//! A plan: actions of clients and the net in a random run, and the run itself.

use std::num::NonZeroU16;

use proptest::prelude::*;
use wasmqtt::broker::BrokerOptions;
use wasmqtt::client::{ClientOptions, RequestId};
use wasmqtt::codec::{Message, QoS, ReasonCode};

use super::acts::{keeping, message, with_will};
use super::connection::{Break, Direction};
use super::net::Net;
use super::pipe::Weather;
use crate::support::packets::{BOTH, QOS, V5};

/// The nodes that suffer, by their number; the one after them watches and is never cut.
pub(crate) const NODES: usize = 3;
pub(crate) const WATCHER: usize = NODES;
pub(crate) const NAMES: [&str; NODES] = ["ann", "bob", "cid"];
/// Each node subscribes to all of `t/#` with a quality of service of its own.
pub(crate) const GRANTED: [QoS; NODES] = [QoS::ExactlyOnce, QoS::AtLeastOnce, QoS::AtMostOnce];
/// The nodes that share `job/+`; they never leave.
pub(crate) const CREW: [usize; 2] = [0, 1];
/// The node that may leave for good.
const LEAVER: usize = 2;

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The seed of the net's latencies and splits, and of the broker.
    pub(crate) seed: u64,
    pub(crate) speaks_v5: [bool; NODES],
    /// True if the broker has a store, and crashes.
    pub(crate) is_stored: bool,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Publish {
        node: usize,
        topic: &'static str,
        qos: QoS,
    },
    /// The node's own retained state.
    Retain {
        node: usize,
    },
    /// Requests that do not outlive a connection.
    SubscribeAndUnsubscribe {
        node: usize,
    },
    Break {
        node: usize,
        how: Break,
    },
    /// The broker's host ends a connection.
    Dismiss {
        node: usize,
    },
    Leave,
    /// The broker crashes, if it has a store, with or without the batch that is out.
    Crash {
        is_written: bool,
    },
    Run {
        milliseconds: u64,
    },
}

/// A message that a client took on.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) node: usize,
    pub(crate) topic: String,
    pub(crate) qos: QoS,
    pub(crate) payload: String,
    pub(crate) request: RequestId,
}

pub(crate) struct Run {
    pub(crate) net: Net,
    pub(crate) sent: Vec<Sent>,
    /// All requests that were taken on, by node.
    pub(crate) requests: Vec<Vec<RequestId>>,
    pub(crate) has_left: [bool; NODES],
}

pub(crate) fn plans(is_stored: bool) -> impl Strategy<Value = Plan> {
    (any::<u64>(), any::<[bool; NODES]>(), prop::collection::vec(step(), 1..120))
        .prop_map(move |(seed, speaks_v5, steps)| Plan { seed, speaks_v5, is_stored, steps })
}

fn step() -> impl Strategy<Value = Step> {
    let topic = prop::sample::select(vec!["t/0", "t/1", "job/x", "job/y"]);
    let node = 0..NODES;
    prop_oneof![
        40 => (node.clone(), topic, prop::sample::select(QOS.to_vec()))
            .prop_map(|(node, topic, qos)| Step::Publish { node, topic, qos }),
        5 => node.clone().prop_map(|node| Step::Retain { node }),
        5 => node.clone().prop_map(|node| Step::SubscribeAndUnsubscribe { node }),
        20 => (node.clone(), a_break()).prop_map(|(node, how)| Step::Break { node, how }),
        2 => node.prop_map(|node| Step::Dismiss { node }),
        1 => Just(Step::Leave),
        5 => any::<bool>().prop_map(|is_written| Step::Crash { is_written }),
        30 => (0..150_u64).prop_map(|milliseconds| Step::Run { milliseconds }),
        5 => (0..20_000_u64).prop_map(|milliseconds| Step::Run { milliseconds }),
    ]
}

fn a_break() -> impl Strategy<Value = Break> {
    // Who is told late comes back late; a broker that is told later than that is half open, and the
    // session taken over.
    let told = || prop_oneof![3 => (0..3_000_u64).prop_map(Some), 1 => Just(None)];
    let direction = prop_oneof![Just(Direction::Up), Just(Direction::Down)];
    (direction, 0..120_usize, 0..60_usize, told(), told()).prop_map(
        |(direction, after, other, client_learns, broker_learns)| Break {
            direction,
            after,
            other,
            client_learns,
            broker_learns,
        },
    )
}

impl Plan {
    pub(crate) fn run(&self) -> Run {
        let weather = Weather { latency: 10, jitter: 15, splits: true };
        let options = BrokerOptions {
            // Small, so that quotas and queues matter.
            receive_maximum: NonZeroU16::new(5).expect("not 0"),
            in_flight_max: NonZeroU16::new(4).expect("not 0"),
            events: true,
            ..BrokerOptions::default()
        };
        let mut run = Run {
            net: Net::new(options, weather, self.seed),
            sent: Vec::new(),
            requests: vec![Vec::new(); NODES],
            has_left: [false; NODES],
        };
        if self.is_stored {
            run.net.store();
        }
        run.gather(self.speaks_v5);
        for step in &self.steps {
            run.step(step);
        }
        // Calm: silent links are found out, hosts open anew, and everything that is owed arrives.
        run.net.calm();
        run.net.run(120_000);
        run
    }
}

impl Run {
    fn gather(&mut self, speaks_v5: [bool; NODES]) {
        for node in 0..NODES {
            let version = BOTH[usize::from(speaks_v5[node])];
            let options = ClientOptions { keep_alive: 10, receive_maximum: 3, ..with_will(version, NAMES[node]) };
            self.net.add(options, Some(50));
            self.net.run(200);
            self.net.subscribed(node, "t/#", GRANTED[node]);
        }
        for node in CREW {
            self.net.subscribed(node, "$share/crew/job/+", QoS::ExactlyOnce);
        }
        let patience = self.net.disk.is_some().then_some(50);
        self.net.add(keeping(V5, "watcher"), patience);
        self.net.run(200);
        self.net.subscribed(WATCHER, "will/+", QoS::ExactlyOnce);
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Publish { node, topic, qos } => self.publish(node, Message { qos, ..message(topic, "") }),
            Step::Retain { node } => {
                let qos = [QoS::AtLeastOnce, QoS::ExactlyOnce][node % 2];
                let message = message(&format!("state/{}", NAMES[node]), "");
                self.publish(node, Message { qos, retain: true, ..message });
            }
            Step::SubscribeAndUnsubscribe { node } => {
                let requests = [self.net.subscribe(node, "x/+", QoS::AtMostOnce), self.net.unsubscribe(node, "x/+")];
                self.requests[node].extend(requests.into_iter().flatten());
            }
            Step::Break { node, how } => {
                self.net.break_link(node, how);
            }
            Step::Dismiss { node } => {
                if self.net.is_connected(node) {
                    self.net.dismiss(node, ReasonCode::AdministrativeAction);
                }
            }
            Step::Leave => {
                self.has_left[LEAVER] = true;
                self.net.leave(LEAVER);
            }
            Step::Crash { is_written } => {
                if self.net.disk.is_some() {
                    self.net.crash(is_written);
                }
            }
            Step::Run { milliseconds } => self.net.run(milliseconds),
        }
    }

    /// Publishes with a payload that nothing else has and that grows with each message; without a
    /// connection, QoS 0 is the caller's mistake.
    fn publish(&mut self, node: usize, message: Message) {
        let payload = format!("{} {:04}", NAMES[node], self.sent.len());
        let (topic, qos) = (message.topic.as_str().to_owned(), message.qos);
        let message = Message { payload: payload.as_bytes().into(), ..message };
        if let Ok(request) = self.net.publish_message(node, message) {
            self.requests[node].push(request);
            self.sent.push(Sent { node, topic, qos, payload, request });
        }
    }

    /// True if the broker has said that it has the message.
    pub(crate) fn is_acknowledged(&self, sent: &Sent) -> bool {
        sent.qos != QoS::AtMostOnce && matches!(self.net.nodes[sent.node].end(sent.request), Some(Ok(_)))
    }
}

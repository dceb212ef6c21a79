//! A host of the broker that measures how long an innocent client waits for PINGRESP.
//!
//! The ping is always there when the hostile input begins, so its wait is the worst one. It has the
//! whole of that input and of its outputs, and all turns up to the answer.

use std::collections::HashMap;
use std::time::Duration;

use wasmqtt::broker::{BatchId, Broker, BrokerOptions, Memory, Output, PeerId};
use wasmqtt::codec::{PINGREQ, PINGRESP};
use wasmqtt::time::Time;

use crate::{clock, packets};

/// Bytes that a socket gives at once.
pub(crate) const CHUNK: usize = 64 * 1024;

/// A broker with an innocent client, and the figures of a row.
pub(crate) struct Lab {
    pub(crate) broker: Broker,
    innocent: PeerId,
    now: Time,
    is_answered: bool,
    /// The batch to be written, if one is out.
    batch: Option<BatchId>,
    /// The records of the store, as far as they are kept.
    pub(crate) records: Option<HashMap<Vec<u8>, Vec<u8>>>,
    report: Report,
}

/// The figures of a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Report {
    pub(crate) wait: Duration,
    /// Work of the longest turn.
    pub(crate) steps: usize,
    pub(crate) turns: usize,
    pub(crate) batch_bytes_max: usize,
    /// Hostile bytes that were measured.
    pub(crate) bytes_in: usize,
    /// The most memory that was held for peers, in bytes, and its limit.
    pub(crate) memory: Memory,
}

impl Lab {
    pub(crate) fn new(options: BrokerOptions) -> Self {
        Self::of(Broker::new(options, 7))
    }

    /// A lab with a store.
    pub(crate) fn with_store(options: BrokerOptions) -> Self {
        let mut broker = Broker::new(options, 7);
        broker.restore([], Time::ZERO).expect("an empty store");
        Self::of(broker)
    }

    pub(crate) fn of(mut broker: Broker) -> Self {
        let innocent = broker.accept(Time::ZERO);
        let mut lab = Self {
            broker,
            innocent,
            now: Time::ZERO,
            is_answered: false,
            batch: None,
            records: None,
            report: Report::default(),
        };
        lab.send(innocent, &packets::connect("innocent", false, 0));
        lab
    }

    /// Connects a client whose session outlives its connection.
    pub(crate) fn join(&mut self, name: &str) -> PeerId {
        let peer = self.open();
        self.send(peer, &packets::connect(name, false, u32::MAX));
        peer
    }

    /// Accepts a connection.
    pub(crate) fn open(&mut self) -> PeerId {
        self.broker.accept(self.now)
    }

    /// Hands over bytes, and does all that comes of them, unmeasured.
    pub(crate) fn send(&mut self, peer: PeerId, bytes: &[u8]) {
        self.broker.handle_bytes(peer, bytes, self.now);
        self.settle();
    }

    /// Closes a connection, unmeasured.
    pub(crate) fn leave(&mut self, peer: PeerId) {
        self.broker.handle_closed(peer, self.now);
        self.settle();
    }

    /// Does all that is due, unmeasured.
    pub(crate) fn settle(&mut self) {
        self.drain();
        while self.go_on() {}
    }

    /// Lets time pass. Nothing is done in it.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// Hands over hostile bytes in chunks, and measures each ping beside them, and beside the work
    /// that is left.
    pub(crate) fn attack(&mut self, peer: PeerId, bytes: &[u8]) {
        for chunk in bytes.chunks(CHUNK) {
            self.report.bytes_in += chunk.len();
            self.measure(|broker, now| _ = broker.handle_bytes(peer, chunk, now));
        }
    }

    /// Closes a connection, measured.
    pub(crate) fn attack_by_leaving(&mut self, peer: PeerId) {
        self.measure(|broker, now| broker.handle_closed(peer, now));
    }

    /// Measures the ping beside a call.
    pub(crate) fn measure(&mut self, call: impl FnOnce(&mut Broker, Time)) {
        self.measure_task(|lab| {
            call(&mut lab.broker, lab.now);
            lab.drain();
            true
        });
    }

    /// Measures the ping beside all work that is left.
    pub(crate) fn attack_until_idle(&mut self) {
        let mut is_busy = true;
        while is_busy {
            is_busy = self.measure_task(Self::go_on);
        }
    }

    /// Measures a task of the host with a ping behind it. Returns what the task returns.
    fn measure_task(&mut self, task: impl FnOnce(&mut Self) -> bool) -> bool {
        self.is_answered = false;
        let begin = clock::now();
        let result = task(self);
        self.broker.handle_bytes(self.innocent, &PINGREQ, self.now);
        self.drain();
        while !self.is_answered {
            assert!(self.go_on(), "the ping is never answered");
        }
        let wait = clock::now().saturating_sub(begin);
        self.report.wait = self.report.wait.max(wait);
        self.report.turns += 1;
        result
    }

    /// Ends the row.
    pub(crate) fn report(mut self) -> Report {
        self.attack_until_idle();
        self.report.steps = self.broker.longest_turn();
        self.report.memory = self.broker.counters().memory;
        self.report
    }

    /// Adds a wait that was measured beside the lab.
    pub(crate) fn note_wait(&mut self, wait: Duration) {
        self.report.wait = self.report.wait.max(wait);
    }

    /// Does the next task of the host, if there is one.
    pub(crate) fn go_on(&mut self) -> bool {
        if let Some(batch) = self.batch.take() {
            self.broker.handle_stored(batch, self.now);
        } else if self.broker.next_deadline().is_some_and(|at| at <= self.now) {
            self.broker.handle_timeout(self.now);
        } else {
            return false;
        }
        self.drain();
        true
    }

    fn drain(&mut self) {
        while let Some(output) = self.broker.poll_output() {
            match output {
                Output::Transmit(peer, frame) => {
                    self.is_answered |= peer == self.innocent && frame.ends_with(&PINGRESP);
                }
                Output::Store(id, batch) => {
                    self.batch = Some(id);
                    self.report.batch_bytes_max = self.report.batch_bytes_max.max(batch.as_bytes().len());
                    if let Some(records) = &mut self.records {
                        for (key, value) in batch.changes() {
                            match value {
                                Some(value) => _ = records.insert(key.to_vec(), value.to_vec()),
                                None => _ = records.remove(key),
                            }
                        }
                    }
                }
                Output::Close(_) | Output::Ask { .. } | Output::Resume(_) | Output::Message(_) | Output::Event(_) => {}
            }
        }
    }
}

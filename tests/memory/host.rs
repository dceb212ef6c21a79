//! A host that keeps nothing of its own for a broker's peers.

use std::time::Duration;

use wasmqtt::broker::{BatchId, Broker, BrokerOptions, Gauges, Output, PeerId};
use wasmqtt::codec::{
    Connect, Packet, PacketId, Properties, Publish, QoS, Subscribe, Subscription, SubscriptionOptions,
};
use wasmqtt::time::Time;

use crate::support::packets::{V5, id, lasting};

/// The last bytes that a peer was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) frames: usize,
    pub(crate) bytes: usize,
    /// The first 8 bytes of the last frame.
    pub(crate) last: [u8; 8],
    pub(crate) is_closed: bool,
}

pub(crate) struct Host {
    pub(crate) broker: Broker,
    pub(crate) now: Time,
    heard: Vec<(PeerId, Heard)>,
    /// The batch that is out, while the store does not write.
    pub(crate) batch: Option<BatchId>,
    pub(crate) store_waits: bool,
    /// False if frames stay in the broker.
    pub(crate) drains: bool,
    pub(crate) questions: usize,
}

impl Host {
    pub(crate) fn new(options: BrokerOptions) -> Self {
        let broker = Broker::new(options, 7);
        Self {
            broker,
            now: Time::ZERO,
            heard: Vec::with_capacity(20_000),
            batch: None,
            store_waits: false,
            drains: true,
            questions: 0,
        }
    }

    pub(crate) fn gauges(&self) -> Gauges {
        self.broker.gauges(self.now)
    }

    pub(crate) fn open(&mut self) -> PeerId {
        let peer = self.broker.accept(self.now);
        self.heard.push((peer, Heard::default()));
        peer
    }

    pub(crate) fn heard(&self, peer: PeerId) -> Heard {
        self.heard.iter().rev().find(|(other, _)| *other == peer).map(|(_, heard)| *heard).expect("opened here")
    }

    pub(crate) fn bytes(&mut self, peer: PeerId, bytes: &[u8]) -> bool {
        let may_follow = self.broker.handle_bytes(peer, bytes, self.now);
        self.drain();
        may_follow
    }

    pub(crate) fn bytes_heard(&mut self, peer: PeerId, bytes: &[u8]) -> Heard {
        self.bytes(peer, bytes);
        self.heard(peer)
    }

    pub(crate) fn send(&mut self, peer: PeerId, packet: &Packet<'_>) -> Heard {
        self.bytes(peer, &encoded(packet));
        self.heard(peer)
    }

    /// A session that outlives its connections.
    pub(crate) fn join(&mut self, client_id: &str) -> PeerId {
        self.join_with(&lasting(V5, client_id))
    }

    pub(crate) fn join_with(&mut self, connect: &Connect<'_>) -> PeerId {
        let peer = self.open();
        let mut bytes = Vec::new();
        Packet::Connect(Box::new(connect.clone())).encode(connect.version, &mut bytes).expect("a good packet");
        self.bytes(peer, &bytes);
        peer
    }

    pub(crate) fn subscribe(&mut self, peer: PeerId, filters: &[&str], qos: QoS) -> Heard {
        let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
        let subscriptions = filters.iter().map(|filter| Subscription { filter, options }).collect();
        let packet = Subscribe { packet_id: id(100), properties: Properties::EMPTY, subscriptions };
        self.send(peer, &Packet::Subscribe(packet))
    }

    pub(crate) fn publish(&mut self, peer: PeerId, publish: Publish<'_>) -> Heard {
        self.send(peer, &Packet::Publish(publish))
    }

    pub(crate) fn cut(&mut self, peer: PeerId) {
        self.broker.handle_closed(peer, self.now);
        self.drain();
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.broker.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.broker.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(crate) fn drain(&mut self) {
        if !self.drains {
            return;
        }
        loop {
            let mut stored = None;
            let Some(output) = self.broker.poll_output() else { break };
            match output {
                Output::Transmit(peer, bytes) => {
                    if let Some((_, heard)) = self.heard.iter_mut().rev().find(|(other, _)| *other == peer) {
                        heard.frames += 1;
                        heard.bytes += bytes.len();
                        let len = bytes.len().min(8);
                        heard.last = [0; 8];
                        heard.last[..len].copy_from_slice(&bytes[..len]);
                    }
                }
                Output::Close(peer) => {
                    if let Some((_, heard)) = self.heard.iter_mut().rev().find(|(other, _)| *other == peer) {
                        heard.is_closed = true;
                    }
                }
                Output::Store(batch, _) if self.store_waits => self.batch = Some(batch),
                Output::Store(batch, _) => stored = Some(batch),
                Output::Ask { .. } => self.questions += 1,
                Output::Resume(_) | Output::Message(_) | Output::Event(_) => {}
            }
            if let Some(batch) = stored {
                self.broker.handle_stored(batch, self.now);
            }
        }
    }

    /// The store writes the batch that is out, and those that follow.
    pub(crate) fn store(&mut self) {
        self.store_waits = false;
        if let Some(batch) = self.batch.take() {
            self.broker.handle_stored(batch, self.now);
        }
        self.drain();
    }
}

pub(crate) fn encoded(packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(V5, &mut bytes).expect("a good packet");
    bytes
}

/// A PUBLISH with a payload of so many bytes.
pub(crate) fn publish<'a>(topic: &'a str, payload: &'a [u8], qos: QoS, packet_id: u16) -> Publish<'a> {
    let packet_id = PacketId::new(packet_id).filter(|_| qos != QoS::AtMostOnce);
    Publish { dup: false, qos, retain: false, topic, packet_id, properties: Properties::EMPTY, payload }
}

/// No peers before the first step.
pub(crate) fn none(_: &mut Host) -> Vec<PeerId> {
    Vec::new()
}

/// A publisher, and so many subscribers of `t` that are away.
pub(crate) fn sleepers(count: usize) -> impl FnMut(&mut Host) -> Vec<PeerId> {
    move |host| {
        let publisher = host.join("publisher");
        for number in 0..count {
            let peer = host.join(&format!("sleeper{number}"));
            host.subscribe(peer, &["t/#"], QoS::AtLeastOnce);
            host.cut(peer);
        }
        vec![publisher]
    }
}

/// A publisher, and so many subscribers of `t` that acknowledge nothing.
pub(crate) fn readers(count: usize) -> impl FnMut(&mut Host) -> Vec<PeerId> {
    move |host| {
        let mut peers = vec![host.join("publisher")];
        for number in 0..count {
            let peer = host.join(&format!("reader{number}"));
            host.subscribe(peer, &["t/#"], QoS::AtLeastOnce);
            peers.push(peer);
        }
        peers
    }
}

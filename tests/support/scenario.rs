//! A broker and scripted clients in virtual time: bytes both ways, and each packet for a client as
//! a line of text.

use std::collections::BTreeMap;
use std::time::Duration;

use wasmqtt::broker::{Answer, Broker, BrokerOptions, Event, HandlerId, Output, PeerId, Question, QuestionId};
use wasmqtt::codec::{
    Ack, Connect, Decoder, Disconnect, Message, Packet, Properties, PropertiesBuf, Property, Publish, QoS, ReasonCode,
    Subscribe, Subscription, SubscriptionOptions, Unsubscribe, Version,
};
use wasmqtt::time::Time;
use wasmqtt::topic::TopicFilter;

use crate::support::disk::Disk;
use crate::support::packets::{connect, id, properties, publish};
use crate::support::subscriber_wire::{SubscriberWire, Unfinished};
use crate::support::transcript::{host_message, reason_string, text};

/// Bytes that a transport reads at a time.
pub(crate) const CHUNK_BYTES: usize = 1_000;

/// Most calls of the broker at one moment, and in one wait. More are a broker that always wants to
/// be called again.
const CALLS_MAX: usize = 100_000;

pub(crate) struct Scenario {
    pub(crate) broker: Broker,
    pub(crate) now: Time,
    pub(crate) events: Vec<Event>,
    /// Messages for the host as a subscriber.
    host_messages: Vec<String>,
    /// Questions of the broker since the last look, in order.
    pub(crate) asked: Vec<(QuestionId, Question)>,
    /// The transports take one frame each time that they are made writable.
    pub(crate) stop_after_frame: bool,
    /// The transports are not read while the broker wants them not to be.
    pub(crate) pauses: bool,
    /// Bytes of all frames that the clients have had.
    pub(crate) heard_bytes: u64,
    /// The broker's store; if `disk_waits`, batches stay on their way to it.
    pub(crate) disk: Disk,
    pub(crate) disk_waits: bool,
    clients: BTreeMap<PeerId, ClientEnd>,
    unfinished: Unfinished,
    /// Those that are to be read again.
    resumed: Vec<PeerId>,
}

/// One client's end of its connection.
#[expect(clippy::struct_excessive_bools, reason = "facts, each on its own")]
struct ClientEnd {
    version: Version,
    decoder: Decoder,
    heard: Vec<String>,
    /// Reason Strings, which are not in `heard`.
    reason_strings: Vec<String>,
    frames: usize,
    closed: bool,
    /// It broke.
    cut: bool,
    /// The broker wants it not to be read.
    is_paused: bool,
    /// Bytes that the client has sent and the broker has not read.
    unread: Vec<u8>,
    /// The client has sent all.
    is_over: bool,
    wire: SubscriberWire,
}

impl Scenario {
    pub(crate) fn new() -> Self {
        Self::with(BrokerOptions::default())
    }

    pub(crate) fn with(options: BrokerOptions) -> Self {
        Self {
            broker: Broker::new(options, 7),
            now: Time::ZERO,
            events: Vec::new(),
            host_messages: Vec::new(),
            asked: Vec::new(),
            stop_after_frame: false,
            pauses: false,
            heard_bytes: 0,
            disk: Disk::default(),
            disk_waits: false,
            clients: BTreeMap::new(),
            unfinished: Unfinished::default(),
            resumed: Vec::new(),
        }
    }

    /// A transport without a word said.
    pub(crate) fn open(&mut self, version: Version) -> PeerId {
        let peer = self.broker.accept(self.now);
        self.adopt(peer, version);
        self.drain();
        peer
    }

    /// Takes over the client's end of a transport that the broker has accepted.
    pub(crate) fn adopt(&mut self, peer: PeerId, version: Version) {
        self.clients.insert(peer, ClientEnd::new(version));
    }

    /// Sends CONNECT over a new transport.
    pub(crate) fn connect(&mut self, connect: &Connect<'_>) -> PeerId {
        let peer = self.open(connect.version);
        self.send(peer, &Packet::Connect(Box::new(connect.clone())));
        peer
    }

    /// Connects with a clean start, and has heard CONNACK.
    pub(crate) fn join(&mut self, version: Version, client_id: &str) -> PeerId {
        self.join_with(&connect(version, client_id))
    }

    pub(crate) fn join_with(&mut self, connect: &Connect<'_>) -> PeerId {
        let peer = self.connect(connect);
        let heard = self.hear(peer);
        assert!(heard.first().is_some_and(|first| first.starts_with("CONNACK ok")), "{heard:?}");
        self.clients.get_mut(&peer).expect("open").heard = heard[1..].to_vec();
        peer
    }

    pub(crate) fn send(&mut self, peer: PeerId, packet: &Packet<'_>) {
        let mut bytes = Vec::new();
        packet.encode(self.clients[&peer].version, &mut bytes).expect("a good packet");
        self.send_bytes(peer, &bytes);
    }

    pub(crate) fn send_bytes(&mut self, peer: PeerId, bytes: &[u8]) {
        if self.pauses && self.is_paused(peer) {
            self.clients.get_mut(&peer).expect("opened here").unread.extend_from_slice(bytes);
        } else {
            self.give(peer, bytes);
        }
        self.drain();
    }

    /// And does what the broker asks for.
    fn give(&mut self, peer: PeerId, bytes: &[u8]) {
        let client = self.clients.get_mut(&peer).expect("opened here");
        client.wire.on_sent(bytes, &mut self.unfinished);
        let may_follow = self.broker.handle_bytes(peer, bytes, self.now);
        let client = self.clients.get_mut(&peer).expect("opened here");
        client.is_paused |= !may_follow;
        self.act();
    }

    /// A chunk after the other of what the client has sent, as a socket gives it.
    fn read(&mut self, peer: PeerId) {
        let client = self.clients.get_mut(&peer).expect("opened here");
        let unread = std::mem::take(&mut client.unread);
        let mut chunks = unread.chunks(CHUNK_BYTES);
        while !self.is_paused(peer)
            && let Some(chunk) = chunks.next()
        {
            self.give(peer, chunk);
        }
        let client = self.clients.get_mut(&peer).expect("opened here");
        client.unread = chunks.flatten().copied().collect();
        if client.unread.is_empty() && !client.is_paused && client.is_over {
            self.broker.handle_closed(peer, self.now);
            self.clients.get_mut(&peer).expect("opened here").cut = true;
        }
    }

    /// The client closes its transport behind what it has sent.
    pub(crate) fn leave(&mut self, peer: PeerId) {
        self.clients.get_mut(&peer).expect("opened here").is_over = true;
        if !self.is_paused(peer) {
            self.read(peer);
        }
        self.drain();
    }

    /// True if the broker wants the transport not to be read.
    pub(crate) fn is_paused(&self, peer: PeerId) -> bool {
        self.clients[&peer].is_paused
    }

    /// How many are open, and not to be read.
    pub(crate) fn paused(&self) -> usize {
        self.clients.values().filter(|client| client.is_paused && !client.closed && !client.cut).count()
    }

    /// Bytes that the client has sent and the broker has not read.
    pub(crate) fn unread(&self, peer: PeerId) -> usize {
        self.clients[&peer].unread.len()
    }

    /// The transport breaks.
    pub(crate) fn cut(&mut self, peer: PeerId) {
        self.broker.handle_closed(peer, self.now);
        if let Some(client) = self.clients.get_mut(&peer) {
            client.cut = true;
        }
        self.drain();
    }

    /// The transport takes more, or no more.
    pub(crate) fn writable(&mut self, peer: PeerId, writable: bool) {
        self.broker.set_writable(peer, writable, self.now);
        self.drain();
    }

    /// Lets time pass; the broker is called at each of its deadlines.
    pub(crate) fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut calls = 0;
        while let Some(at) = self.broker.next_deadline().filter(|at| *at <= end) {
            calls += 1;
            assert!(calls <= CALLS_MAX, "called {CALLS_MAX} times in {duration:?}, and again at {at:?}");
            self.now = self.now.max(at);
            self.broker.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(crate) fn wait_ms(&mut self, milliseconds: u64) {
        self.wait(Duration::from_millis(milliseconds));
    }

    /// Answers the oldest question that was not answered yet.
    pub(crate) fn answer(&mut self, answer: Answer) {
        let (question, _) = self.asked.remove(0);
        self.answer_to(question, answer);
    }

    pub(crate) fn answer_to(&mut self, question: QuestionId, answer: Answer) {
        self.broker.answer(question, answer, self.now);
        self.drain();
    }

    /// Takes the client's transcript since the last time.
    pub(crate) fn hear(&mut self, peer: PeerId) -> Vec<String> {
        std::mem::take(&mut self.clients.get_mut(&peer).expect("opened here").heard)
    }

    /// The Reason Strings that the client has been sent since the last time.
    pub(crate) fn reason_strings(&mut self, peer: PeerId) -> Vec<String> {
        std::mem::take(&mut self.clients.get_mut(&peer).expect("opened here").reason_strings)
    }

    pub(crate) fn is_open(&self, peer: PeerId) -> bool {
        self.clients.get(&peer).is_some_and(|client| !client.closed && !client.cut && !client.is_over)
    }

    pub(crate) fn is_closed(&self, peer: PeerId) -> bool {
        self.clients[&peer].closed
    }

    pub(crate) fn version(&self, peer: PeerId) -> Version {
        self.clients[&peer].version
    }

    /// The broker is another, whose peers are too.
    pub(crate) fn restarted(&mut self) {
        self.clients.clear();
    }

    /// How many frames the client has had.
    pub(crate) fn frames(&self, peer: PeerId) -> usize {
        self.clients[&peer].frames
    }

    pub(crate) fn subscribe(&mut self, peer: PeerId, filter: &str, qos: QoS) -> Vec<String> {
        self.subscribe_with(peer, filter, SubscriptionOptions { qos, ..SubscriptionOptions::default() }, None)
    }

    pub(crate) fn subscribe_with(
        &mut self,
        peer: PeerId,
        filter: &str,
        options: SubscriptionOptions,
        identifier: Option<u32>,
    ) -> Vec<String> {
        let properties = identifier.map(|identifier| properties(&[Property::SubscriptionIdentifier(identifier)]));
        let subscribe = Subscribe {
            packet_id: id(100),
            properties: properties.as_ref().map_or(Properties::EMPTY, PropertiesBuf::as_properties),
            subscriptions: vec![Subscription { filter, options }],
        };
        self.send(peer, &Packet::Subscribe(subscribe));
        self.hear(peer)
    }

    pub(crate) fn unsubscribe(&mut self, peer: PeerId, filter: &str) -> Vec<String> {
        let unsubscribe = Unsubscribe { packet_id: id(101), properties: Properties::EMPTY, filters: vec![filter] };
        self.send(peer, &Packet::Unsubscribe(unsubscribe));
        self.hear(peer)
    }

    /// Publishes, and for QoS 2 releases; returns the answers.
    pub(crate) fn publish(&mut self, peer: PeerId, topic: &str, payload: &str, qos: QoS) -> Vec<String> {
        self.publish_with(peer, publish(topic, payload, qos))
    }

    pub(crate) fn retain(&mut self, peer: PeerId, topic: &str, payload: &str, qos: QoS) -> Vec<String> {
        self.publish_with(peer, Publish { retain: true, ..publish(topic, payload, qos) })
    }

    pub(crate) fn publish_with(&mut self, peer: PeerId, publish: Publish<'_>) -> Vec<String> {
        self.send(peer, &Packet::Publish(publish));
        if publish.qos == QoS::ExactlyOnce && !self.is_closed(peer) {
            self.send(peer, &Packet::Pubrel(Ack::success(publish.packet_id.expect("QoS 2"))));
        }
        self.hear(peer)
    }

    pub(crate) fn disconnect(&mut self, peer: PeerId, reason: ReasonCode) {
        self.send(peer, &Packet::Disconnect(Disconnect { reason, properties: Properties::EMPTY }));
        assert!(self.is_closed(peer));
    }

    /// Subscribes the host; returns the messages that come at once.
    pub(crate) fn subscribe_host(&mut self, handler: u32, filter: &str, options: SubscriptionOptions) -> Vec<String> {
        let filter = TopicFilter::parse(filter).expect("a topic filter");
        self.broker.subscribe(&filter, HandlerId(handler), options, self.now).expect("not shared");
        self.host_messages()
    }

    /// Ends a subscription of the host; returns true if there was one.
    pub(crate) fn unsubscribe_host(&mut self, handler: u32, filter: &str) -> bool {
        let filter = TopicFilter::parse(filter).expect("a topic filter");
        self.broker.unsubscribe(&filter, HandlerId(handler), self.now)
    }

    /// The host publishes; returns the number of subscribers.
    pub(crate) fn publish_host(&mut self, message: Message) -> usize {
        let subscribers = self.broker.publish(message, self.now);
        self.drain();
        subscribers
    }

    /// Takes the messages for the host since the last time.
    pub(crate) fn host_messages(&mut self) -> Vec<String> {
        self.drain();
        std::mem::take(&mut self.host_messages)
    }

    /// The identifiers of the sessions there are.
    pub(crate) fn sessions(&self) -> Vec<&str> {
        self.broker.sessions().map(|session| session.client_id).collect()
    }

    /// Does what the broker asks for; after a call to the broker itself.
    pub(crate) fn drain(&mut self) {
        self.act();
        let mut calls = 0;
        // As a timer that is due at once.
        loop {
            if let Some(peer) = self.resumed.pop() {
                self.read(peer);
            } else if self.broker.next_deadline().is_some_and(|at| at <= self.now) {
                calls += 1;
                assert!(calls <= CALLS_MAX, "called {CALLS_MAX} times at {:?}, and again", self.now);
                self.broker.handle_timeout(self.now);
            } else {
                break;
            }
            self.act();
        }
    }

    fn act(&mut self) {
        while let Some(output) = self.broker.poll_output() {
            match output {
                Output::Transmit(peer, bytes) => {
                    self.heard_bytes += bytes.len() as u64;
                    let client = self.clients.get_mut(&peer).expect("a known peer");
                    client.receive(bytes, &mut self.unfinished);
                    if self.stop_after_frame {
                        self.broker.set_writable(peer, false, self.now);
                    }
                }
                Output::Close(peer) => {
                    let client = self.clients.get_mut(&peer).expect("a known peer");
                    assert!(!client.closed && !client.cut, "closed twice");
                    client.closed = true;
                }
                Output::Resume(peer) => {
                    let client = self.clients.get_mut(&peer).expect("a known peer");
                    assert!(client.is_paused && !client.closed && !client.cut, "resumed and not paused");
                    client.is_paused = false;
                    self.resumed.push(peer);
                }
                Output::Ask { question, ask, .. } => self.asked.push((question, ask)),
                Output::Message(message) => self.host_messages.push(host_message(&message, self.now)),
                Output::Event(event) => self.events.push(event),
                Output::Store(id, batch) => {
                    self.disk.take(id, batch);
                    if !self.disk_waits {
                        let id = self.disk.write().expect("just taken");
                        self.broker.handle_stored(id, self.now);
                    }
                }
            }
        }
    }
}

impl ClientEnd {
    fn new(version: Version) -> Self {
        Self {
            version,
            decoder: Decoder::new(u32::MAX),
            heard: Vec::new(),
            reason_strings: Vec::new(),
            frames: 0,
            closed: false,
            cut: false,
            is_paused: false,
            unread: Vec::new(),
            is_over: false,
            wire: SubscriberWire::new(version),
        }
    }

    fn receive(&mut self, bytes: &[u8], unfinished: &mut Unfinished) {
        assert!(!self.closed && !self.cut, "bytes after the close");
        assert!(!bytes.is_empty(), "an empty frame");
        self.frames += 1;
        self.decoder.feed(bytes);
        while let Some(located) = self.decoder.advance(self.version).expect("a packet of ours") {
            let packet = self.decoder.packet(&located, self.version).expect("a packet of ours");
            let len = self.decoder.bytes(&located).len();
            self.wire.on_received(&packet, len, unfinished);
            self.reason_strings.extend(reason_string(&packet).map(String::from));
            self.heard.push(text(&packet));
        }
    }
}

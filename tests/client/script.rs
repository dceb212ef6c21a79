//! A scripted broker: one client, packet by packet.

use wasmqtt::client::{
    Attempt, Client, ClientOptions, CloseReason, Completion, Lost, Notice, Output, RequestError, Server,
};
use wasmqtt::codec::{
    Connack, Decoder, Message, Packet, PacketId, Properties, PropertiesBuf, Property, Publish, QoS, ReasonCode, Version,
};
use wasmqtt::time::Time;
use wasmqtt::topic::{TopicFilter, TopicName};

use crate::support::packets::properties;

pub(crate) const NOW: Time = Time::ZERO;

/// An output, owned, so that a list of them can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A packet of a transmitted frame, as the debug form shows it.
    Sent(String),
    Connected(bool),
    Message {
        topic: String,
        payload: Vec<u8>,
        qos: QoS,
        dup: bool,
        handlers: Vec<u32>,
    },
    Done(u64, Result<Completion, RequestError>),
    Notice(Notice),
    /// The attempt, and the server as it is written in the host's list or by the broker.
    Open(u32, String),
    Lost(Lost),
    Closed(CloseReason),
}

pub(crate) fn drain(client: &mut Client, version: Version) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some(output) = client.poll_output() {
        match output {
            Output::Transmit(bytes) => seen.extend(packets(bytes, version).into_iter().map(Seen::Sent)),
            Output::Authenticate(..) => panic!("the script has no authentication method"),
            Output::Connected(connected) => seen.push(Seen::Connected(connected.session_present)),
            Output::Message(incoming) => seen.push(Seen::Message {
                topic: incoming.publish.topic.to_owned(),
                payload: incoming.publish.payload.to_vec(),
                qos: incoming.publish.qos,
                dup: incoming.publish.dup,
                handlers: incoming.handlers.iter().map(|handler| handler.0).collect(),
            }),
            Output::Done(request, result) => seen.push(Seen::Done(request.0, result)),
            Output::Notice(notice) => seen.push(Seen::Notice(notice)),
            Output::Store(..) => panic!("the script has no store"),
            Output::Open { attempt, server } => seen.push(Seen::Open(attempt.0, server_name(server))),
            Output::Lost(lost) => seen.push(Seen::Lost(lost)),
            Output::Closed(reason) => seen.push(Seen::Closed(reason)),
        }
    }
    seen
}

fn server_name(server: Server<'_>) -> String {
    match server {
        Server::Listed(index) => index.to_string(),
        Server::Referenced(name) => name.to_owned(),
    }
}

/// Connects a client that is idle; returns its attempt, whose transport is to be opened.
pub(crate) fn begin(client: &mut Client) -> Attempt {
    begin_at(client, NOW)
}

pub(crate) fn begin_at(client: &mut Client, now: Time) -> Attempt {
    client.connect(now);
    match client.poll_output() {
        Some(Output::Open { attempt, .. }) => attempt,
        other => panic!("{other:?}"),
    }
}

/// Connects a client that is idle, with a transport at once.
pub(crate) fn opens(client: &mut Client, now: Time) {
    let attempt = begin_at(client, now);
    client.handle_open(attempt, now);
}

/// The packets of a frame in a short form.
pub(crate) fn packets(bytes: &[u8], version: Version) -> Vec<String> {
    let mut decoder = Decoder::new(u32::MAX);
    decoder.feed(bytes);
    let mut all = Vec::new();
    while let Some(located) = decoder.advance(version).expect("we send well-formed packets") {
        all.push(match decoder.packet(&located, version).expect("we send well-formed packets") {
            Packet::Publish(publish) => format!(
                "PUBLISH {} q{} id{} dup{}",
                publish.topic,
                publish.qos.bits(),
                publish.packet_id.map_or(0, PacketId::get),
                u8::from(publish.dup)
            ),
            Packet::Puback(ack) => format!("PUBACK {}", ack.packet_id),
            Packet::Pubrec(ack) => format!("PUBREC {}", ack.packet_id),
            Packet::Pubrel(ack) => format!("PUBREL {} {:02X}", ack.packet_id, ack.reason.value()),
            Packet::Pubcomp(ack) => format!("PUBCOMP {} {:02X}", ack.packet_id, ack.reason.value()),
            Packet::Disconnect(disconnect) => format!("DISCONNECT {:02X}", disconnect.reason.value()),
            other => other.kind().to_string(),
        });
    }
    assert!(decoder.unread().is_empty(), "a frame holds whole packets");
    all
}

pub(crate) fn sent(text: &str) -> Seen {
    Seen::Sent(text.to_owned())
}

pub(crate) fn bytes(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut out = Vec::new();
    packet.encode(version, &mut out).expect("the broker's script is well formed");
    out
}

pub(crate) fn filter(text: &str) -> TopicFilter {
    TopicFilter::parse(text).expect(text)
}

pub(crate) fn message(topic: &str, qos: QoS) -> Message {
    Message { qos, ..Message::new(TopicName::parse(topic).expect(topic), *b"payload") }
}

pub(crate) fn publish(topic: &str, qos: QoS, packet_id: u16) -> Packet<'_> {
    let packet_id = PacketId::new(packet_id);
    let properties = Properties::EMPTY;
    Packet::Publish(Publish { dup: false, qos, retain: false, topic, packet_id, properties, payload: b"hello" })
}

pub(crate) fn connack(session_present: bool, properties: &PropertiesBuf) -> Packet<'_> {
    let properties = properties.as_properties();
    Packet::Connack(Connack { session_present, reason: ReasonCode::Success, properties })
}

/// A client and the version it speaks.
pub(crate) struct Script {
    pub(crate) client: Client,
    pub(crate) version: Version,
    /// The current or latest one.
    pub(crate) attempt: Attempt,
}

impl Script {
    pub(crate) fn opening(options: ClientOptions) -> Self {
        let version = options.version;
        let mut script = Self { client: Client::new(options), version, attempt: Attempt(0) };
        script.open();
        script
    }

    pub(crate) fn connected() -> Self {
        Self::connected_with(ClientOptions::new("c"), &[])
    }

    pub(crate) fn connected_with(options: ClientOptions, list: &[Property<'_>]) -> Self {
        let mut script = Self::opening(options);
        assert_eq!(script.receive(&connack(false, &properties(list))), [Seen::Connected(false)]);
        script
    }

    pub(crate) fn open(&mut self) {
        self.attempt = begin(&mut self.client);
        self.client.handle_open(self.attempt, NOW);
        assert_eq!(self.drain(), [sent("CONNECT")]);
    }

    pub(crate) fn cut(&mut self) -> Vec<Seen> {
        self.client.handle_closed(self.attempt, NOW);
        self.drain()
    }

    pub(crate) fn reopen(&mut self, session_present: bool) -> Vec<Seen> {
        self.open();
        self.receive(&connack(session_present, &PropertiesBuf::new()))
    }

    pub(crate) fn receive(&mut self, packet: &Packet<'_>) -> Vec<Seen> {
        let bytes = bytes(packet, self.version);
        self.receive_bytes(&bytes)
    }

    pub(crate) fn receive_bytes(&mut self, bytes: &[u8]) -> Vec<Seen> {
        self.client.handle_bytes(self.attempt, bytes, NOW);
        self.drain()
    }

    pub(crate) fn drain(&mut self) -> Vec<Seen> {
        drain(&mut self.client, self.version)
    }

    pub(crate) fn publish(&mut self, topic: &str, qos: QoS) -> Vec<Seen> {
        self.client.publish(message(topic, qos), NOW).expect("it can be sent");
        self.drain()
    }
}

pub(crate) fn resuming() -> ClientOptions {
    ClientOptions { clean_start: false, ..ClientOptions::new("c") }
}

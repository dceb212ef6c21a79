//! A client's store: what is written before a packet leaves, and what the next client goes on with.

use std::collections::BTreeSet;

use wasmqtt::client::{
    Client, ClientOptions, CloseReason, Completion, HandlerId, Keep, Output, RequestError, RequestId,
};
use wasmqtt::codec::{
    Ack, Decoder, Packet, PacketKind, PropertiesBuf, Property, QoS, ReasonCode, SubscriptionOptions, Version,
};
use wasmqtt::store::StoreError;

use super::script::{NOW, Seen, begin, bytes, connack, filter, message, packets, publish, sent};
use crate::support::client_disk::ClientDisk;
use crate::support::packets::{id, properties};

/// A client with a store, whose host writes when the test says so.
struct Kept {
    client: Client,
    version: Version,
    disk: ClientDisk,
    attempt: wasmqtt::client::Attempt,
    ticket: Option<wasmqtt::client::Ticket>,
    /// Slots whose topic was told.
    told: BTreeSet<u32>,
    first: RequestId,
}

fn options(version: Version) -> ClientOptions {
    let list = if version == Version::V5 { vec![Property::SessionExpiryInterval(60)] } else { vec![] };
    ClientOptions { version, properties: properties(&list), ..ClientOptions::new("c") }
}

impl Kept {
    fn new(options: ClientOptions, disk: ClientDisk) -> Self {
        let version = options.version;
        let mut client = Client::new(options);
        let first = disk.restore(&mut client).expect("good records");
        Self { client, version, disk, attempt: wasmqtt::client::Attempt(0), ticket: None, told: BTreeSet::new(), first }
    }

    /// Connects, with the batch of the identity written.
    fn connect(&mut self, session_present: bool) -> Vec<Seen> {
        self.settle();
        self.attempt = begin(&mut self.client);
        self.client.handle_open(self.attempt, NOW);
        self.settle();
        self.receive(&connack(session_present, &PropertiesBuf::new()));
        self.settle()
    }

    fn receive(&mut self, packet: &Packet<'_>) {
        let bytes = bytes(packet, self.version);
        self.client.handle_bytes(self.attempt, &bytes, NOW);
    }

    fn ack(&mut self, kind: PacketKind, packet_id: u16) {
        let ack = Ack::new(id(packet_id), ReasonCode::Success);
        let mut bytes = Vec::new();
        ack.encode(kind, self.version, &mut bytes).expect("well formed");
        self.client.handle_bytes(self.attempt, &bytes, NOW);
    }

    /// Drains the outputs; batches stay on their way.
    fn drain(&mut self) -> Vec<Seen> {
        let mut seen = Vec::new();
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Transmit(bytes) => seen.extend(packets(bytes, self.version).into_iter().map(Seen::Sent)),
                Output::Store(id, batch) => self.disk.take(id, batch),
                Output::Message(incoming) => {
                    self.ticket = incoming.ticket;
                    let is_new = self.told.insert(incoming.topic_slot);
                    assert!(incoming.topic_changed || !is_new, "a slot that the host does not know");
                    seen.push(Seen::Message {
                        topic: incoming.publish.topic.to_owned(),
                        payload: incoming.publish.payload.to_vec(),
                        qos: incoming.publish.qos,
                        dup: incoming.publish.dup,
                        handlers: Vec::new(),
                    });
                }
                Output::Done(request, result) => seen.push(Seen::Done(request.0, result)),
                Output::Closed(reason) => seen.push(Seen::Closed(reason)),
                Output::Connected(_) | Output::Open { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        seen
    }

    /// Drains the outputs, and writes all batches.
    fn settle(&mut self) -> Vec<Seen> {
        let mut seen = self.drain();
        while let Some(batch) = self.disk.write() {
            self.client.handle_stored(batch, NOW);
            seen.extend(self.drain());
        }
        seen
    }

    fn publish(&mut self, topic: &str, qos: QoS) {
        self.client.publish(message(topic, qos), NOW).expect("there is room");
    }
}

fn published(number: u64) -> Seen {
    Seen::Done(number, Ok(Completion::Published(ReasonCode::Success)))
}

#[test]
fn a_packet_leaves_once_its_batch_is_durable() {
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    kept.connect(false);
    kept.publish("t", QoS::ExactlyOnce);
    assert_eq!(kept.drain(), []);
    assert!(!kept.client.is_stored());
    assert_eq!(kept.settle(), [sent("PUBLISH t q2 id1 dup0")]);
    assert_eq!(kept.disk.kinds(), "FIMo");
    kept.ack(PacketKind::Pubrec, 1);
    assert_eq!(kept.drain(), []);
    assert_eq!(kept.settle(), [sent("PUBREL 1 00")]);
    assert_eq!(kept.disk.kinds(), "FIo", "the message is gone");
    kept.receive(&publish("d", QoS::ExactlyOnce, 7));
    assert!(matches!(kept.drain()[..], [Seen::Message { .. }]), "the handler does not wait");
    assert_eq!(kept.settle(), [sent("PUBREC 7")]);
    assert_eq!(kept.disk.kinds(), "FIio");
    kept.ack(PacketKind::Pubrel, 7);
    kept.ack(PacketKind::Pubcomp, 1);
    assert_eq!(kept.drain(), [published(0)]);
    assert_eq!(kept.settle(), [sent("PUBCOMP 7 00")]);
    assert_eq!(kept.disk.kinds(), "FI");
    assert!(kept.client.is_stored());
}

/// While a batch is being written, later changes wait for the next one, and so do their packets.
#[test]
fn changes_during_a_write_go_into_the_next_batch() {
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    kept.connect(false);
    kept.publish("a", QoS::AtLeastOnce);
    kept.drain();
    kept.publish("b", QoS::AtLeastOnce);
    kept.publish("c", QoS::AtMostOnce);
    assert_eq!((kept.drain(), kept.disk.out.len()), (vec![published(2)], 1));
    let batch = kept.disk.write().expect("it is out");
    kept.client.handle_stored(batch, NOW);
    assert_eq!((kept.drain(), kept.disk.out.len()), (vec![sent("PUBLISH a q1 id1 dup0")], 1));
    assert_eq!(kept.settle(), [sent("PUBLISH b q1 id2 dup0"), sent("PUBLISH c q0 id0 dup0")]);
}

/// The host's page is about to go.
#[test]
fn save_makes_a_batch_although_another_is_out() {
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    kept.connect(false);
    kept.publish("a", QoS::AtLeastOnce);
    kept.drain();
    kept.publish("b", QoS::AtLeastOnce);
    kept.client.save(NOW);
    assert_eq!((kept.drain(), kept.disk.out.len()), (vec![], 2));
    let first = kept.disk.write().expect("it is out");
    kept.client.handle_stored(first, NOW);
    assert_eq!(kept.drain(), [], "the packets of both wait for the second");
    assert_eq!(kept.settle(), [sent("PUBLISH a q1 id1 dup0"), sent("PUBLISH b q1 id2 dup0")]);
}

#[test]
fn a_batch_has_what_changed_and_not_what_is_held() {
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    for _ in 0..500 {
        kept.publish("t", QoS::AtLeastOnce);
    }
    kept.settle();
    kept.publish("t", QoS::AtLeastOnce);
    kept.drain();
    assert_eq!(kept.disk.out.iter().map(|(_, changes)| changes.len()).collect::<Vec<_>>(), [1]);
    kept.settle();
    kept.connect(false);
    kept.ack(PacketKind::Puback, 17);
    kept.drain();
    assert_eq!(kept.disk.out.iter().map(|(_, changes)| changes.len()).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_message_that_comes_and_goes_between_batches_is_not_written() {
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    kept.publish("a", QoS::AtLeastOnce);
    let request = kept.client.publish(message("b", QoS::AtLeastOnce), NOW).expect("there is room");
    kept.client.withdraw(request, NOW);
    kept.settle();
    assert_eq!(kept.disk.kinds(), "FIM");
    kept.client.withdraw(RequestId(0), NOW);
    kept.settle();
    assert_eq!(kept.disk.kinds(), "FI");
}

#[test]
fn the_next_client_resumes_the_session_in_order() {
    for version in [Version::V5, Version::V3_1_1] {
        let mut kept = Kept::new(options(version), ClientDisk::default());
        kept.connect(false);
        for topic in ["a", "b", "c"] {
            kept.publish(topic, QoS::ExactlyOnce);
        }
        kept.settle();
        kept.ack(PacketKind::Pubrec, 2);
        kept.settle();
        kept.client.kill(NOW);
        kept.drain();
        kept.publish("d", QoS::AtLeastOnce);
        kept.settle();
        let mut next = Kept::new(options(version), kept.disk);
        assert_eq!(next.first, RequestId(4));
        assert_eq!((next.client.in_flight(), next.client.queued()), (3, 1));
        let resent = ["PUBREL 2 00", "PUBLISH a q2 id1 dup1", "PUBLISH c q2 id3 dup1", "PUBLISH d q1 id4 dup0"];
        assert_eq!(next.connect(true), resent.map(sent));
        next.publish("e", QoS::AtLeastOnce);
        assert_eq!(next.settle(), [sent("PUBLISH e q1 id5 dup0")]);
        next.ack(PacketKind::Pubcomp, 2);
        next.ack(PacketKind::Puback, 4);
        assert_eq!(next.settle(), [published(1), published(3)]);
    }
}

/// [MQTT-3.2.2-5]: the broker has lost the session, so what was sent is given up or sent anew.
#[test]
fn a_session_that_the_broker_lost_ends_what_was_sent() {
    for keep in [Keep::Acknowledged, Keep::All] {
        let mut kept = Kept::new(ClientOptions { keep, ..options(Version::V5) }, ClientDisk::default());
        kept.connect(false);
        kept.publish("a", QoS::ExactlyOnce);
        kept.settle();
        kept.receive(&publish("d", QoS::ExactlyOnce, 7));
        kept.settle();
        kept.client.kill(NOW);
        kept.drain();
        kept.publish("b", QoS::AtLeastOnce);
        kept.settle();
        let mut next = Kept::new(ClientOptions { keep, ..options(Version::V5) }, kept.disk);
        let seen = next.connect(false);
        let expected = match keep {
            Keep::All => vec![sent("PUBLISH a q2 id2 dup0"), sent("PUBLISH b q1 id3 dup0")],
            _ => vec![Seen::Done(0, Err(RequestError::SessionLost)), sent("PUBLISH b q1 id2 dup0")],
        };
        let renumbered: Vec<_> = seen.iter().map(|one| format!("{one:?}").replace(['1', '2', '3'], "n")).collect();
        let wanted: Vec<_> = expected.iter().map(|one| format!("{one:?}").replace(['1', '2', '3'], "n")).collect();
        assert_eq!(renumbered, wanted);
        next.receive(&publish("d", QoS::ExactlyOnce, 7));
        assert!(matches!(next.settle()[..], [Seen::Message { .. }, Seen::Sent(_)]), "the identifier is free again");
    }
}

/// CONNECT's Clean Start with these options and records.
fn asks_for_clean_start(options: ClientOptions, disk: &ClientDisk) -> bool {
    let version = options.version;
    let mut client = Client::new(options);
    disk.restore(&mut client).expect("good records");
    client.connect(NOW);
    loop {
        match client.poll_output().expect("CONNECT") {
            Output::Open { attempt, .. } => client.handle_open(attempt, NOW),
            Output::Transmit(frame) => {
                let mut decoder = Decoder::new(u32::MAX);
                decoder.feed(frame);
                let located = decoder.advance(version).expect("well formed").expect("CONNECT");
                let Packet::Connect(connect) = decoder.packet(&located, version).expect("CONNECT") else { panic!() };
                return connect.clean_start;
            }
            Output::Store(batch, _) => client.handle_stored(batch, NOW),
            other => panic!("{other:?}"),
        }
    }
}

/// [MQTT-3.2.2-4]: a session is asked for only with its state, so that none comes without.
#[test]
fn a_session_is_asked_for_if_the_store_has_its_state() {
    let no_expiry = ClientOptions::new("c");
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    assert!(asks_for_clean_start(options(Version::V5), &kept.disk));
    kept.publish("t", QoS::AtLeastOnce);
    kept.settle();
    assert!(asks_for_clean_start(options(Version::V5), &kept.disk), "no broker has accepted it");
    kept.connect(false);
    assert!(!asks_for_clean_start(options(Version::V5), &kept.disk));
    assert!(asks_for_clean_start(no_expiry, &kept.disk), "its sessions end with their connections");
    assert!(!asks_for_clean_start(options(Version::V3_1_1), &ClientDisk::default()));
}

#[test]
fn a_store_belongs_to_one_client_identifier() {
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    kept.connect(false);
    let records = || kept.disk.records.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
    let mut other = Client::new(ClientOptions { client_id: "other".into(), ..options(Version::V5) });
    let error = other.restore(records(), false).expect_err("another client's");
    assert_eq!(error, StoreError::OtherClient { found: "c".into(), wanted: "other".into() });
    assert!(error.to_string().contains("use the same client identifier, or another store"), "{error}");
    other.restore(records(), true).expect("its own was arbitrary");
    assert_eq!(other.client_id(), "c");
    let mut assigned = Client::new(ClientOptions { client_id: String::new(), ..options(Version::V5) });
    assigned.restore(records(), false).expect("the broker was to assign one");
    assert_eq!(assigned.client_id(), "c");
}

#[test]
fn an_assigned_identifier_is_kept() {
    let options = ClientOptions { client_id: String::new(), ..options(Version::V5) };
    let mut kept = Kept::new(options.clone(), ClientDisk::default());
    kept.settle();
    kept.attempt = begin(&mut kept.client);
    kept.client.handle_open(kept.attempt, NOW);
    kept.settle();
    kept.receive(&connack(false, &properties(&[Property::AssignedClientIdentifier("given")])));
    kept.settle();
    assert_eq!(Kept::new(options, kept.disk).client.client_id(), "given");
}

#[test]
fn records_that_are_not_a_clients_are_named() {
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    kept.connect(false);
    kept.publish("a", QoS::ExactlyOnce);
    kept.receive(&publish("d", QoS::ExactlyOnce, 7));
    kept.settle();
    assert_eq!(kept.disk.kinds(), "FIMio");
    let restore = |disk: &ClientDisk| disk.restore(&mut Client::new(options(Version::V5)));
    assert_eq!(restore(&kept.disk), Ok(RequestId(1)));
    let with = |key: &[u8], value: Option<&[u8]>| {
        let mut disk = kept.disk.clone();
        match value {
            Some(value) => disk.records.insert(key.to_vec(), value.to_vec()),
            None => disk.records.remove(key),
        };
        restore(&disk)
    };
    let unknown = StoreError::UnknownFormat { found: [3].into(), reads: b"c1" };
    assert_eq!(with(b"F", Some(&[3])), Err(unknown), "a broker's");
    assert!(matches!(with(b"F", None), Err(StoreError::Damaged { .. })));
    assert!(matches!(with(b"x", Some(b"")), Err(StoreError::Damaged { key, .. }) if *key == *b"x"));
    let message = [&b"M"[..], &[0; 8]].concat();
    assert!(matches!(with(&message, None), Err(StoreError::Damaged { problem: "its message is missing", .. })));
    for (key, value) in &kept.disk.records {
        for len in 0..value.len() {
            // A shorter client identifier is another client's.
            let error = with(key, Some(&value[..len])).expect_err("a cut record");
            match error {
                StoreError::Damaged { key: told, .. } => assert_eq!(*told, **key),
                StoreError::UnknownFormat { .. } => assert_eq!(key[0], b'F'),
                StoreError::OtherClient { .. } => assert_eq!(key[0], b'I'),
            }
        }
        // Whatever the bytes are, nothing panics.
        for at in 0..value.len() {
            let mut changed = value.clone();
            changed[at] ^= 0xFF;
            let _ = with(key, Some(&changed));
        }
    }
}

/// A store that fails in the middle: the client goes on in memory, and the records are void, since
/// they would be sent again.
#[test]
fn a_store_that_fails_is_void_and_the_client_goes_on() {
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    kept.connect(false);
    kept.publish("a", QoS::ExactlyOnce);
    kept.settle();
    kept.ack(PacketKind::Pubrec, 1);
    kept.drain();
    kept.disk.crash(0);
    kept.client.handle_store_failed(NOW);
    assert_eq!(kept.drain(), [sent("PUBREL 1 00")]);
    assert_eq!(kept.disk.out.len(), 1, "the mark of the void records");
    assert!(kept.client.is_stored(), "nothing is to be written any more");
    let unmarked = kept.disk.clone();
    kept.disk.write();
    kept.ack(PacketKind::Pubcomp, 1);
    kept.publish("b", QoS::AtLeastOnce);
    assert_eq!(kept.settle(), [published(0), sent("PUBLISH b q1 id2 dup0")]);

    let mut next = Kept::new(options(Version::V5), kept.disk);
    assert_eq!((next.client.in_flight(), next.first), (0, RequestId(0)));
    assert!(asks_for_clean_start(options(Version::V5), &next.disk));
    next.connect(false);
    assert_eq!(next.disk.kinds(), "FI", "the void records are removed");
    assert_eq!(Kept::new(options(Version::V5), unmarked).client.in_flight(), 1, "without the mark they count");
}

#[test]
fn the_end_of_a_client_leaves_the_session_to_the_next() {
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    kept.connect(false);
    kept.publish("a", QoS::AtLeastOnce);
    kept.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), NOW);
    let given_up = Seen::Done(0, Err(RequestError::ConnectionClosed));
    assert_eq!(kept.drain(), [given_up]);
    let said = [sent("PUBLISH a q1 id1 dup0"), sent("DISCONNECT 00"), Seen::Closed(CloseReason::Requested)];
    assert_eq!(kept.settle(), said);
    let mut next = Kept::new(options(Version::V5), kept.disk);
    assert_eq!(next.connect(true), [sent("PUBLISH a q1 id1 dup1")]);
}

/// The application's acknowledgement is the moment from which a message is not handed over again.
#[test]
fn a_message_without_the_applications_acknowledgement_comes_again() {
    let all = [(filter("d"), SubscriptionOptions::default())];
    let manual = |disk| {
        let mut kept = Kept::new(options(Version::V5), disk);
        kept.client.add_manual_handler(&all[0].0, HandlerId(1));
        kept
    };
    let mut kept = manual(ClientDisk::default());
    kept.connect(false);
    kept.receive(&publish("d", QoS::ExactlyOnce, 7));
    kept.settle();
    assert_eq!(kept.disk.kinds(), "FI");
    let mut next = manual(kept.disk);
    next.connect(true);
    next.receive(&publish("d", QoS::ExactlyOnce, 7));
    assert!(matches!(next.settle()[..], [Seen::Message { .. }]));
    // Between two connections.
    next.client.kill(NOW);
    next.settle();
    let ticket = next.ticket.expect("it waits");
    assert!(next.client.acknowledge(ticket, ReasonCode::Success, NOW));
    next.settle();
    assert_eq!(next.disk.kinds(), "FIi");
    let mut last = manual(next.disk);
    last.connect(true);
    last.receive(&publish("d", QoS::ExactlyOnce, 7));
    assert_eq!(last.settle(), [sent("PUBREC 7")], "and no message");
}

/// A message that was handed over in an earlier page tells the host nothing of its topic.
#[test]
fn a_repeated_message_does_not_hide_the_topic_of_the_next() {
    let mut kept = Kept::new(options(Version::V5), ClientDisk::default());
    kept.connect(false);
    kept.receive(&publish("d", QoS::ExactlyOnce, 7));
    kept.settle();
    let mut next = Kept::new(options(Version::V5), kept.disk);
    next.connect(true);
    next.receive(&publish("d", QoS::ExactlyOnce, 7));
    assert_eq!(next.settle(), [sent("PUBREC 7")]);
    next.receive(&publish("d", QoS::ExactlyOnce, 8));
    assert!(matches!(next.settle()[..], [Seen::Message { .. }, Seen::Sent(_)]));
}

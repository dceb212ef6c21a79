//! Two sessions over a link that is cut at random: the promise of each quality of service holds,
//! whatever happens.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use proptest::prelude::*;
use wasmqtt::codec::{Message, PacketId, QoS, ReasonCode};
use wasmqtt::session::{Acknowledged, Delivery, Outgoing, Received, Session, SessionLimits};
use wasmqtt::topic::TopicName;

const LIMITS: SessionLimits = SessionLimits { queue_messages: 1000, queue_bytes: 100_000, receive_maximum: 3 };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Publish { packet_id: PacketId, qos: QoS, token: u64 },
    Puback(PacketId),
    Pubrec(PacketId),
    Pubrel(PacketId),
    Pubcomp(PacketId),
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Publish(QoS),
    ToReceiver,
    ToSender,
    /// Everything under way is lost; both sides resume.
    Cut,
    /// The same, and the receiver has forgotten the session.
    CutAndForget,
}

/// A sender, a receiver, and what is under way between them.
struct Pair {
    sender: Session<u64>,
    receiver: Session<u64>,
    there: VecDeque<Wire>,
    back: VecDeque<Wire>,
    sent: BTreeMap<u64, QoS>,
    /// Sent at least once, on any connection.
    sent_ever: BTreeSet<u64>,
    /// Sent on this connection.
    sent_now: BTreeSet<u64>,
    handed_over: Vec<u64>,
    done: Vec<u64>,
    lost: Vec<u64>,
    unacknowledged: BTreeSet<PacketId>,
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self {
            sender: Session::new(LIMITS),
            receiver: Session::new(LIMITS),
            there: VecDeque::new(),
            back: VecDeque::new(),
            sent: BTreeMap::new(),
            sent_ever: BTreeSet::new(),
            sent_now: BTreeSet::new(),
            handed_over: Vec::new(),
            done: Vec::new(),
            lost: Vec::new(),
            unacknowledged: BTreeSet::new(),
        };
        pair.sender.connected(false, LIMITS.receive_maximum);
        pair.receiver.connected(false, u16::MAX);
        pair
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Publish(qos) => self.publish(qos),
            Action::ToReceiver => self.step_receiver(),
            Action::ToSender => self.step_sender(),
            Action::Cut => self.reconnect(true),
            Action::CutAndForget => self.reconnect(false),
        }
        self.pump();
    }

    fn publish(&mut self, qos: QoS) {
        let token = self.sent.len() as u64;
        self.sent.insert(token, qos);
        self.sender.enqueue(delivery(token, qos)).expect("the queue is large enough");
    }

    /// Puts what the sender may send on the wire.
    fn pump(&mut self) {
        while let Some(outgoing) = self.sender.next_outgoing() {
            let wire = match outgoing {
                Outgoing::Publish { packet_id, dup, delivery } => {
                    let token = delivery.tag;
                    assert!(self.sent_now.insert(token), "a PUBLISH is sent once on a connection [MQTT-4.4.0-1]");
                    assert_eq!(dup, !self.sent_ever.insert(token), "DUP marks what was sent before [MQTT-3.3.1-1]");
                    assert!(self.unacknowledged.insert(packet_id), "an identifier in use is not used again");
                    Wire::Publish { packet_id, qos: delivery.qos, token }
                }
                Outgoing::Pubrel(packet_id) => Wire::Pubrel(packet_id),
            };
            self.there.push_back(wire);
            assert!(self.unacknowledged.len() <= usize::from(LIMITS.receive_maximum), "the send quota holds");
        }
    }

    fn step_receiver(&mut self) {
        match self.there.pop_front() {
            Some(Wire::Publish { packet_id, qos, token }) => {
                match self.receiver.on_publish(qos, packet_id) {
                    Received::New => self.handed_over.push(token),
                    Received::Duplicate => assert!(self.handed_over.contains(&token)),
                    Received::ReceiveMaximumExceeded => panic!("the sender kept to its quota"),
                }
                self.back.push_back(if qos == QoS::AtLeastOnce {
                    self.receiver.acknowledged(qos, packet_id);
                    Wire::Puback(packet_id)
                } else {
                    Wire::Pubrec(packet_id)
                });
            }
            Some(Wire::Pubrel(packet_id)) => {
                self.receiver.on_pubrel(packet_id);
                self.back.push_back(Wire::Pubcomp(packet_id));
            }
            Some(other) => panic!("a sender does not send {other:?}"),
            None => {}
        }
    }

    fn step_sender(&mut self) {
        let (packet_id, result) = match self.back.pop_front() {
            Some(Wire::Puback(id)) => (id, self.sender.on_puback(id, ReasonCode::Success)),
            Some(Wire::Pubrec(id)) => (id, self.sender.on_pubrec(id, ReasonCode::Success)),
            Some(Wire::Pubcomp(id)) => (id, self.sender.on_pubcomp(id, ReasonCode::Success)),
            Some(other) => panic!("a receiver does not send {other:?}"),
            None => return,
        };
        match result.expect("the receiver answers what was sent") {
            Acknowledged::Release(reason) => {
                assert_eq!(reason, ReasonCode::Success);
                self.there.push_back(Wire::Pubrel(packet_id));
            }
            Acknowledged::Done { tag: token, reason } => {
                assert_eq!(reason, ReasonCode::Success);
                self.unacknowledged.remove(&packet_id);
                self.done.push(token);
            }
            Acknowledged::Ignored => {}
        }
    }

    fn reconnect(&mut self, resumed: bool) {
        self.there.clear();
        self.back.clear();
        self.sent_now.clear();
        self.unacknowledged.clear();
        self.sender.disconnected();
        self.receiver.disconnected();
        assert!(self.sender.next_outgoing().is_none(), "nothing leaves without a connection");
        self.lost.extend(self.sender.connected(resumed, LIMITS.receive_maximum));
        self.receiver.connected(resumed, u16::MAX);
    }

    /// No more cuts: everything arrives.
    fn settle(&mut self) {
        while !(self.there.is_empty() && self.back.is_empty()) {
            self.act(Action::ToReceiver);
            self.act(Action::ToSender);
        }
        assert_eq!((self.sender.in_flight(), self.sender.queued(), self.sender.queued_bytes()), (0, 0, 0));
    }

    fn arrivals(&self, token: u64) -> usize {
        self.handed_over.iter().filter(|arrived| **arrived == token).count()
    }

    fn first_arrivals(&self) -> Vec<u64> {
        let mut seen = BTreeSet::new();
        self.handed_over.iter().copied().filter(|token| seen.insert(*token)).collect()
    }
}

fn delivery(token: u64, qos: QoS) -> Delivery<u64> {
    let topic = TopicName::parse("a").expect("a topic name");
    let message = Arc::new(Message::new(topic, *b"payload"));
    Delivery { message, qos, retain: false, subscription_identifiers: Box::default(), tag: token }
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("not 0")
}

fn actions(cut: impl Strategy<Value = Action>) -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        4 => prop_oneof![Just(Action::Publish(QoS::AtLeastOnce)), Just(Action::Publish(QoS::ExactlyOnce))],
        8 => Just(Action::ToReceiver),
        8 => Just(Action::ToSender),
        1 => cut,
    ];
    prop::collection::vec(action, 0..200)
}

proptest! {
    /// QoS 1 at least once, QoS 2 exactly once, both in order, whatever is cut (§4.3, §4.6).
    /// [MQTT-4.3.2-3], [MQTT-4.3.3-3], [MQTT-4.3.3-5], [MQTT-4.3.3-6], [MQTT-4.3.3-10],
    /// [MQTT-4.4.0-1], [MQTT-3.3.1-1], [3.1.1 MQTT-4.3.3-1], [3.1.1 MQTT-4.3.3-2],
    /// [3.1.1 MQTT-4.4.0-1], [3.1.1 MQTT-3.3.1-1].
    #[test]
    fn resumed_sessions_keep_the_promises(actions in actions(Just(Action::Cut))) {
        let mut pair = Pair::new();
        for action in actions {
            pair.act(action);
        }
        pair.settle();
        let all: Vec<u64> = pair.sent.keys().copied().collect();
        prop_assert_eq!(pair.first_arrivals(), all.clone(), "each arrives, in order");
        for (token, qos) in &pair.sent {
            let times = pair.arrivals(*token);
            prop_assert!(times == 1 || *qos == QoS::AtLeastOnce, "QoS 2 message {} arrived {} times", token, times);
        }
        pair.done.sort_unstable();
        prop_assert_eq!(pair.done, all, "each is finished once");
        prop_assert!(pair.lost.is_empty());
    }

    /// A lost session loses, but says what; and QoS 2 still never doubles.
    #[test]
    fn lost_sessions_report_what_is_lost(
        actions in actions(prop_oneof![Just(Action::Cut), Just(Action::CutAndForget)]),
    ) {
        let mut pair = Pair::new();
        for action in actions {
            pair.act(action);
        }
        pair.settle();
        let mut ended: Vec<u64> = pair.done.iter().chain(&pair.lost).copied().collect();
        ended.sort_unstable();
        prop_assert_eq!(ended, pair.sent.keys().copied().collect::<Vec<_>>(), "each ends once, done or lost");
        for (token, qos) in &pair.sent {
            let times = pair.arrivals(*token);
            prop_assert!(times <= 1 || *qos == QoS::AtLeastOnce);
            prop_assert!(times >= 1 || pair.lost.contains(token));
        }
    }
}

fn connected() -> Session<u64> {
    let mut session = Session::new(LIMITS);
    session.connected(false, u16::MAX);
    session
}

fn send(session: &mut Session<u64>, token: u64, qos: QoS) -> PacketId {
    session.enqueue(delivery(token, qos)).expect("there is room");
    match session.next_outgoing() {
        Some(Outgoing::Publish { packet_id, dup: false, delivery }) if delivery.tag == token => packet_id,
        other => panic!("{other:?}"),
    }
}

/// [MQTT-2.2.1-3], [MQTT-2.2.1-4], [MQTT-4.3.2-1], [MQTT-4.3.3-1], [3.1.1 MQTT-2.3.1-2],
/// [3.1.1 MQTT-2.3.1-4].
#[test]
fn identifiers_in_use_are_passed_over() {
    let mut session = connected();
    assert_eq!(send(&mut session, 0, QoS::AtLeastOnce), id(1));
    for value in 2..=u16::MAX {
        assert_eq!(session.allocate_id(), Some(id(value)));
    }
    assert_eq!(session.allocate_id(), None, "1 is a delivery's, the others are requests'");
    session.release_id(id(700));
    assert_eq!(session.allocate_id(), Some(id(700)));
    session.on_puback(id(1), ReasonCode::Success).expect("in flight");
    assert_eq!(session.allocate_id(), Some(id(1)));
}

#[test]
fn a_delivery_waits_when_all_identifiers_are_in_use() {
    let mut session = connected();
    while session.allocate_id().is_some() {}
    session.enqueue(delivery(0, QoS::AtLeastOnce)).expect("there is room");
    assert_eq!(session.next_outgoing(), None);
    assert_eq!(session.queued(), 1, "it is not lost");
    session.release_id(id(9));
    assert!(matches!(session.next_outgoing(), Some(Outgoing::Publish { packet_id, .. }) if packet_id == id(9)));
}

/// [MQTT-4.4.0-2].
#[test]
fn a_refused_qos2_message_is_over_at_pubrec() {
    let mut session = connected();
    let packet_id = send(&mut session, 7, QoS::ExactlyOnce);
    let result = session.on_pubrec(packet_id, ReasonCode::QuotaExceeded);
    assert_eq!(result, Ok(Acknowledged::Done { tag: 7, reason: ReasonCode::QuotaExceeded }));
    assert_eq!(session.in_flight(), 0);
}

#[test]
fn the_wrong_acknowledgement_is_the_peers_fault() {
    let mut session = connected();
    let once = send(&mut session, 0, QoS::AtLeastOnce);
    let twice = send(&mut session, 1, QoS::ExactlyOnce);
    assert!(session.on_pubrec(once, ReasonCode::Success).is_err());
    assert!(session.on_pubcomp(once, ReasonCode::Success).is_err());
    assert!(session.on_puback(twice, ReasonCode::Success).is_err());
    assert!(session.on_pubcomp(twice, ReasonCode::Success).is_err());
    session.on_pubrec(twice, ReasonCode::Success).expect("right");
    assert!(session.on_puback(twice, ReasonCode::Success).is_err());
    assert_eq!(session.in_flight(), 2, "a fault changes nothing");
}

#[test]
fn stray_acknowledgements_are_answered_as_the_specification_says() {
    let mut session = connected();
    assert_eq!(session.on_puback(id(5), ReasonCode::Success), Ok(Acknowledged::Ignored));
    assert_eq!(session.on_pubcomp(id(5), ReasonCode::Success), Ok(Acknowledged::Ignored));
    let unknown = Acknowledged::Release(ReasonCode::PacketIdentifierNotFound);
    assert_eq!(session.on_pubrec(id(5), ReasonCode::Success), Ok(unknown));
    assert_eq!(session.on_pubrel(id(5)), ReasonCode::PacketIdentifierNotFound);
}

#[test]
fn more_than_the_receive_maximum_is_refused() {
    let mut session = connected();
    for value in 1..=3 {
        assert_eq!(session.on_publish(QoS::ExactlyOnce, id(value)), Received::New);
    }
    assert_eq!(session.on_publish(QoS::ExactlyOnce, id(1)), Received::Duplicate, "sent again, it counts once");
    assert_eq!(session.on_publish(QoS::AtLeastOnce, id(4)), Received::ReceiveMaximumExceeded);
    assert_eq!(session.on_pubrel(id(2)), ReasonCode::Success);
    assert_eq!(session.on_publish(QoS::AtLeastOnce, id(4)), Received::New);
    session.acknowledged(QoS::AtLeastOnce, id(4));
    assert_eq!(session.on_publish(QoS::AtLeastOnce, id(4)), Received::New);
}

#[test]
fn the_receive_maximum_begins_anew_with_each_connection() {
    let mut session = connected();
    for value in 1..=3 {
        session.on_publish(QoS::ExactlyOnce, id(value));
    }
    session.connected(true, u16::MAX);
    for value in 4..=6 {
        assert_eq!(session.on_publish(QoS::ExactlyOnce, id(value)), Received::New);
    }
    assert_eq!(session.on_publish(QoS::ExactlyOnce, id(7)), Received::ReceiveMaximumExceeded);
    assert_eq!(
        session.on_pubrel(id(1)),
        ReasonCode::Success,
        "of the earlier connection: it frees no place on this one"
    );
    assert_eq!(session.on_publish(QoS::ExactlyOnce, id(7)), Received::ReceiveMaximumExceeded);
}

/// [MQTT-4.6.0-4], [3.1.1 MQTT-4.6.0-4]; and before what waits for the quota, of which they take
/// nothing [MQTT-3.3.4-8], [MQTT-3.3.4-10].
#[test]
fn pubrels_are_resent_in_the_order_of_their_pubrecs() {
    let mut session = connected();
    let ids: Vec<PacketId> = (0..4).map(|token| send(&mut session, token, QoS::ExactlyOnce)).collect();
    for index in [2, 0] {
        session.on_pubrec(ids[index], ReasonCode::Success).expect("in flight");
    }
    session.connected(true, 1);
    assert_eq!(session.next_outgoing(), Some(Outgoing::Pubrel(ids[2])));
    assert_eq!(session.next_outgoing(), Some(Outgoing::Pubrel(ids[0])));
    assert!(
        matches!(session.next_outgoing(), Some(Outgoing::Publish { packet_id, dup: true, .. }) if packet_id == ids[1])
    );
    assert_eq!(session.next_outgoing(), None, "the other waits for the quota");
}

/// The peer may have a PUBLISH of an earlier connection, and would take another message under its
/// identifier for the same one (§4.3.3).
#[test]
fn an_identifier_of_qos_2_that_was_sent_before_is_free_at_pubcomp_alone() {
    for (qos, was_sent) in [(QoS::ExactlyOnce, true), (QoS::ExactlyOnce, false), (QoS::AtLeastOnce, true)] {
        let goes_on = qos == QoS::ExactlyOnce && was_sent;
        let (first, second) = (delivery(7, qos), delivery(8, qos));
        let publish = |packet_id, dup, delivery| Some(Outgoing::Publish { packet_id, dup, delivery });
        let mut session = Session::new(LIMITS);
        session.connected(false, u16::from(was_sent));
        for token in [7, 8] {
            session.enqueue(delivery(token, qos)).expect("there is room");
        }
        if was_sent {
            assert_eq!(session.next_outgoing(), publish(id(1), false, &first));
        }
        session.connected(true, 1);
        assert_eq!(session.next_outgoing(), publish(id(1), was_sent, &first));
        assert_eq!(
            (session.abandon(id(1)), session.in_flight()),
            (Some(7), usize::from(goes_on)),
            "{qos:?} {was_sent}"
        );
        if goes_on {
            assert_eq!(session.next_outgoing(), Some(Outgoing::Pubrel(id(1))));
        }
        assert_eq!(session.next_outgoing(), publish(id(2), false, &second), "it takes none of the quota");
        session.begin_at(id(1));
        assert_eq!(session.allocate_id(), Some(id(if goes_on { 3 } else { 1 })));
        if goes_on {
            // PUBREL is what is sent again, and a PUBREC that comes late is answered with it too.
            assert_eq!(session.on_puback(id(1), ReasonCode::Success), Err(wasmqtt::session::UnexpectedAck(id(1))));
            let release = Ok(Acknowledged::Release(ReasonCode::Success));
            assert_eq!(session.on_pubrec(id(1), ReasonCode::Success), release);
            session.connected(true, 1);
            assert_eq!(session.next_outgoing(), Some(Outgoing::Pubrel(id(1))));
            let unknown = ReasonCode::PacketIdentifierNotFound;
            assert_eq!(session.on_pubcomp(id(1), unknown), Ok(Acknowledged::Ignored), "its tag was given back");
            session.begin_at(id(1));
            assert_eq!(session.allocate_id(), Some(id(1)));
            assert_eq!(session.connected(false, 1), [8], "and is not lost again");
        }
    }
}

#[test]
fn a_full_queue_gives_the_delivery_back() {
    let mut session = Session::new(SessionLimits { queue_messages: 2, queue_bytes: 20, receive_maximum: 1 });
    session.enqueue(delivery(0, QoS::AtLeastOnce)).expect("8 of 20 bytes");
    session.enqueue(delivery(1, QoS::AtLeastOnce)).expect("16 of 20 bytes");
    let full = session.enqueue(delivery(2, QoS::AtLeastOnce)).expect_err("two wait");
    assert_eq!((full.delivery.tag, full.messages, full.bytes), (2, 2, 16));
    assert_eq!(session.drop_oldest().map(|delivery| delivery.tag), Some(0));
    session.enqueue(full.delivery).expect("there is room again");
    assert_eq!(session.withdraw(1).map(|delivery| delivery.tag), Some(1));
    assert_eq!((session.queued(), session.queued_bytes()), (1, 8));
}

//! What the tests of several chapters need: both versions, sessions that stay, and bystanders.

use std::sync::LazyLock;

use wasmqtt::broker::{Answer, Credentials, PeerId, Question};
use wasmqtt::codec::{Ack, Connect, Packet, PropertiesBuf, Property, QoS, Version};

use crate::room::{Room, V4, V5, connect, id, properties, publish};

pub(crate) const BOTH: [Version; 2] = [V4, V5];

static FOR_EVER: LazyLock<PropertiesBuf> = LazyLock::new(|| properties(&[Property::SessionExpiryInterval(u32::MAX)]));

/// A client whose session outlives its connections, and is resumed.
pub(crate) fn lasting(version: Version, client_id: &str) -> Connect<'_> {
    let plain = Connect { clean_start: false, ..connect(version, client_id) };
    if version == V5 { Connect { properties: FOR_EVER.as_properties(), ..plain } } else { plain }
}

pub(crate) fn puback(value: u16) -> Packet<'static> {
    Packet::Puback(Ack::success(id(value)))
}

pub(crate) fn pubrec(value: u16) -> Packet<'static> {
    Packet::Pubrec(Ack::success(id(value)))
}

pub(crate) fn pubrel(value: u16) -> Packet<'static> {
    Packet::Pubrel(Ack::success(id(value)))
}

pub(crate) fn pubcomp(value: u16) -> Packet<'static> {
    Packet::Pubcomp(Ack::success(id(value)))
}

/// A publisher of 3.1.1 and a subscriber of 5.0, to whom what others do must make no difference.
pub(crate) struct Bystanders {
    publisher: PeerId,
    subscriber: PeerId,
    /// The identifier that the subscriber's next message has.
    next: u16,
}

impl Bystanders {
    pub(crate) fn join(room: &mut Room) -> Self {
        let [publisher, subscriber] = [(V4, "publisher"), (V5, "subscriber")].map(|(version, name)| {
            let peer = room.connect(&connect(version, name));
            allow(room);
            assert!(room.hear(peer)[0].starts_with("CONNACK ok"));
            peer
        });
        room.subscribe(subscriber, "between/+", QoS::AtLeastOnce);
        allow(room);
        room.hear(subscriber);
        Self { publisher, subscriber, next: 1 }
    }

    /// One message of QoS 1 goes from the one to the other, is acknowledged on both ways, and nothing else happens.
    pub(crate) fn exchange(&mut self, room: &mut Room) {
        room.send(self.publisher, &Packet::Publish(publish("between/us", "x", QoS::AtLeastOnce)));
        allow(room);
        assert_eq!(room.hear(self.publisher), ["PUBACK #9 ok"]);
        assert_eq!(room.hear(self.subscriber), [format!("between/us=x q1 #{}", self.next)]);
        room.send(self.subscriber, &puback(self.next));
        assert!(room.hear(self.subscriber).is_empty() && room.hear(self.publisher).is_empty());
        self.next = self.next.checked_add(1).unwrap_or(1);
    }

    pub(crate) fn subscriber(&self) -> PeerId {
        self.subscriber
    }
}

/// The host allows the bystanders what they ask for, and leaves the others waiting.
fn allow(room: &mut Room) {
    let is_theirs = |question: &Question| {
        let (Question::Authenticate(Credentials { client_id, .. })
        | Question::Enhanced { credentials: Credentials { client_id, .. }, .. }
        | Question::Authorize { client_id, .. }) = question;
        matches!(&**client_id, "publisher" | "subscriber")
    };
    while let Some(place) = room.asked.iter().position(|(_, question)| is_theirs(question)) {
        let (question, _) = room.asked.remove(place);
        room.answer_to(question, Answer::Allow);
    }
}

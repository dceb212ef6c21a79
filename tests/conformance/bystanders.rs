//! Bystanders: two clients whose exchange goes on, whatever a third one does.

use wasmqtt::broker::{Answer, Credentials, PeerId, Question};
use wasmqtt::codec::{Packet, QoS};

use crate::support::packets::{V4, V5, connect, puback, publish};
use crate::support::scenario::Scenario;

/// A publisher of 3.1.1 and a subscriber of 5.0, to whom what others do must make no difference.
pub(crate) struct Bystanders {
    publisher: PeerId,
    subscriber: PeerId,
    /// The identifier that the subscriber's next message has.
    next: u16,
}

impl Bystanders {
    pub(crate) fn join(scenario: &mut Scenario) -> Self {
        let [publisher, subscriber] = [(V4, "publisher"), (V5, "subscriber")].map(|(version, name)| {
            let peer = scenario.connect(&connect(version, name));
            allow(scenario);
            assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"));
            peer
        });
        scenario.subscribe(subscriber, "between/+", QoS::AtLeastOnce);
        allow(scenario);
        scenario.hear(subscriber);
        Self { publisher, subscriber, next: 1 }
    }

    /// One message of QoS 1 goes from the one to the other, is acknowledged on both ways, and
    /// nothing else happens.
    pub(crate) fn exchange(&mut self, scenario: &mut Scenario) {
        scenario.send(self.publisher, &Packet::Publish(publish("between/us", "x", QoS::AtLeastOnce)));
        allow(scenario);
        assert_eq!(scenario.hear(self.publisher), ["PUBACK #9 ok"]);
        assert_eq!(scenario.hear(self.subscriber), [format!("between/us=x q1 #{}", self.next)]);
        scenario.send(self.subscriber, &puback(self.next));
        assert!(scenario.hear(self.subscriber).is_empty() && scenario.hear(self.publisher).is_empty());
        self.next = self.next.checked_add(1).unwrap_or(1);
    }

    pub(crate) fn subscriber(&self) -> PeerId {
        self.subscriber
    }
}

/// The host allows the bystanders what they ask for, and leaves the others waiting.
fn allow(scenario: &mut Scenario) {
    let is_theirs = |question: &Question| {
        let (Question::Authenticate(Credentials { client_id, .. })
        | Question::Enhanced { credentials: Credentials { client_id, .. }, .. }
        | Question::Authorize { client_id, .. }) = question;
        matches!(&**client_id, "publisher" | "subscriber")
    };
    while let Some(place) = scenario.asked.iter().position(|(_, question)| is_theirs(question)) {
        let (question, _) = scenario.asked.remove(place);
        scenario.answer_to(question, Answer::Allow);
    }
}

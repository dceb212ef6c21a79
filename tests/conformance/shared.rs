//! Shared subscriptions (§4.8.2), which 3.1.1 clients have too.

use wasmqtt::broker::PeerId;
use wasmqtt::codec::{Ack, Connect, Packet, QoS, ReasonCode, SubscriptionOptions};

use crate::support::packets::{BOTH, QOS, V4, V5, connect, id, lasting, properties, puback, pubcomp, pubrec};
use crate::support::scenario::Scenario;

const FILTER: &str = "$share/group/t/+";

/// Two members whose sessions stay, and a publisher; the first message goes to the first.
fn group(qos: QoS) -> (Scenario, [PeerId; 2], PeerId) {
    let mut scenario = Scenario::new();
    let members = ["one", "two"].map(|name| scenario.join_with(&lasting(V5, name)));
    for member in members {
        scenario.subscribe(member, FILTER, qos);
    }
    let publisher = scenario.join(V5, "p");
    (scenario, members, publisher)
}

/// [MQTT-4.8.2-3]: each member has its own, whoever's turn it is.
#[test]
fn each_member_is_sent_to_with_its_own_granted_quality() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let publisher = scenario.join(V5, "p");
        let members: Vec<_> =
            QOS.iter().map(|qos| (scenario.join(version, ["0", "1", "2"][usize::from(qos.bits())]), *qos)).collect();
        for (member, qos) in &members {
            assert_eq!(scenario.subscribe(*member, FILTER, *qos), [format!("SUBACK #100 0{}", qos.bits())]);
        }
        for sent in QOS {
            for (member, granted) in &members {
                scenario.publish(publisher, "t/x", "x", sent);
                let heard = scenario.hear(*member);
                assert_eq!(heard.len(), 1, "{version:?}");
                assert!(heard[0].starts_with(&format!("t/x=x q{}", sent.min(*granted).bits())), "{heard:?}");
            }
        }
    }
}

/// [MQTT-4.8.2-4]: at either step.
#[test]
fn a_qos_2_delivery_that_was_begun_is_completed_with_its_member() {
    for released in [false, true] {
        let (mut scenario, [one, two], publisher) = group(QoS::ExactlyOnce);
        scenario.publish(publisher, "t/x", "x", QoS::ExactlyOnce);
        assert_eq!(scenario.hear(one), ["t/x=x q2 #1"]);
        if released {
            scenario.send(one, &pubrec(1));
            assert_eq!(scenario.hear(one), ["PUBREL #1 ok"]);
        }
        scenario.cut(one);
        scenario.wait_ms(100_000);
        assert!(scenario.hear(two).is_empty());
        let one = scenario.connect(&lasting(V5, "one"));
        if !released {
            assert_eq!(scenario.hear(one)[1..], ["t/x=x q2 #1 dup"]);
            scenario.send(one, &pubrec(1));
        }
        assert!(scenario.hear(one).ends_with(&["PUBREL #1 ok".to_owned()]));
        scenario.send(one, &pubcomp(1));
        assert!(scenario.hear(two).is_empty() && scenario.hear(one).is_empty());
    }
}

/// [MQTT-4.8.2-5]: a message of QoS 2. The session ends by a clean start, and by expiry.
#[test]
fn a_qos_2_delivery_that_was_begun_goes_to_no_other() {
    for clean in [false, true] {
        let (mut scenario, [one, two], publisher) = group(QoS::ExactlyOnce);
        scenario.publish(publisher, "t/x", "x", QoS::ExactlyOnce);
        assert_eq!(scenario.hear(one), ["t/x=x q2 #1"]);
        if clean {
            scenario.cut(one);
            scenario.join(V5, "one");
        } else {
            let list = properties(&[wasmqtt::codec::Property::SessionExpiryInterval(0)]);
            let goodbye = wasmqtt::codec::Disconnect { reason: ReasonCode::Success, properties: list.as_properties() };
            scenario.send(one, &Packet::Disconnect(goodbye));
            assert_eq!(scenario.sessions(), ["p", "two"]);
        }
        scenario.wait_ms(100_000);
        assert!(scenario.hear(two).is_empty(), "{clean}");
        scenario.publish(publisher, "t/x", "y", QoS::ExactlyOnce);
        assert_eq!(scenario.hear(two), ["t/x=y q2 #1"]);
    }
}

/// [MQTT-4.8.2-6]: the message is over.
#[test]
fn what_a_member_refuses_goes_to_no_other() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let (mut scenario, [one, two], publisher) = group(qos);
        scenario.publish(publisher, "t/x", "x", qos);
        assert_eq!(scenario.hear(one).len(), 1);
        let refusal = Ack::new(id(1), ReasonCode::QuotaExceeded);
        scenario.send(one, &if qos == QoS::AtLeastOnce { Packet::Puback(refusal) } else { Packet::Pubrec(refusal) });
        scenario.cut(one);
        let one = scenario.connect(&lasting(V5, "one"));
        assert_eq!(scenario.hear(one).len(), 1, "CONNACK alone");
        scenario.cut(one);
        scenario.join(V5, "one");
        assert!(scenario.hear(two).is_empty());
    }
}

/// §4.8.2: the name of the group and the filter are both of it; a client's own subscription is
/// beside it.
#[test]
fn groups_are_apart_by_name_and_filter() {
    let mut scenario = Scenario::new();
    let publisher = scenario.join(V5, "p");
    let rows = ["$share/g/t/+", "$share/h/t/+", "$share/g/t/#", "t/+"];
    let peers = rows.map(|filter| (scenario.join(V5, filter), filter));
    for (peer, filter) in peers {
        scenario.subscribe(peer, filter, QoS::AtMostOnce);
    }
    let both = scenario.join(V5, "both");
    for filter in ["$share/g/t/+", "t/+"] {
        scenario.subscribe(both, filter, QoS::AtMostOnce);
    }
    for _ in 0..2 {
        scenario.publish(publisher, "t/x", "x", QoS::AtMostOnce);
    }
    let counts = peers.map(|(peer, _)| scenario.hear(peer).len());
    assert_eq!(counts, [1, 2, 2, 2], "of the first group it had one, and the other member one");
    assert_eq!(scenario.hear(both).len(), 3, "one of the group's, and two of its own");
}

/// §3.8.4, [MQTT-3.8.4-3]: the options are replaced, the turn goes on, and no retained message
/// comes.
#[test]
fn subscribing_again_to_a_group_changes_the_options() {
    let (mut scenario, [one, two], publisher) = group(QoS::AtMostOnce);
    scenario.retain(publisher, "t/kept", "x", QoS::AtMostOnce);
    scenario.hear(one);
    let options = SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() };
    assert_eq!(scenario.subscribe_with(two, FILTER, options, Some(5)), ["SUBACK #100 01"]);
    for payload in ["1", "2"] {
        scenario.publish(publisher, "t/x", payload, QoS::AtLeastOnce);
    }
    assert_eq!(scenario.hear(two), ["t/x=1 q1 #1 SubscriptionIdentifier(5)"]);
    assert_eq!(scenario.hear(one), ["t/x=2 q0"]);
    scenario.send(two, &puback(1));
    assert_eq!(scenario.broker.subscriptions(), 1);
}

/// A member of 3.1.1 and one of 5.0 share, and who comes late gets the next turn.
#[test]
fn a_group_is_of_both_versions() {
    let mut scenario = Scenario::new();
    let publisher = scenario.join(V4, "p");
    let (old, new) = (scenario.join(V4, "old"), scenario.join_with(&Connect { keep_alive: 0, ..connect(V5, "new") }));
    for peer in [old, new] {
        scenario.subscribe(peer, FILTER, QoS::AtMostOnce);
    }
    for payload in ["1", "2", "3"] {
        scenario.publish(publisher, "t/x", payload, QoS::AtMostOnce);
    }
    assert_eq!(
        (scenario.hear(old), scenario.hear(new)),
        (vec!["t/x=1 q0".into(), "t/x=3 q0".into()], vec!["t/x=2 q0".into()])
    );
}

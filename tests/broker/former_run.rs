//! A run of the broker that ends before all is checked for another user of a session: the next run
//! checks it.

use wasmqtt::broker::Access;
use wasmqtt::codec::{Ack, Connect, Packet, Property, QoS};

use super::former_user::{
    RECEIVE, SUBSCRIBE, answer_all, answer_subscriptions, come, dropped, leave_in_flight, options, publisher,
};
use super::store::{restart_with, stored_with};
use crate::support::packets::{V5, id, lasting, properties};

/// The former run ends before it has asked its last user about what was sent to the one before.
#[test]
fn what_a_run_has_not_asked_another_user_about_is_asked_in_the_next() {
    for username in [Some("bob"), Some("ann")] {
        let mut scenario = stored_with(options(Access::default(), RECEIVE));
        let connect = lasting(V5, "a");
        leave_in_flight(&mut scenario, &connect);
        come(&mut scenario, &connect, Some("bob"));
        assert_eq!(scenario.asked.len(), 2);
        for run in 1..=2 {
            scenario.asked.clear();
            restart_with(&mut scenario, run, options(Access::default(), RECEIVE));
        }
        scenario.restarted();
        scenario.events.clear();
        let (peer, heard) = come(&mut scenario, &connect, username);
        assert!(heard.is_empty(), "{heard:?}");
        answer_all(&mut scenario, username.expect("a user"));
        let (rest, lost): (&[&str], &[&str]) = if username == Some("bob") {
            (&["open/1=x q1 #2 dup"], &["secret/1"])
        } else {
            (&["secret/1=x q1 #1 dup", "open/1=x q1 #2 dup"], &[])
        };
        assert_eq!(scenario.hear(peer), rest);
        assert_eq!(dropped(&mut scenario), lost);
    }
}

/// A subscription has ended for another user, and a message of it still waits.
#[test]
fn what_a_lost_subscription_brought_is_dropped_in_the_next_run_too() {
    let mut scenario = stored_with(options(Access::default(), SUBSCRIBE));
    let (peer, _) = come(&mut scenario, &lasting(V5, "a"), Some("ann"));
    for filter in ["secret/#", "open/#"] {
        scenario.subscribe(peer, filter, QoS::AtLeastOnce);
        answer_subscriptions(&mut scenario, Some("ann"));
    }
    scenario.cut(peer);
    let other = publisher(&mut scenario);
    for topic in ["open/1", "secret/1", "open/2"] {
        scenario.publish(other, topic, "x", QoS::AtLeastOnce);
    }
    let one = properties(&[Property::ReceiveMaximum(1), Property::SessionExpiryInterval(1_000)]);
    let slow = Connect { properties: one.as_properties(), username: Some("bob"), ..lasting(V5, "a") };
    let bob = scenario.connect(&slow);
    answer_subscriptions(&mut scenario, Some("bob"));
    assert_eq!(scenario.hear(bob)[1..], ["open/1=x q1 #1"]);
    restart_with(&mut scenario, 1, options(Access::default(), SUBSCRIBE));
    scenario.restarted();
    scenario.events.clear();
    let bob = scenario.connect(&slow);
    assert_eq!(scenario.hear(bob)[1..], ["open/1=x q1 #1 dup"]);
    scenario.send(bob, &Packet::Puback(Ack::success(id(1))));
    assert_eq!(scenario.hear(bob), ["open/2=x q1 #1"]);
    assert_eq!(dropped(&mut scenario), ["secret/1"]);
}

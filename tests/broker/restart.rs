//! Restarts: the state that survives the broker in its store.

use std::num::NonZeroU16;

use wasmqtt::broker::{Access, AccessFilter, AccessRule, Answer, Asks, BrokerOptions};
use wasmqtt::codec::{
    Ack, Connect, Message, Packet, Property, Publish, QoS, ReasonCode, RetainHandling, SubscriptionOptions, Will,
};
use wasmqtt::time::Time;

use super::store::{come_back, expiry, keeping, restart, restart_with, stored, stored_with};
use crate::support::packets::{QOS, V4, V5, id, message, properties, publish, will};
use crate::support::scenario::Scenario;

/// Messages that come before the client is back are held against the rules for its user.
#[test]
fn the_user_of_a_session_survives() {
    let rule = |filter, verdict| AccessRule {
        action: None,
        filter: AccessFilter::parse(filter).expect(filter),
        client_id: None,
        username: None,
        verdict,
    };
    let rules = vec![rule("home/%u", Ok(())), rule("home/+", Err(ReasonCode::NotAuthorized))];
    let mut scenario = stored_with(BrokerOptions { access: Access::new(rules), ..BrokerOptions::default() });
    let expiry = expiry(1_000);
    for (client_id, username) in [("a", Some("ann")), ("b", Some("")), ("c", None)] {
        let peer = scenario.join_with(&Connect { username, ..keeping(V5, client_id, &expiry) });
        scenario.subscribe(peer, "#", QoS::AtLeastOnce);
    }
    for seconds in [1, 2] {
        restart(&mut scenario, seconds);
        for topic in ["home/ann", "home/", "home/bob"] {
            let message = Message { qos: QoS::AtLeastOnce, ..message(topic, "x") };
            scenario.broker.publish(message, scenario.now);
            scenario.drain();
        }
    }
    let received = ["home/ann=x q1 #1", "home/ann=x q1 #2"];
    for (client_id, username, expected) in [("a", Some("ann"), &received[..]), ("b", Some(""), &[]), ("c", None, &[])] {
        let peer = scenario.connect(&Connect { username, ..keeping(V5, client_id, &expiry) });
        assert_eq!(scenario.hear(peer)[1..], *expected, "{client_id}");
    }
}

/// [MQTT-3.8.3-3]: a retained message is its publisher's own after a restart too.
#[test]
fn whose_a_retained_message_is_survives() {
    let mut scenario = stored();
    let publisher = scenario.join(V5, "a");
    scenario.retain(publisher, "t", "x", QoS::AtLeastOnce);
    restart(&mut scenario, 1);
    let options = SubscriptionOptions { no_local: true, ..SubscriptionOptions::default() };
    for (client_id, count) in [("a", 0), ("b", 1)] {
        let peer = scenario.join(V5, client_id);
        assert_eq!(scenario.subscribe_with(peer, "t", options, None).len(), 1 + count, "{client_id}");
    }
}

#[test]
fn subscriptions_survive_with_their_options_and_identifiers() {
    for version in [V4, V5] {
        let mut scenario = stored();
        let expiry = expiry(1_000);
        let peer = scenario.join_with(&keeping(version, "a", &expiry));
        let rows =
            [("no/local", true, false, None), ("as/published", false, true, Some(7)), ("plain/#", false, false, None)];
        for (filter, no_local, retain_as_published, identifier) in rows {
            let options = SubscriptionOptions {
                qos: QoS::AtLeastOnce,
                no_local: no_local && version == V5,
                retain_as_published: retain_as_published && version == V5,
                retain_handling: RetainHandling::Send,
            };
            scenario.subscribe_with(peer, filter, options, identifier.filter(|_| version == V5));
        }
        scenario.subscribe(peer, "given/up", QoS::AtLeastOnce);
        scenario.unsubscribe(peer, "given/up");
        scenario.subscribe(peer, "$share/group/job", QoS::AtMostOnce);
        restart(&mut scenario, 10);
        let (peer, present, _) = come_back(&mut scenario, version, "a");
        assert!(present);
        let other = scenario.join(V5, "other");
        scenario.retain(other, "as/published", "x", QoS::ExactlyOnce);
        scenario.publish(other, "plain/1", "x", QoS::AtMostOnce);
        scenario.publish(other, "given/up", "x", QoS::AtLeastOnce);
        scenario.publish(other, "job", "x", QoS::AtLeastOnce);
        let expected = match version {
            V4 => ["as/published=x q1 #1", "plain/1=x q0", "job=x q0"],
            V5 => ["as/published=x q1 #1 retain SubscriptionIdentifier(7)", "plain/1=x q0", "job=x q0"],
        };
        assert_eq!(scenario.hear(peer), expected);
        let own = scenario.publish(peer, "no/local", "x", QoS::AtLeastOnce);
        assert_eq!(own.len(), if version == V5 { 1 } else { 2 }, "{own:?}");
    }
}

/// [MQTT-4.4.0-1], [MQTT-4.6.0-1], [MQTT-4.3.3-6]: as if the broker had never been away.
#[test]
fn what_is_in_flight_and_what_waits_goes_on_where_it_stood() {
    let mut scenario =
        stored_with(BrokerOptions { in_flight_max: 5.try_into().expect("not 0"), ..BrokerOptions::default() });
    let expiry = expiry(1_000);
    let peer = scenario.join_with(&keeping(V5, "a", &expiry));
    scenario.subscribe(peer, "#", QoS::ExactlyOnce);
    let other = scenario.join(V5, "other");
    for (number, qos) in [1, 2, 1, 2, 2, 1, 2].into_iter().enumerate() {
        scenario.publish(other, "t", &number.to_string(), QOS[qos]);
    }
    assert_eq!(scenario.hear(peer).len(), 5);
    // Of the QoS 2 ones the second is released before the first; a QoS 1 one is over, and so the
    // sixth is sent.
    scenario.send(peer, &Packet::Puback(Ack::success(id(1))));
    scenario.send(peer, &Packet::Pubrec(Ack::success(id(4))));
    scenario.send(peer, &Packet::Pubrec(Ack::success(id(2))));
    assert_eq!(scenario.hear(peer), ["t=5 q1 #6", "PUBREL #4 ok", "PUBREL #2 ok"]);
    for _ in 0..2 {
        restart(&mut scenario, 1);
        let (_, present, heard) = come_back(&mut scenario, V5, "a");
        assert!(present);
        let expected = ["PUBREL #4 ok", "PUBREL #2 ok", "t=2 q1 #3 dup", "t=4 q2 #5 dup", "t=5 q1 #6 dup", "t=6 q2 #1"];
        assert_eq!(heard[..5], expected[..5]);
        // The last is in flight since the first time round.
        let last = heard[5..].join(" ");
        assert!(last.is_empty() || last.starts_with("t=6 q2 #1"), "{heard:?}");
    }
}

/// [MQTT-4.3.3-10], [MQTT-4.3.3-12]: exactly once across a restart.
#[test]
fn a_qos_2_message_that_came_before_the_restart_is_not_taken_again_after_it() {
    let mut scenario = stored();
    let expiry = expiry(1_000);
    let keeper = scenario.join_with(&keeping(V5, "keeper", &expiry));
    scenario.subscribe(keeper, "t", QoS::ExactlyOnce);
    scenario.cut(keeper);
    let peer = scenario.join_with(&keeping(V5, "a", &expiry));
    scenario.send(peer, &Packet::Publish(publish("t", "x", QoS::ExactlyOnce)));
    assert_eq!(scenario.hear(peer), ["PUBREC #9 ok"]);
    restart(&mut scenario, 1);
    let (peer, ..) = come_back(&mut scenario, V5, "a");
    scenario.send(peer, &Packet::Publish(Publish { dup: true, ..publish("t", "x", QoS::ExactlyOnce) }));
    scenario.send(peer, &Packet::Pubrel(Ack::success(id(9))));
    assert_eq!(scenario.hear(peer), ["PUBREC #9 ok", "PUBCOMP #9 ok"]);
    restart(&mut scenario, 1);
    let (peer, ..) = come_back(&mut scenario, V5, "a");
    scenario.send(peer, &Packet::Pubrel(Ack::success(id(9))));
    assert_eq!(scenario.hear(peer), ["PUBCOMP #9 92"], "it is over, and its identifier free");
    let (_, _, heard) = come_back(&mut scenario, V5, "keeper");
    assert_eq!(heard, ["t=x q2 #1"]);
}

#[test]
fn retained_messages_survive_the_last_of_each_topic() {
    let mut scenario = stored();
    let peer = scenario.join(V5, "a");
    let list = properties(&[Property::ContentType("text"), Property::UserProperty("k", "v")]);
    let with = Publish { properties: list.as_properties(), retain: true, ..publish("with", "x", QoS::ExactlyOnce) };
    scenario.publish_with(peer, with);
    for payload in ["old", "new"] {
        scenario.retain(peer, "t", payload, QoS::AtMostOnce);
    }
    scenario.retain(peer, "cleared", "x", QoS::AtLeastOnce);
    scenario.retain(peer, "cleared", "", QoS::AtLeastOnce);
    scenario.retain(peer, "old/and/cleared", "x", QoS::AtLeastOnce);
    restart(&mut scenario, 1);
    let peer = scenario.join(V5, "a");
    scenario.retain(peer, "old/and/cleared", "", QoS::AtLeastOnce);
    restart(&mut scenario, 1);
    let peer = scenario.join(V5, "b");
    let heard = scenario.subscribe(peer, "#", QoS::ExactlyOnce);
    let expected =
        ["SUBACK #100 02", "t=new q0 retain", r#"with=x q2 #1 retain ContentType("text") UserProperty("k", "v")"#];
    assert_eq!(heard, expected);
}

/// [MQTT-3.1.2-8], §3.1.3.2.2: the connection is gone when the broker is back; a delay that had
/// begun goes on.
#[test]
fn wills_survive_with_their_delays() {
    let rows = [(None, 0), (Some(30), 30)];
    for (delay, seconds) in rows {
        let mut scenario = stored();
        let watcher_expiry = expiry(1_000);
        let watcher = scenario.join_with(&keeping(V5, "watcher", &watcher_expiry));
        scenario.subscribe(watcher, "will", QoS::ExactlyOnce);
        scenario.cut(watcher);
        let list = delay.map(|delay| properties(&[Property::WillDelayInterval(delay)])).unwrap_or_default();
        let will = Will { properties: list.as_properties(), ..will("will", "gone", QoS::ExactlyOnce) };
        let expiry = expiry(1_000);
        scenario.join_with(&Connect { will: Some(will), ..keeping(V5, "a", &expiry) });
        restart(&mut scenario, 5);
        let (watcher, _, mut heard) = come_back(&mut scenario, V5, "watcher");
        if seconds > 0 {
            scenario.wait_ms(10_000);
            restart(&mut scenario, 10);
            let (watcher, ..) = come_back(&mut scenario, V5, "watcher");
            scenario.wait_ms(9_999);
            assert_eq!(scenario.hear(watcher), [""; 0]);
            scenario.wait_ms(1);
            heard = scenario.hear(watcher);
        }
        assert_eq!(heard, ["will=gone q2 #1"], "{delay:?}");
        assert_eq!(scenario.hear(watcher), [""; 0]);
        // It is published once, whatever happens then.
        restart(&mut scenario, 1);
        let (watcher, _, heard) = come_back(&mut scenario, V5, "watcher");
        assert_eq!(heard, ["will=gone q2 #1 dup"]);
        scenario.wait_ms(100_000);
        assert_eq!(scenario.hear(watcher), [""; 0]);
    }
}

#[test]
fn a_clock_that_was_set_back_makes_no_delay_longer() {
    let mut scenario = stored();
    let long = expiry(u32::MAX);
    let watcher = scenario.join_with(&keeping(V5, "watcher", &long));
    scenario.subscribe(watcher, "will", QoS::AtLeastOnce);
    scenario.cut(watcher);
    let delay = properties(&[Property::WillDelayInterval(30)]);
    let will = Will { properties: delay.as_properties(), ..will("will", "gone", QoS::AtLeastOnce) };
    let peer = scenario.join_with(&Connect { will: Some(will), ..keeping(V5, "a", &long) });
    scenario.cut(peer);
    scenario.now = Time::from_millis(scenario.now.as_millis() - 1_000_000_000);
    restart(&mut scenario, 0);
    scenario.wait_ms(29_999);
    let (watcher, _, heard) = come_back(&mut scenario, V5, "watcher");
    assert_eq!(heard, [""; 0]);
    scenario.wait_ms(1);
    assert_eq!(scenario.hear(watcher), ["will=gone q1 #1"]);
}

/// All packet identifiers wait for PUBCOMP: the cursor of what is retained waits too, and is stored
/// in its place.
#[test]
fn a_cursor_waits_where_no_identifier_is_free() {
    let mut scenario = stored_with(BrokerOptions {
        in_flight_max: NonZeroU16::MAX,
        queue_messages: usize::from(u16::MAX),
        queue_bytes: 1 << 30,
        ..BrokerOptions::default()
    });
    let lasting = expiry(1_000);
    let peer = scenario.join_with(&keeping(V5, "a", &lasting));
    scenario.subscribe(peer, "live", QoS::ExactlyOnce);
    let other = scenario.join(V5, "other");
    // So many are stored together.
    let together = |scenario: &mut Scenario, act: &dyn Fn(&mut Scenario)| {
        scenario.disk_waits = true;
        act(scenario);
        while let Some(batch) = scenario.disk.write() {
            scenario.broker.handle_stored(batch, scenario.now);
            scenario.drain();
        }
        scenario.disk_waits = false;
    };
    together(&mut scenario, &|scenario| {
        for _ in 0..u16::MAX {
            scenario.publish_host(Message { qos: QoS::ExactlyOnce, ..message("live", "x") });
        }
    });
    assert_eq!(scenario.hear(peer).len(), usize::from(u16::MAX));
    together(&mut scenario, &|scenario| {
        for number in 1..=u16::MAX {
            scenario.send(peer, &Packet::Pubrec(Ack::success(id(number))));
        }
    });
    scenario.retain(other, "kept/1", "retained", QoS::ExactlyOnce);
    scenario.cut(peer);
    let (peer, ..) = come_back(&mut scenario, V5, "a");
    scenario.subscribe(peer, "kept/#", QoS::ExactlyOnce);
    scenario.publish(other, "live", "last", QoS::ExactlyOnce);
    assert_eq!(scenario.hear(peer), [""; 0]);
    for number in [7, 8] {
        scenario.send(peer, &Packet::Pubcomp(Ack::success(id(number))));
    }
    assert_eq!(scenario.hear(peer).len(), 2);
    for number in [7, 8] {
        scenario.send(peer, &Packet::Pubrec(Ack::success(id(number))));
        scenario.send(peer, &Packet::Pubcomp(Ack::success(id(number))));
    }
    restart(&mut scenario, 1);
    let (_, _, heard) = come_back(&mut scenario, V5, "a");
    assert!(heard.iter().all(|line| line.starts_with("PUBREL")), "delivered again");
}

/// §3.1.2.11.2: a session that was connected begins to expire when the broker is back; another goes
/// on expiring.
#[test]
fn sessions_expire_at_their_time_across_restarts() {
    let rows = [
        (true, 100, 1_000, true),
        (true, 100, 99, true),
        (true, 100, 101, true),
        (false, 100, 99, true),
        (false, 100, 101, false),
    ];
    for (connected, interval, away, present) in rows {
        let mut scenario = stored();
        let expiry = expiry(interval);
        let peer = scenario.join_with(&keeping(V5, "a", &expiry));
        if !connected {
            scenario.cut(peer);
        }
        restart(&mut scenario, away);
        let case = format!("{connected} {interval} {away}");
        assert_eq!(scenario.sessions().len(), usize::from(present), "{case}");
        if connected {
            scenario.wait_ms(99_999);
            assert_eq!(scenario.sessions(), ["a"], "{case}");
            scenario.wait_ms(1);
        } else {
            scenario.wait_ms(1_000);
        }
        assert_eq!(scenario.sessions(), [""; 0], "{case}");
        assert_eq!(scenario.disk.kinds(), "F", "{case}");
    }
    // For ever is for ever, and a clock that was set back makes nothing longer than it is.
    let mut scenario = stored();
    let for_ever = expiry(u32::MAX);
    let peer = scenario.join_with(&keeping(V5, "a", &for_ever));
    scenario.cut(peer);
    restart(&mut scenario, 1_000_000_000);
    assert_eq!((scenario.sessions(), scenario.broker.next_deadline()), (vec!["a"], None));
    let short = expiry(10);
    let peer = scenario.join_with(&Connect { clean_start: true, ..keeping(V5, "b", &short) });
    scenario.cut(peer);
    scenario.now = Time::from_millis(scenario.now.as_millis() - 1_000_000);
    restart(&mut scenario, 0);
    scenario.wait_ms(10_000);
    assert_eq!(scenario.sessions(), ["a"]);
}

/// [MQTT-3.3.2-5], [MQTT-3.3.2-6]: the time that the broker was away counts.
#[test]
fn messages_expire_at_their_time_across_restarts() {
    let mut scenario = stored();
    let expiry = expiry(1_000);
    let keeper = scenario.join_with(&keeping(V5, "keeper", &expiry));
    scenario.subscribe(keeper, "t/#", QoS::AtLeastOnce);
    scenario.cut(keeper);
    let sender = scenario.join(V5, "sender");
    for seconds in [50, 100] {
        let list = properties(&[Property::MessageExpiryInterval(seconds)]);
        let topic = format!("t/{seconds}");
        let publish =
            Publish { properties: list.as_properties(), retain: true, ..publish(&topic, "x", QoS::AtLeastOnce) };
        scenario.publish_with(sender, publish);
    }
    restart(&mut scenario, 60);
    let (_, _, heard) = come_back(&mut scenario, V5, "keeper");
    assert_eq!(heard, ["t/100=x q1 #2 MessageExpiryInterval(40)"]);
    let other = scenario.join(V5, "other");
    let heard = scenario.subscribe(other, "t/#", QoS::AtMostOnce);
    assert_eq!(heard[1..], ["t/100=x q0 retain MessageExpiryInterval(40)"]);
}

/// A message that waits for the host's answer is promised to its publisher, and asked about again.
#[test]
fn deliveries_that_wait_to_be_allowed_survive_and_are_asked_about_again() {
    for is_asked_again in [true, false] {
        let asks = Asks { receive: true, ..Asks::default() };
        let mut scenario = stored_with(BrokerOptions { asks, ..BrokerOptions::default() });
        let expiry = expiry(1_000);
        let keeper = scenario.join_with(&keeping(V5, "keeper", &expiry));
        scenario.subscribe(keeper, "t", QoS::ExactlyOnce);
        let sender = scenario.join(V5, "sender");
        for (payload, qos) in [("1", 1), ("zero", 0), ("2", 2), ("3", 1)] {
            scenario.publish(sender, "t", payload, QOS[qos]);
        }
        let asked = std::mem::take(&mut scenario.asked);
        scenario.broker.answer(asked[0].0, Answer::Allow, scenario.now);
        scenario.drain();
        assert_eq!(scenario.hear(keeper), ["t=1 q1 #1"]);
        assert_eq!(scenario.disk.kinds(), "FMMMSfoss");
        scenario.asked.clear();
        let asks = Asks { receive: is_asked_again, ..Asks::default() };
        restart_with(&mut scenario, 1, BrokerOptions { asks, ..BrokerOptions::default() });
        let asked = std::mem::take(&mut scenario.asked);
        assert_eq!(asked.len(), if is_asked_again { 2 } else { 0 });
        let (keeper, _, heard) = come_back(&mut scenario, V5, "keeper");
        let first = "t=1 q1 #1 dup";
        if is_asked_again {
            assert_eq!(heard, [first]);
            for (question, _) in asked {
                scenario.broker.answer(question, Answer::Allow, scenario.now);
            }
            scenario.drain();
            assert_eq!(scenario.hear(keeper), ["t=2 q2 #2", "t=3 q1 #3"]);
        } else {
            assert_eq!(heard, [first, "t=2 q2 #2", "t=3 q1 #3"]);
        }
        assert_eq!(scenario.disk.kinds(), "FMMMSfooo");
    }
}

/// [MQTT-4.8.2-5]: a message of a shared subscription still goes to another member after a restart.
#[test]
fn what_a_member_leaves_undone_is_known_to_be_shared_after_a_restart() {
    let mut scenario = stored();
    let short = expiry(10);
    let peer = scenario.join_with(&keeping(V5, "short", &short));
    scenario.subscribe(peer, "$share/g/t", QoS::AtLeastOnce);
    scenario.subscribe(peer, "own", QoS::AtLeastOnce);
    let sender = scenario.join(V5, "sender");
    scenario.publish(sender, "t", "shared", QoS::AtLeastOnce);
    scenario.publish(sender, "own", "x", QoS::AtLeastOnce);
    assert_eq!(scenario.hear(peer).len(), 2);
    restart(&mut scenario, 1);
    let long = expiry(1_000);
    let other = scenario.join_with(&keeping(V5, "other", &long));
    scenario.subscribe(other, "$share/g/t", QoS::AtLeastOnce);
    scenario.wait_ms(9_000);
    assert_eq!(scenario.hear(other), [""; 0]);
    scenario.wait_ms(2_000);
    assert_eq!(scenario.hear(other), ["t=shared q1 #1"]);
    assert_eq!(scenario.sessions(), ["other"]);
}

/// Messages restored beyond a lower bound stay while their client comes and goes.
#[test]
fn a_queue_beyond_a_lower_bound_is_whole_when_its_client_leaves_again() {
    let mut scenario = stored();
    let expiry = expiry(1_000);
    let peer = scenario.join_with(&keeping(V5, "a", &expiry));
    scenario.subscribe(peer, "$share/g/t", QoS::AtLeastOnce);
    scenario.subscribe(peer, "own", QoS::AtLeastOnce);
    scenario.cut(peer);
    let other = scenario.join(V5, "other");
    for number in 0..4 {
        scenario.publish(other, "own", &number.to_string(), QoS::AtLeastOnce);
    }
    scenario.publish(other, "t", "x", QoS::AtLeastOnce);
    let options =
        BrokerOptions { queue_messages: 2, in_flight_max: 1.try_into().expect("not 0"), ..BrokerOptions::default() };
    restart_with(&mut scenario, 1, options);
    let member = scenario.join(V5, "member");
    scenario.subscribe(member, "$share/g/t", QoS::AtLeastOnce);
    let (peer, _, heard) = come_back(&mut scenario, V5, "a");
    assert_eq!(heard, ["own=0 q1 #1"]);
    scenario.cut(peer);
    assert_eq!(scenario.hear(member), ["t=x q1 #1"]);
    let queued = scenario.broker.sessions().find(|session| session.client_id == "a").expect("kept").queued;
    assert_eq!(queued, 3);
}

//! Properties of every run, however the net behaves.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use wasmqtt::broker::DisconnectCause;
use wasmqtt::client::{CloseReason, Completion, RequestError};
use wasmqtt::codec::{QoS, ReasonCode};

use super::acts::keeping;
use super::plan::{CREW, GRANTED, NAMES, NODES, Plan, Run, Sent, WATCHER, plans};
use crate::support::packets::V5;

proptest! {
    #[test]
    fn all_promises_hold_over_any_cuts_and_schedules(plan in plans(false)) {
        all_promises_hold(&plan);
    }

    #[test]
    fn all_promises_hold_over_crashes_of_a_broker_that_has_a_store(plan in plans(true)) {
        all_promises_hold(&plan);
    }

    #[test]
    fn the_same_plan_gives_the_same_trace(plan in any::<bool>().prop_flat_map(plans)) {
        let (one, two) = (plan.run(), plan.run());
        prop_assert_eq!(one.net.trace, two.net.trace);
        let other = Plan { seed: plan.seed.wrapping_add(1), ..plan };
        prop_assert_ne!(one.net.trace, other.run().net.trace, "another seed is another run");
    }
}

fn all_promises_hold(plan: &Plan) {
    let mut run = plan.run();
    every_request_has_ended(&run);
    only_the_net_ends_connections(&run);
    for node in 0..NODES {
        for sent in run.sent.iter().filter(|sent| sent.topic.starts_with("t/")) {
            is_delivered(&run, node, sent);
        }
        order_is_kept(&run, node);
        nothing_else_is_heard(&run, node);
        wills_are_told(&run, node);
        nothing_is_owed(&run, node);
    }
    for sent in run.sent.iter().filter(|sent| sent.topic.starts_with("job/")) {
        is_shared(&run, sent);
    }
    retained_states_are_the_last(&mut run);
}

fn every_request_has_ended(run: &Run) {
    for (node, requests) in run.requests.iter().enumerate() {
        for request in requests {
            let end = run.net.nodes[node].end(*request).unwrap_or_else(|| panic!("{} {request:?}", NAMES[node]));
            let published = run.sent.iter().find(|sent| sent.node == node && sent.request == *request);
            let is_publish = published.is_some();
            let is_kept = published.is_some_and(|sent| sent.qos != QoS::AtMostOnce);
            match end {
                Ok(Completion::Published(reason)) => assert!(is_publish && !reason.is_error(), "{end:?}"),
                Ok(Completion::Authenticated) => panic!("no client has an authentication method"),
                Ok(Completion::Subscribed(_) | Completion::Unsubscribed(_)) => assert!(!is_publish),
                // Only a client that leaves may say this of a message of QoS 1 or 2: the others'
                // sessions are resumed. One of QoS 0 does not wait for another attempt.
                Err(RequestError::ConnectionClosed) => assert!(!is_kept || run.has_left[node]),
                // The net has cut three connections that had it to answer.
                Err(RequestError::LostThrice) => assert!(run.net.nodes[node].closes.len() >= 3),
                Err(
                    RequestError::Refused(_)
                    | RequestError::SessionLost
                    | RequestError::Unanswered
                    | RequestError::TimedOut
                    | RequestError::Dropped
                    | RequestError::Withdrawn
                    | RequestError::PacketTooLarge { .. },
                ) => {
                    panic!("{} {request:?} {end:?}", NAMES[node]);
                }
            }
        }
    }
}

/// Neither side ever finds that the other broke a rule.
fn only_the_net_ends_connections(run: &Run) {
    for node in &run.net.nodes {
        for reason in node.reasons() {
            let is_fine = match reason {
                CloseReason::TransportClosed
                | CloseReason::KeepAliveTimeout
                | CloseReason::ConnectTimeout
                | CloseReason::Requested => true,
                CloseReason::Disconnected { reason, .. } => matches!(
                    reason,
                    ReasonCode::AdministrativeAction | ReasonCode::SessionTakenOver | ReasonCode::KeepAliveTimeout
                ),
                CloseReason::AuthenticationFailed
                | CloseReason::Options(_)
                | CloseReason::OpenFailed { .. }
                | CloseReason::CredentialsExpire
                | CloseReason::Refused { .. }
                | CloseReason::Malformed(_)
                | CloseReason::ProtocolError { .. } => false,
            };
            assert!(is_fine, "{reason}");
        }
        let mut later = node.welcomes.iter().skip(1);
        assert!(later.all(|session_present| *session_present), "a session was lost");
    }
    assert!(run.net.nodes[WATCHER].closes.len() <= run.net.crashes.len(), "the watcher is left alone");
}

fn is_delivered(run: &Run, node: usize, sent: &Sent) {
    let count = run.net.count(node, &sent.payload);
    let granted = sent.qos.min(GRANTED[node]);
    if sent.qos != QoS::AtLeastOnce && granted != QoS::AtLeastOnce {
        assert!(count <= 1, "{} heard it {count} times: {sent:?}", NAMES[node]);
    }
    if granted != QoS::AtMostOnce && run.is_acknowledged(sent) && !run.has_left[node] {
        assert!(count >= 1, "{} never heard {sent:?}", NAMES[node]);
    }
}

/// First arrivals keep the order of their publisher, by topic and quality of service
/// [MQTT-4.6.0-5], [MQTT-4.6.0-6].
fn order_is_kept(run: &Run, node: usize) {
    let mut last: Vec<(&Sent, usize)> = Vec::new();
    let firsts = first_arrivals(run, node);
    for sent in run.sent.iter().filter(|sent| sent.topic.starts_with("t/")) {
        // What is sent again to a subscriber at QoS 0 may fill a gap.
        if sent.qos == QoS::AtLeastOnce && GRANTED[node] == QoS::AtMostOnce {
            continue;
        }
        let Some(place) = firsts.iter().position(|payload| *payload == sent.payload) else { continue };
        let same = |other: &Sent| (other.node, &other.topic, other.qos) == (sent.node, &sent.topic, sent.qos);
        match last.iter_mut().find(|(other, _)| same(other)) {
            Some((earlier, before)) => {
                assert!(*before < place, "{} heard {sent:?} before {earlier:?}", NAMES[node]);
                (*earlier, *before) = (sent, place);
            }
            None => last.push((sent, place)),
        }
    }
}

fn first_arrivals(run: &Run, node: usize) -> Vec<&str> {
    let mut firsts: Vec<&str> = Vec::new();
    for payload in run.net.nodes[node].payloads() {
        if !firsts.contains(&payload) {
            firsts.push(payload);
        }
    }
    firsts
}

fn nothing_else_is_heard(run: &Run, node: usize) {
    for heard in &run.net.nodes[node].heard {
        let sent = run.sent.iter().find(|sent| sent.payload == heard.payload).expect("somebody published it");
        assert_eq!(sent.topic, heard.topic);
        assert!(!heard.retain, "it was subscribed before");
        let granted = if sent.topic.starts_with("job/") { QoS::ExactlyOnce } else { GRANTED[node] };
        assert_eq!(heard.qos, sent.qos.min(granted));
        assert!(!heard.dup || heard.qos != QoS::AtMostOnce);
    }
}

/// One of the crew hears it.
fn is_shared(run: &Run, sent: &Sent) {
    let counts = CREW.map(|node| run.net.count(node, &sent.payload));
    let total: usize = counts.iter().sum();
    match sent.qos {
        QoS::AtMostOnce => assert!(total <= 1, "{counts:?} {sent:?}"),
        QoS::AtLeastOnce => assert!(total >= 1 || !run.is_acknowledged(sent), "{counts:?} {sent:?}"),
        QoS::ExactlyOnce => {
            assert!(total <= 1, "{counts:?} {sent:?}");
            assert!(total == 1 || !run.is_acknowledged(sent), "{counts:?} {sent:?}");
        }
    }
}

/// A will for every connection that ended abruptly, and none for a goodbye. When the broker
/// crashes, a CONNECT may be stored that was not answered, and a goodbye be lost.
fn wills_are_told(run: &Run, node: usize) {
    let topic = format!("will/{}", NAMES[node]);
    let told = run.net.nodes[WATCHER].heard.iter().filter(|heard| heard.topic == topic).count();
    let ends = || run.net.connections.iter().filter(|connection| connection.node == node);
    let due = ends().filter(|connection| connection.ended_abruptly()).count();
    let possible = if run.net.crashes.is_empty() { due } else { ends().filter(|end| end.peer.is_some()).count() };
    assert!((due..=possible).contains(&told), "{topic}: {told} of {due} to {possible}");
}

fn nothing_is_owed(run: &Run, node: usize) {
    if run.has_left[node] {
        return;
    }
    assert!(run.net.is_connected(node), "{} came back", NAMES[node]);
    let session = run.net.broker.sessions().find(|session| session.client_id == NAMES[node]).expect("kept for ever");
    assert_eq!((session.queued, session.in_flight), (0, 0), "{}", NAMES[node]);
}

/// A late subscriber receives the last state of each node.
fn retained_states_are_the_last(run: &mut Run) {
    let late = run.net.add(keeping(V5, "late"), None);
    run.net.run(200);
    run.net.subscribed(late, "state/+", QoS::AtLeastOnce);
    run.net.run(1_000);
    for (node, name) in NAMES.iter().enumerate().filter(|(node, _)| !run.has_left[*node]) {
        let topic = format!("state/{name}");
        let heard = run.net.nodes[late].heard.iter().filter(|heard| heard.topic == topic);
        let heard: Vec<_> = heard.map(|heard| (&heard.payload, heard.retain)).collect();
        let last = run.sent.iter().rfind(|sent| sent.node == node && sent.topic == topic);
        let last: Vec<_> = last.into_iter().map(|sent| (&sent.payload, true)).collect();
        assert_eq!(heard, last, "{topic}");
    }
}

/// The plans are not idle: among a few of them everything that a net can do to a session happens.
#[test]
fn random_plans_reach_what_is_hard() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..64 {
        let run = plans(false).new_tree(&mut runner).expect("a plan").current().run();
        let mut add = |what, count: usize| *counts.entry(what).or_default() += count;
        for node in &run.net.nodes {
            let is_repeated =
                |place: &usize| node.heard[..*place].iter().any(|it| it.payload == node.heard[*place].payload);
            add("resent with DUP", node.heard.iter().filter(|heard| heard.dup).count());
            add("heard twice", (0..node.heard.len()).filter(is_repeated).count());
            add("resumed", node.welcomes.iter().filter(|session_present| **session_present).count());
            let timeouts = node.reasons().into_iter().filter(|reason| **reason == CloseReason::KeepAliveTimeout);
            add("given up by the client", timeouts.count());
        }
        let causes = |cause| run.net.causes.iter().filter(|it| **it == cause).count();
        add("given up by the broker", causes(DisconnectCause::KeepAliveTimeout));
        add("taken over", causes(DisconnectCause::TakenOver));
        add("left", causes(DisconnectCause::Client(ReasonCode::Success)));
    }
    assert!(counts.len() == 7 && counts.values().all(|count| *count >= 5), "{counts:?}");
}

/// Nor are those with crashes: they hit a broker at work, in the middle of a batch, with messages
/// under way.
#[test]
fn random_crashes_hit_a_broker_at_work() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..64 {
        let run = plans(true).new_tree(&mut runner).expect("a plan").current().run();
        let crashes = &run.net.crashes;
        let mut add = |what, count: usize| *counts.entry(what).or_default() += count;
        add("a batch was lost", crashes.iter().filter(|crash| crash.lost_batch).count());
        add("deliveries were under way", crashes.iter().filter(|crash| crash.deliveries > 0).count());
        add("wills were due", crashes.iter().filter(|crash| crash.wills > 0).count());
    }
    assert!(counts.values().all(|count| *count >= 20), "{counts:?}");
}

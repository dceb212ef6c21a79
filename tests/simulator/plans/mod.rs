//! Random plans of three clients and a watcher: what each promise means for each message, however
//! the network behaves.

mod plan;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use wasmqtt::broker::{DisconnectCause, Event as BrokerEvent};
use wasmqtt::client::{CloseReason, Completion, Phase, RequestError};
use wasmqtt::codec::{Packet, PacketKind, QoS, ReasonCode, Version};
use wasmqtt::simulator::{Action, Actor, ClientEvent, EntryId, Event, Fate, LinkId};

use super::acts::{count, end, events, keeping, reasons, welcomes};
use plan::{CLIENTS, CREW, GRANTED, LEAVER, NAMES, Plan, Run, Sent, WATCHER, plans};

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
        prop_assert_eq!(one.world.trace().hash(), two.world.trace().hash());
        let other = Plan { seed: plan.seed.wrapping_add(1), ..plan };
        prop_assert_ne!(one.world.trace().hash(), other.run().world.trace().hash(), "another seed is another run");
    }
}

fn all_promises_hold(plan: &Plan) {
    let mut run = plan.run();
    assert_eq!(run.monitors.violations(), []);
    every_request_has_ended(&run);
    only_the_network_ends_connections(&run);
    for client in (0..CLIENTS).map(Actor) {
        for sent in run.sent.iter().filter(|sent| sent.topic.starts_with("t/")) {
            is_delivered(&run, client, sent);
        }
        nothing_else_is_heard(&run, client);
        wills_are_told(&run, client);
        nothing_is_owed(&run, client);
    }
    for sent in run.sent.iter().filter(|sent| sent.topic.starts_with("job/")) {
        is_shared(&run, sent);
    }
    retained_states_are_the_last(&mut run);
}

const fn has_left(run: &Run, client: Actor) -> bool {
    run.has_left && client.0 == LEAVER.0
}

fn every_request_has_ended(run: &Run) {
    for (client, request) in &run.requests {
        let name = NAMES[client.0];
        let (_, end) = end(&run.world, *client, *request).unwrap_or_else(|| panic!("{name} {request:?}"));
        let published = run.sent.iter().find(|sent| (sent.client, sent.request) == (*client, *request));
        let is_kept = published.is_some_and(|sent| sent.qos != QoS::AtMostOnce);
        match end {
            Ok(Completion::Published(reason)) => assert!(published.is_some() && !reason.is_error(), "{end:?}"),
            Ok(Completion::Subscribed(_) | Completion::Unsubscribed(_)) => assert!(published.is_none()),
            // Only a client that leaves may say this of a message of QoS 1 or 2: the others'
            // sessions are resumed.
            Err(RequestError::ConnectionClosed) => assert!(!is_kept || has_left(run, *client), "{name} {request:?}"),
            // The network has cut three connections that had it to answer.
            Err(RequestError::LostThrice) => assert!(reasons(&run.world, *client).len() >= 3),
            other => panic!("{name} {request:?} {other:?}"),
        }
    }
}

/// Neither side ever finds that the other broke a rule.
fn only_the_network_ends_connections(run: &Run) {
    for client in (0..CLIENTS).map(Actor) {
        for reason in reasons(&run.world, client) {
            let is_fine = match reason {
                CloseReason::TransportClosed
                | CloseReason::KeepAliveTimeout
                | CloseReason::ConnectTimeout
                | CloseReason::Requested => true,
                CloseReason::Disconnected { reason, .. } => matches!(
                    reason,
                    ReasonCode::AdministrativeAction | ReasonCode::SessionTakenOver | ReasonCode::KeepAliveTimeout
                ),
                _ => false,
            };
            assert!(is_fine, "{reason}");
        }
        let later = welcomes(&run.world, client);
        assert!(later.iter().skip(1).all(|session_present| *session_present), "a session was lost");
    }
    let crashes = run.world.trace().entries().iter().filter(|entry| matches!(entry.event, Event::Restarted(_)));
    assert!(reasons(&run.world, WATCHER).len() <= crashes.count(), "the watcher is left alone");
}

fn is_delivered(run: &Run, client: Actor, sent: &Sent) {
    let (name, times) = (NAMES[client.0], count(&run.world, client, &sent.payload));
    let granted = sent.qos.min(GRANTED[client.0]);
    if sent.qos != QoS::AtLeastOnce && granted != QoS::AtLeastOnce {
        assert!(times <= 1, "{name} heard it {times} times: {sent:?}");
    }
    if granted != QoS::AtMostOnce && run.is_acknowledged(sent) && !has_left(run, client) {
        assert!(times >= 1, "{name} never heard {sent:?}");
    }
}

fn nothing_else_is_heard(run: &Run, client: Actor) {
    for (_, event) in events(&run.world, client) {
        let ClientEvent::Message { topic, payload, qos, dup, retain } = event else { continue };
        let sent = run.sent.iter().find(|sent| sent.payload.as_bytes() == &**payload).expect("somebody published it");
        assert_eq!(*sent.topic, **topic);
        assert!(!retain, "it was subscribed before");
        let granted = if sent.topic.starts_with("job/") { QoS::ExactlyOnce } else { GRANTED[client.0] };
        assert_eq!(*qos, sent.qos.min(granted));
        assert!(!dup || *qos != QoS::AtMostOnce);
    }
}

/// One of the crew hears it.
fn is_shared(run: &Run, sent: &Sent) {
    let counts = CREW.map(|client| count(&run.world, client, &sent.payload));
    let total: usize = counts.iter().sum();
    let is_due = run.is_acknowledged(sent);
    match sent.qos {
        QoS::AtMostOnce => assert!(total <= 1, "{counts:?} {sent:?}"),
        QoS::AtLeastOnce => assert!(total >= 1 || !is_due, "{counts:?} {sent:?}"),
        QoS::ExactlyOnce => assert!(total == 1 || total == 0 && !is_due, "{counts:?} {sent:?}"),
    }
}

/// A connection, as its packets tell of it.
#[derive(Default)]
struct Connection {
    /// The broker sent CONNACK of success.
    is_accepted: bool,
    /// CONNECT has come to the broker.
    is_known: bool,
    /// DISCONNECT of success has come to the broker.
    said_goodbye: bool,
}

/// A will for every connection that ended abruptly, and none for DISCONNECT. When the broker
/// crashes, a CONNECT may be stored that was not answered, and a DISCONNECT be lost.
fn wills_are_told(run: &Run, client: Actor) {
    let topic = format!("will/{}", NAMES[client.0]);
    let told = run.world.messages(WATCHER).filter(|(other, _)| *other == topic).count();
    let connections = connections(run, client);
    let is_open = usize::from(is_connected(run, client));
    let due = connections.values().filter(|one| one.is_accepted && !one.said_goodbye).count() - is_open;
    let has_crashed = run.world.trace().entries().iter().any(|entry| matches!(entry.event, Event::Restarted(_)));
    let possible = connections.values().filter(|one| one.is_known).count() - is_open;
    let possible = if has_crashed { possible } else { due };
    assert!((due..=possible).contains(&told), "{topic}: {told} of {due} to {possible}");
}

fn connections(run: &Run, client: Actor) -> BTreeMap<LinkId, Connection> {
    let trace = run.world.trace();
    let mut connections: BTreeMap<LinkId, Connection> = BTreeMap::new();
    for (id, _, packet) in trace.packets().filter(|(_, _, packet)| packet.actor == client) {
        let one = connections.entry(packet.link).or_default();
        let has_arrived = matches!(packet.fate, Fate::Delivered(_));
        match packet.kind {
            Some(PacketKind::Connect) => one.is_known |= has_arrived,
            Some(PacketKind::Connack) => {
                let connack = [Version::V5, Version::V3_1_1].map(|version| Packet::decode(&packet.bytes, version));
                let is_success = |read: &Packet<'_>| matches!(read, Packet::Connack(it) if !it.reason.is_error());
                one.is_accepted |= connack.iter().flatten().any(is_success);
            }
            Some(PacketKind::Disconnect) => {
                let is_success = packet.bytes.len() == 2 || packet.bytes.get(2) == Some(&0);
                one.said_goodbye |= has_arrived && is_success && !is_dismissed_before(run, client, id);
            }
            _ => {}
        }
    }
    connections
}

/// True if the broker's host had ended the connection before this packet came. While a store has
/// yet to let the end go out, what still comes is not read.
fn is_dismissed_before(run: &Run, client: Actor, packet: EntryId) -> bool {
    let trace = run.world.trace();
    let Some(arrival) = trace.arrivals().iter().find(|arrival| arrival.packet == packet) else { return false };
    let link = trace.packets().find(|(id, ..)| *id == packet).map(|(_, _, packet)| packet.link);
    let connect = trace.packets().find(|(_, _, packet)| Some(packet.link) == link).map(|(id, ..)| id);
    trace.entries().iter().zip(0..).any(|(entry, index)| {
        let action = match entry.event {
            Event::Action(action) => run.world.actions().get(action as usize),
            _ => None,
        };
        let is_between = connect.is_some_and(|connect| connect.0 < index) && index < arrival.before.0;
        is_between && matches!(action, Some(Action::Dismiss { client: other, .. }) if *other == client)
    })
}

fn is_connected(run: &Run, client: Actor) -> bool {
    run.world.client(client).is_some_and(|client| client.phase() == Phase::Connected)
}

fn nothing_is_owed(run: &Run, client: Actor) {
    if has_left(run, client) {
        return;
    }
    let name = NAMES[client.0];
    assert!(is_connected(run, client), "{name} came back");
    let session = run.world.broker().sessions().find(|session| session.client_id == name).expect("kept for ever");
    assert_eq!((session.queued, session.in_flight), (0, 0), "{name}");
}

/// A late subscriber receives the last state of each client.
fn retained_states_are_the_last(run: &mut Run) {
    let late = run.add(*keeping(Version::V5, "late"));
    run.subscribe(late, "state/+", QoS::AtLeastOnce);
    run.world.run(1_000);
    for (_, name) in NAMES.iter().enumerate().filter(|(number, _)| !has_left(run, Actor(*number))) {
        let topic = format!("state/{name}");
        let heard: Vec<_> = events(&run.world, late)
            .filter_map(|(_, event)| match event {
                ClientEvent::Message { topic: other, payload, retain, .. } if **other == *topic => {
                    Some((&payload[..], *retain))
                }
                _ => None,
            })
            .collect();
        let last = run.sent.iter().rfind(|sent| sent.topic == topic);
        let last: Vec<_> = last.into_iter().map(|sent| (sent.payload.as_bytes(), true)).collect();
        assert_eq!(heard, last, "{topic}");
    }
}

/// Counts of all that is hard, over a few plans.
fn counts(
    is_stored: bool,
    mut look: impl FnMut(&Run, &mut dyn FnMut(&'static str, usize)),
) -> BTreeMap<&'static str, usize> {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..64 {
        let run = plans(is_stored).new_tree(&mut runner).expect("a plan").current().run();
        look(&run, &mut |what, count| *counts.entry(what).or_default() += count);
    }
    counts
}

/// The plans are not idle: among a few of them everything that a network can do to a session
/// happens.
#[test]
fn random_plans_reach_what_is_hard() {
    let counts = counts(false, |run, add| {
        for client in (0..CLIENTS).map(Actor) {
            let heard: Vec<_> = run.world.messages(client).collect();
            let is_repeated = |place: &usize| heard[..*place].contains(&heard[*place]);
            let is_dup = |event: &ClientEvent| matches!(event, ClientEvent::Message { dup: true, .. });
            add("resent with DUP", events(&run.world, client).filter(|(_, event)| is_dup(event)).count());
            add("heard twice", (0..heard.len()).filter(is_repeated).count());
            add("resumed", welcomes(&run.world, client).into_iter().filter(|session_present| *session_present).count());
            let reasons = reasons(&run.world, client).into_iter();
            add("given up by the client", reasons.filter(|it| **it == CloseReason::KeepAliveTimeout).count());
        }
        let causes = |cause: DisconnectCause| {
            let is_of = |event: &Event| match event {
                Event::Broker(BrokerEvent::Disconnected { cause: other, .. }) => *other == cause,
                _ => false,
            };
            run.world.trace().entries().iter().filter(|entry| is_of(&entry.event)).count()
        };
        add("given up by the broker", causes(DisconnectCause::KeepAliveTimeout));
        add("taken over", causes(DisconnectCause::TakenOver));
        add("ended by the broker's host", causes(DisconnectCause::Host(ReasonCode::AdministrativeAction)));
        add("left", causes(DisconnectCause::Client(ReasonCode::Success)));
    });
    assert!(counts.len() == 8 && counts.values().all(|count| *count >= 5), "{counts:?}");
}

/// Nor are those with crashes: they hit a broker at work, in the middle of a batch, with messages
/// under way.
#[test]
fn random_crashes_hit_a_broker_at_work() {
    let counts = counts(true, |run, add| {
        add("a batch was lost", run.crashes.iter().filter(|crash| crash.lost_batch).count());
        add("deliveries were under way", run.crashes.iter().filter(|crash| crash.deliveries > 0).count());
        add("wills were due", run.crashes.iter().filter(|crash| crash.wills > 0).count());
    });
    assert!(counts.values().all(|count| *count >= 20), "{counts:?}");
}

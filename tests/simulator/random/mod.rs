//! Random worlds: clients of all kinds over bad networks, and a broker that restarts. The monitors
//! watch each; then the faults end, and the core must settle.
//!
//! `SEED=n` runs one world, `WORLDS=n` so many.

mod day;
mod features;
mod rare;
mod shrink;

use std::collections::BTreeMap;

use wasmqtt::client::{CallError, Phase};
use wasmqtt::codec::QoS;
use wasmqtt::simulator::{Action, ActionError, ClientEvent, Direction, Event, Fault, Monitors, SharedRun, World};

use super::acts::EACH_QOS;
use day::{CORE_PUBLISHER, CORE_SUBSCRIBER, Day};
use features::Features;

/// Virtual time in which the core settles once its faults end, in milliseconds.
const SETTLE_MS: u64 = 120_000;

/// Actions of each day that stay in the shortest list: the core connects and subscribes.
const PREAMBLE: usize = 5;

/// A world at its end, and what was wrong with it.
struct Ended {
    world: World,
    problem: Option<String>,
    /// Calls that a client refused while it had no connection.
    refused: u64,
}

/// Runs a day of these actions, and what follows.
fn run(features: &Features, actions: &[Action]) -> Ended {
    let mut world = World::new(features.options());
    let mut monitors = Monitors::new();
    let mut refused = 0;
    for action in actions {
        // One that cannot be done, such as a cut without a link, does nothing.
        let done = world.act(action.clone());
        refused += u64::from(done == Err(ActionError::Call(CallError::NotConnected)));
        monitors.watch(world.trace());
        if !monitors.violations().is_empty() {
            break;
        }
    }
    let problem = match monitors.violations().first() {
        Some(violation) => Some(format!("{}: {} at {:?}", violation.guarantee.name(), violation.text, violation.entry)),
        None => settles(&mut world, &mut monitors, features).err(),
    };
    Ended { world, problem, refused }
}

/// The core's faults end. Those of others stay.
fn settles(world: &mut World, monitors: &mut Monitors, features: &Features) -> Result<(), String> {
    for client in [CORE_SUBSCRIBER, CORE_PUBLISHER] {
        let latency = Fault::Latency { milliseconds: 20, jitter: 0 };
        // A cut that waits for its bytes happens now, if there is one.
        let learns = Some(0);
        let cut = Fault::Cut { direction: Direction::Up, after: 0, client_learns: learns, broker_learns: learns };
        let cut = features.cuts.then_some(cut);
        for fault in [latency, Fault::Bandwidth(None), Fault::SlowReader(None)].into_iter().chain(cut) {
            let _ = world.act(Action::Fault { client, fault });
        }
    }
    world.run(SETTLE_MS);
    monitors.watch(world.trace());
    if let Some(violation) = monitors.violations().first() {
        return Err(format!("{}: {} while it settles", violation.guarantee.name(), violation.text));
    }
    for actor in [CORE_SUBSCRIBER, CORE_PUBLISHER] {
        let Some(client) = world.client(actor) else { return Ok(()) };
        if client.phase() != Phase::Connected {
            return Err(format!("client {} is {:?} after {SETTLE_MS} ms without faults", actor.0, client.phase()));
        }
        if client.in_flight() + client.queued() > 0 {
            return Err(format!("client {} has messages left", actor.0));
        }
        if let Some((_, request)) = monitors.open_requests().find(|(other, _)| *other == actor) {
            return Err(format!("{request:?} of client {} never ended", actor.0));
        }
    }
    last_messages_come(world)?;
    monitors.watch(world.trace());
    match monitors.violations().first() {
        Some(violation) => Err(format!("{}: {} at its end", violation.guarantee.name(), violation.text)),
        None if features.forgets() => Ok(()),
        None => every_message_came(world),
    }
}

/// The core is connected and subscribed, so that a message of each QoS comes once.
fn last_messages_come(world: &mut World) -> Result<(), String> {
    for qos in EACH_QOS {
        let payload = format!("last of {qos:?}");
        let publish = Action::publish(CORE_PUBLISHER, "core/last", payload.as_bytes(), qos);
        world.act(publish).map_err(|error| format!("{payload}: {error}"))?;
        world.run(5_000);
        let times = world.messages(CORE_SUBSCRIBER).filter(|(_, came)| *came == payload.as_bytes()).count();
        if times != 1 {
            return Err(format!("the {payload} came {times} times"));
        }
    }
    Ok(())
}

/// Messages of the core's publisher that were acknowledged have come to the core's subscriber.
fn every_message_came(world: &World) -> Result<(), String> {
    let mut came: BTreeMap<&[u8], usize> = BTreeMap::new();
    for (_, payload) in world.messages(CORE_SUBSCRIBER) {
        *came.entry(payload).or_default() += 1;
    }
    let mut requests = Vec::new();
    let mut sent = None;
    for entry in world.trace().entries() {
        match &entry.event {
            Event::Action(index) => sent = world.actions().get(*index as usize),
            Event::Client(actor, ClientEvent::Requested(request)) if *actor == CORE_PUBLISHER => {
                if let Some(Action::Publish { topic, payload, qos, .. }) = sent
                    && topic.starts_with("core/")
                {
                    requests.push((*request, payload, *qos));
                }
            }
            Event::Client(actor, ClientEvent::Done(done, Ok(_))) if *actor == CORE_PUBLISHER => {
                let Some((_, payload, qos)) = requests.iter().find(|(request, ..)| request == done) else { continue };
                let times = came.get(&***payload).copied().unwrap_or(0);
                let is_kept = match qos {
                    QoS::AtMostOnce => times <= 1,
                    QoS::AtLeastOnce => times >= 1,
                    QoS::ExactlyOnce => times == 1,
                };
                if !is_kept {
                    return Err(format!("{:?} of {qos:?} came {times} times", String::from_utf8_lossy(payload)));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns the link that opens a world in the page, and that `failures/` keeps.
fn link(world: &World) -> String {
    let (options, actions, moment) = (world.options().clone(), world.actions().to_vec(), world.moments());
    SharedRun { options, actions, moment }.to_link()
}

fn check(seed: u64) -> Ended {
    let features = Features::draw(seed);
    let actions = Day::new(seed, &features).actions();
    let ended = run(&features, &actions);
    if let Some(problem) = &ended.problem {
        // The planted faults need no shortest list, and end the run here.
        println!("seed {seed}: {problem}");
        let (least, problem) = shrink::shortest(&features, actions, problem);
        let list: Vec<String> = least.iter().map(|action| format!("  {action:?}")).collect();
        let link = link(&run(&features, &least).world);
        panic!("seed {seed}: {problem}\n{features:?}\n{}\n{link}", list.join("\n"));
    }
    ended
}

#[test]
fn random_worlds_keep_every_guarantee() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("SEED") {
        drop(check(seed));
        return;
    }
    let mut seen = rare::Seen::default();
    let worlds = number("WORLDS").unwrap_or(2_000);
    for seed in 0..worlds {
        let ended = check(seed);
        seen.look(&ended.world, ended.refused);
        if seed % 100 == 0 {
            let hashes = [check(seed), ended].map(|ended| ended.world.trace().hash());
            assert_eq!(hashes[0], hashes[1], "seed {seed} runs twice alike");
        }
        if worlds > 2_000 && seed % 10_000 == 0 {
            println!("{seed} of {worlds}");
        }
    }
    println!("{seen}");
    if worlds >= 2_000 {
        assert_eq!(seen.never(), [""; 0], "rare states that were never seen");
    }
}

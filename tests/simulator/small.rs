//! Every small case: a publisher, a subscriber, a broker, and all that can happen to a message or
//! two, in each order.
//!
//! The test is the network: at each state it takes each pending event, each cut that is left, and
//! each restart. A state that was seen before is not gone on from. Timers come once nothing else is
//! pending. `SMALL=messages,cuts,restarts` walks a larger scope.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use wasmqtt::broker::BrokerOptions;
use wasmqtt::codec::QoS;
use wasmqtt::session::SessionSnapshot;
use wasmqtt::simulator::{
    Action, Actor, Choice, ClientEvent, Direction, Event, Fate, Fault, Monitors, Restart, World, WorldOptions,
};

use super::acts::{BOTH, EACH_QOS, keeping};

const SUBSCRIBER: Actor = Actor(0);
const PUBLISHER: Actor = Actor(1);
/// Moves after which a path must have come to its end.
const MOVES_MAX: usize = 400;

/// All that may happen.
#[derive(Clone, Copy, Debug)]
struct Scope {
    published: QoS,
    subscribed: QoS,
    messages: usize,
    cuts: usize,
    restarts: usize,
    has_store: bool,
}

/// Something that happens next.
#[derive(Clone, Copy, Debug)]
enum Move {
    Choose(usize),
    Timer,
    Publish,
    Cut(Actor),
    Restart(Restart),
    Reload(Actor),
}

/// A world on its path.
struct Walk {
    scope: Scope,
    world: World,
    monitors: Monitors,
    path: Vec<Move>,
    published: usize,
    /// The payloads that the publisher took on, by their requests.
    taken: Vec<[u8; 1]>,
    cuts: usize,
    restarts: usize,
    /// A process has lost its state, so that messages may be lost or come again.
    has_forgotten: bool,
}

impl Walk {
    fn new(scope: Scope) -> Self {
        let broker = BrokerOptions { sys_interval: Duration::ZERO, ..BrokerOptions::default() };
        let options = WorldOptions { latency: 0, has_store: scope.has_store, broker, ..WorldOptions::default() };
        let mut world = World::new(options);
        for name in ["subscriber", "publisher"] {
            let mut options = keeping(BOTH[1], name);
            (options.keep_alive, options.will) = (0, None);
            world.act(Action::Add(options)).expect("a new client");
        }
        world.run(200);
        world.act(Action::subscribe(SUBSCRIBER, "t/a", scope.subscribed)).expect("a good filter");
        world.run(200);
        let (monitors, path, taken) = (Monitors::new(), Vec::new(), Vec::new());
        Self { scope, world, monitors, path, taken, published: 0, cuts: 0, restarts: 0, has_forgotten: false }
    }

    fn along(scope: Scope, path: &[Move]) -> Self {
        let mut walk = Self::new(scope);
        for step in path {
            walk.make(*step);
        }
        walk
    }

    fn make(&mut self, step: Move) {
        self.path.push(step);
        let now = Some(0);
        let done = match step {
            Move::Choose(index) => self.world.choose(index),
            Move::Timer => self.world.act(Action::Step),
            Move::Publish => {
                self.published += 1;
                let payload = [b'0' + u8::try_from(self.published).expect("a few")];
                let done = self.world.act(Action::publish(PUBLISHER, "t/a", &payload, self.scope.published));
                self.taken.extend(done.is_ok().then_some(payload));
                done
            }
            Move::Cut(client) => {
                self.cuts += 1;
                let fault = Fault::Cut { direction: Direction::Up, after: 0, client_learns: now, broker_learns: now };
                self.world.act(Action::Fault { client, fault })
            }
            Move::Restart(restart) => {
                self.restarts += 1;
                self.has_forgotten |= restart == Restart::Forgets;
                self.world.act(Action::RestartBroker(restart))
            }
            Move::Reload(client) => {
                (self.restarts, self.has_forgotten) = (self.restarts + 1, true);
                self.world.act(Action::Reload { client })
            }
        };
        // Without a connection, a message of QoS 0 cannot be published, and a link not be cut.
        let _ = done;
    }

    /// Returns all that may happen next.
    fn moves(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        let choices = self.world.choices();
        for (index, (_, choice)) in choices.iter().enumerate() {
            if !matches!(choice, Choice::Timer(_)) {
                moves.push(Move::Choose(index));
            }
        }
        if self.published < self.scope.messages {
            moves.push(Move::Publish);
        } else if moves.is_empty() && !choices.is_empty() {
            moves.push(Move::Timer);
        }
        if self.cuts < self.scope.cuts {
            moves.extend([SUBSCRIBER, PUBLISHER].map(Move::Cut));
        }
        if self.restarts < self.scope.restarts {
            let kept = [Restart::Written, Restart::Unwritten];
            let restarts = if self.scope.has_store { &kept[..] } else { &[Restart::Forgets] };
            moves.extend(restarts.iter().map(|restart| Move::Restart(*restart)));
            moves.extend([SUBSCRIBER, PUBLISHER].map(Move::Reload));
        }
        moves
    }

    /// Returns a number of the state: what each actor knows, what is under way, and what is left.
    fn hash(&self) -> u64 {
        let snapshot = self.world.snapshot();
        let mut text = format!("{} {} {} {}", self.published, self.cuts, self.restarts, self.has_forgotten);
        for actor in &snapshot.clients {
            let client = actor.client.as_ref().expect("all are simulated");
            let owed: Vec<bool> = client.subscriptions.iter().map(|one| one.is_owed).collect();
            let _ = write!(text, " {:?} {:?} {} {owed:?}", client.phase, client.attempt, client.offline);
            note_session(&mut text, &client.session);
        }
        for session in &snapshot.broker.sessions {
            let _ = write!(text, " {} {} {:?}", session.client_id, session.peer.is_some(), session.subscriptions);
            note_session(&mut text, &session.session);
        }
        for link in &snapshot.links {
            let _ = write!(text, " {:?} {:?} {:?} {}", link.actor, link.client, link.broker, link.is_broken);
        }
        let _ = write!(text, " {:?}", snapshot.store);
        for (_, _, packet) in self.world.trace().packets().filter(|(_, _, packet)| packet.fate == Fate::InFlight) {
            let _ = write!(text, " {:?} {:?} {:?}", packet.actor, packet.direction, packet.bytes);
        }
        for entry in self.world.trace().entries() {
            match &entry.event {
                Event::Client(actor, ClientEvent::Message { payload, .. }) => {
                    let _ = write!(text, " {actor:?} {payload:?}");
                }
                Event::Client(actor, ClientEvent::Done(request, result)) => {
                    let _ = write!(text, " {actor:?} {request:?} {}", result.is_ok());
                }
                _ => {}
            }
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        hasher.finish()
    }

    /// Checks the monitors, and at rest the promise of the quality of service.
    fn check(&mut self) {
        self.monitors.watch(self.world.trace());
        assert_eq!(self.monitors.violations(), [], "{:?}\n{:?}", self.scope, self.path);
        assert!(self.path.len() < MOVES_MAX, "{:?} does not come to rest:\n{:?}", self.scope, self.path);
        if !self.world.choices().is_empty() || self.published < self.scope.messages || self.has_forgotten {
            return;
        }
        for entry in self.world.trace().entries() {
            let Event::Client(PUBLISHER, ClientEvent::Done(request, result)) = &entry.event else { continue };
            let payload = self.taken[usize::try_from(request.0).expect("a few")];
            let times = self.world.messages(SUBSCRIBER).filter(|(_, came)| *came == payload).count();
            let is_kept = match (self.scope.published, self.scope.subscribed) {
                (QoS::ExactlyOnce, QoS::ExactlyOnce) => times == 1,
                (QoS::AtMostOnce, _) | (QoS::ExactlyOnce, QoS::AtMostOnce) => times <= 1,
                (QoS::AtLeastOnce, QoS::AtMostOnce) => true,
                (QoS::AtLeastOnce | QoS::ExactlyOnce, _) => times >= 1,
            };
            assert!(is_kept || result.is_err(), "{:?}: {times} times\n{:?}", self.scope, self.path);
        }
        let open: Vec<_> = self.monitors.open_requests().collect();
        assert_eq!(open, [], "{:?}\n{:?}", self.scope, self.path);
    }
}

/// Notes a session without the numbers of its order.
fn note_session(text: &mut String, session: &SessionSnapshot) {
    let mut sent: Vec<_> = session.sent.iter().collect();
    sent.sort_by_key(|one| one.order);
    for one in sent {
        let payload = one.delivery.as_ref().map(|delivery| &delivery.message.payload);
        let _ = write!(text, " {} {:?} {} {payload:?}", one.packet_id, one.awaits, one.is_owed);
    }
    let queue: Vec<_> = session.queue.iter().map(|delivery| &delivery.message.payload).collect();
    let _ = write!(text, " {queue:?} {:?} {}", session.received, session.unacknowledged);
}

/// Walks to every state of the scope. Returns their number.
fn states(scope: Scope) -> usize {
    let mut seen = HashSet::new();
    let mut paths = vec![Vec::new()];
    while let Some(path) = paths.pop() {
        let mut walk = Walk::along(scope, &path);
        walk.check();
        while seen.insert(walk.hash()) {
            let moves = walk.moves();
            let Some((first, others)) = moves.split_first() else { break };
            paths.extend(others.iter().map(|other| [&walk.path[..], &[*other]].concat()));
            walk.make(*first);
            walk.check();
        }
    }
    seen.len()
}

fn all_states(messages: usize, cuts: usize, restarts: usize, has_store: bool) -> usize {
    let mut all = 0;
    for published in EACH_QOS {
        for subscribed in EACH_QOS {
            let count = states(Scope { published, subscribed, messages, cuts, restarts, has_store });
            println!("{messages} messages {published:?} {subscribed:?}, {cuts} cuts, {restarts} restarts: {count}");
            all += count;
        }
    }
    all
}

#[test]
fn every_small_case_keeps_its_promise() {
    if let Ok(scope) = std::env::var("SMALL") {
        let numbers: Vec<usize> = scope.split(',').map(|text| text.parse().expect("a number")).collect();
        let [messages, cuts, restarts] = numbers[..] else { panic!("SMALL=messages,cuts,restarts") };
        println!("{} states", all_states(messages, cuts, restarts, false));
        println!("{} states with a store", all_states(messages, cuts, restarts, true));
        return;
    }
    let scopes = [(1, 2, 0, false), (2, 1, 0, false), (1, 0, 1, false), (1, 1, 0, true), (1, 0, 1, true)];
    let counts = scopes.map(|(messages, cuts, restarts, has_store)| all_states(messages, cuts, restarts, has_store));
    println!("{counts:?} states");
    // Another number means that another set of cases is walked through: look at the change first.
    assert_eq!(counts, [8_701, 13_024, 2_527, 2_049, 3_702]);
}

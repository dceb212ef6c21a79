//! Actions and pending events, performed.

use alloc::boxed::Box;
use core::time::Duration;

use super::action::{Action, ActionError, Actor, Direction, Fault, Restart};
use super::actor::{ClientActor, Machine};
use super::link::{Cut, End, Link, LinkId};
use super::pending::Choice;
use super::pipe::Parcel;
use super::trace::{ClientEvent, Event, Fate, LinkEvent, LossCause, Place};
use super::{EntryId, World, new_broker};
use crate::client::{Client, ClientOptions, HandlerId, RequestId};
use crate::codec::{Message, PropertiesBuf, ReasonCode};
use crate::time::Time;
use crate::topic::{TopicFilter, TopicName};

/// The handler of every subscription: a world notes messages once for each client.
const HANDLER: HandlerId = HandlerId(0);

impl World {
    /// Does an action now, and notes it among [`actions`](World::actions).
    ///
    /// # Errors
    /// [`ActionError`]. The world is as before then, but for [`Action::Run`] that finds a loop or a
    /// full trace.
    pub fn act(&mut self, action: Action) -> Result<(), ActionError> {
        self.check(&action)?;
        if let Action::Run(milliseconds) = action {
            return self.act_run(milliseconds);
        }
        let mark = self.trace.mark();
        let is_noted = !action.is_of_time();
        if is_noted {
            let index = u32::try_from(self.actions.len()).unwrap_or(u32::MAX);
            self.cause = Some(self.trace.note(self.now, None, Event::Action(index)));
        }
        self.actions.push(action.clone());
        let done = self.perform(action);
        if done.is_err() {
            self.actions.pop();
            if is_noted {
                self.trace.reset(mark);
            }
        } else if is_noted {
            self.moments += 1;
        }
        self.cause = None;
        done
    }

    /// Lets milliseconds pass. Two runs in sequence are one action.
    fn act_run(&mut self, milliseconds: u64) -> Result<(), ActionError> {
        let start = self.now;
        let done = self.do_run(milliseconds);
        let passed = self.now.as_millis() - start.as_millis();
        match self.actions.last_mut() {
            Some(Action::Run(before)) => *before = before.saturating_add(passed),
            _ => self.actions.push(Action::Run(passed)),
        }
        self.cause = None;
        done
    }

    /// The next event happens. False if none is pending.
    pub fn step(&mut self) -> bool {
        let has_next = self.next_event_at().is_some();
        has_next && self.act(Action::Step).is_ok()
    }

    /// Lets milliseconds pass, with all that happens in them.
    ///
    /// # Panics
    /// If a world has a loop without end, which is a fault of the crate. Or if its trace is full,
    /// which [`act`](Self::act) returns as an error.
    pub fn run(&mut self, milliseconds: u64) {
        let done = self.act(Action::Run(milliseconds));
        assert!(done.is_ok(), "{done:?} at {:?}", self.now);
    }

    /// The pending event with this index in [`choices`](World::choices) happens.
    ///
    /// # Errors
    /// [`ActionError::UnknownChoice`].
    pub fn choose(&mut self, index: usize) -> Result<(), ActionError> {
        self.act(Action::Choose(index))
    }

    fn check(&self, action: &Action) -> Result<(), ActionError> {
        self.check_trace()?;
        let client = match action {
            Action::Add(options) => return self.check_name(&options.client_id),
            Action::Join(name) => return self.check_name(name),
            Action::RestartBroker(_) | Action::Step | Action::Run(_) | Action::Choose(_) => return Ok(()),
            Action::Subscribe { client, .. }
            | Action::Unsubscribe { client, .. }
            | Action::Publish { client, .. }
            | Action::Disconnect { client, .. }
            | Action::Reload { client }
                if self.is_foreign(*client) =>
            {
                return Err(ActionError::Foreign(*client));
            }
            Action::Subscribe { client, .. }
            | Action::Unsubscribe { client, .. }
            | Action::Publish { client, .. }
            | Action::Disconnect { client, .. }
            | Action::Kill { client }
            | Action::Reload { client }
            | Action::Dismiss { client, .. }
            | Action::Open { client }
            | Action::Send { client, .. }
            | Action::Close { client, .. }
            | Action::Fault { client, .. } => *client,
        };
        let count = self.clients.len();
        if client.0 < count { Ok(()) } else { Err(ActionError::UnknownClient { client, count }) }
    }

    fn check_name(&self, name: &str) -> Result<(), ActionError> {
        if self.find(name).is_some() { Err(ActionError::TakenName(name.into())) } else { Ok(()) }
    }

    fn perform(&mut self, action: Action) -> Result<(), ActionError> {
        match action {
            Action::Add(options) => self.add(options),
            Action::Join(name) => self.join(name),
            Action::Open { client } => self.open_foreign(client)?,
            Action::Send { client, link, bytes } => self.send_foreign(client, link, &bytes)?,
            Action::Close { client, link } => self.close_foreign(client, link)?,
            Action::Subscribe { client, filter, options } => {
                let filter = parse_filter(&filter)?;
                self.request(client, |client, now| {
                    client.add_handler(&filter, HANDLER);
                    client.subscribe(&[(filter, options)], &PropertiesBuf::new(), now)
                })?;
            }
            Action::Unsubscribe { client, filter } => {
                let filter = parse_filter(&filter)?;
                self.request(client, |client, now| client.unsubscribe(&[filter], &PropertiesBuf::new(), now))?;
            }
            Action::Publish { client, topic, payload, qos, retain, properties } => {
                let topic = TopicName::parse(&topic).map_err(|error| topic_error(&topic, &error))?;
                let message = Message { qos, retain, properties, ..Message::new(topic, payload) };
                self.request(client, |client, now| client.publish(message, now))?;
            }
            Action::Disconnect { client, reason } => {
                self.with_client(client, |client, now| client.disconnect(reason, &PropertiesBuf::new(), now));
            }
            Action::Kill { client } => self.kill(client),
            Action::Reload { client } => {
                self.kill(client);
                if let Machine::Simulated { options, client } = &mut self.clients[client.0].machine {
                    **client = Client::new((**options).clone());
                }
                self.begin_client(client);
            }
            Action::Dismiss { client, reason } => self.dismiss(client, reason)?,
            Action::RestartBroker(restart) => self.restart_broker(restart),
            Action::Fault { client, fault } => self.fault(client, fault)?,
            Action::Step => {
                self.do_step();
            }
            // `act` has taken it.
            Action::Run(_) => {}
            Action::Choose(index) => self.do_choose(index)?,
        }
        Ok(())
    }

    fn add(&mut self, options: Box<ClientOptions>) {
        let conditions = self.conditions();
        self.clients.push(ClientActor::simulated(options, conditions));
        self.begin_client(Actor(self.clients.len() - 1));
    }

    fn begin_client(&mut self, actor: Actor) {
        self.with_client(actor, Client::connect);
    }

    /// Calls a simulated client, and does what it asks for.
    pub(super) fn with_client(&mut self, actor: Actor, call: impl FnOnce(&mut Client, Time)) {
        let now = self.now;
        if let Some(client) = self.clients.get_mut(actor.0).and_then(ClientActor::client_mut) {
            call(client, now);
            self.drain_client(actor);
        }
    }

    fn request(
        &mut self,
        actor: Actor,
        call: impl FnOnce(&mut Client, Time) -> Result<RequestId, crate::client::CallError>,
    ) -> Result<(), ActionError> {
        let now = self.now;
        let client = self.clients.get_mut(actor.0).and_then(ClientActor::client_mut);
        let request = call(client.ok_or(ActionError::Foreign(actor))?, now)?;
        self.note(Event::Client(actor, ClientEvent::Requested(request)));
        self.drain_client(actor);
        Ok(())
    }

    /// The process is gone. Its host closes its socket.
    fn kill(&mut self, actor: Actor) {
        self.with_client(actor, Client::kill);
        self.kill_foreign(actor);
        self.note(Event::Client(actor, ClientEvent::Killed));
    }

    /// The broker's host ends the client's connection.
    fn dismiss(&mut self, actor: Actor, reason: ReasonCode) -> Result<(), ActionError> {
        let is_theirs = |link: &&Link| link.actor == actor && matches!(link.broker, End::Open | End::Learns(_));
        let peer = self.links.values().filter(is_theirs).filter_map(|link| link.peer).last();
        self.broker.disconnect(peer.ok_or(ActionError::NoLink)?, reason, self.now);
        self.drain_broker();
        Ok(())
    }

    fn restart_broker(&mut self, restart: Restart) {
        for id in self.links.keys().copied().collect::<alloc::vec::Vec<_>>() {
            self.close_end(id, Direction::Up);
        }
        self.peers.clear();
        let restart = if self.disk.is_some() { restart } else { Restart::Forgets };
        self.note(Event::Restarted(restart));
        self.broker = new_broker(&self.options, &mut self.random);
        match (&mut self.disk, restart) {
            (Some(disk), Restart::Forgets) => *disk = super::disk::Disk::default(),
            (Some(disk), Restart::Written) => drop(disk.write()),
            (Some(disk), Restart::Unwritten) => disk.lose(),
            (None, _) => {}
        }
        self.begin_broker();
    }

    /// Restores the broker from its store.
    pub(super) fn begin_broker(&mut self) {
        if let Some(disk) = &self.disk {
            let restored = disk.restore(&mut self.broker, self.now);
            debug_assert!(restored.is_ok(), "{restored:?}");
        }
        self.drain_broker();
    }

    fn fault(&mut self, actor: Actor, fault: Fault) -> Result<(), ActionError> {
        let now = self.now;
        let client = &mut self.clients[actor.0];
        let link =
            client.link.map(|(_, link)| link).filter(|id| self.links.get(id).is_some_and(|link| !link.is_broken));
        match fault {
            Fault::Latency { milliseconds, jitter } => {
                (client.conditions.latency, client.conditions.jitter) = (milliseconds, jitter);
            }
            Fault::Bandwidth(rate) => client.conditions.bytes_per_second = rate,
            Fault::Stall(milliseconds) => {
                client.stalled_until = client.stalled_until.max(now + Duration::from_millis(milliseconds));
            }
            Fault::Cut { direction, after, client_learns, broker_learns } => {
                self.cut(link.ok_or(ActionError::NoLink)?, Cut { direction, after, client_learns, broker_learns });
            }
            Fault::BlackHole => {
                let cut = Cut { direction: Direction::Up, after: 0, client_learns: None, broker_learns: None };
                self.cut(link.ok_or(ActionError::NoLink)?, cut);
            }
            Fault::Segments(longest) => client.conditions.segment_bytes_max = longest,
            Fault::SlowReader(rate) => {
                client.reads = rate;
                if let Some(link) = link.and_then(|id| self.links.get_mut(&id)) {
                    link.reads = rate;
                }
            }
        }
        Ok(())
    }

    fn cut(&mut self, id: LinkId, cut: Cut) {
        if let Some(link) = self.links.get_mut(&id) {
            link.cut = Some(cut);
            if cut.after == 0 {
                self.snap(id, cut);
            }
        }
    }

    /// The link breaks: all that is under way is lost.
    pub(super) fn snap(&mut self, id: LinkId, cut: Cut) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else { return };
        link.cut = None;
        link.is_broken = true;
        link.opens_at = None;
        let learns = |end: End, after: Option<u64>| match end {
            End::Closed => End::Closed,
            End::Opening | End::Open | End::Learns(_) => {
                End::Learns(after.map(|after| now + Duration::from_millis(after)))
            }
        };
        link.client = learns(link.client, cut.client_learns);
        link.broker = if link.peer.is_some() { learns(link.broker, cut.broker_learns) } else { End::Closed };
        self.spill(id, Direction::Up, LossCause::LinkCut);
        self.spill(id, Direction::Down, LossCause::LinkCut);
        self.note(Event::Link(id, LinkEvent::Broken));
    }

    /// All that is under way in this direction is lost.
    pub(super) fn spill(&mut self, id: LinkId, direction: Direction, cause: LossCause) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else { return };
        while let Some(parcel) = link.pipe(direction).pop() {
            if let Parcel::Packet { entry, start, .. } = parcel {
                self.trace.end(entry, if start > 0 { Fate::Truncated(now, start) } else { Fate::Lost(now, cause) });
            }
        }
    }

    /// Does a pending event, at the time of the clock.
    pub(super) fn happen(&mut self, choice: Choice) {
        let now = self.now;
        self.moments += 1;
        match choice {
            Choice::Opens(id) => self.open(id),
            Choice::Arrives(id, direction) => self.arrive(id, direction),
            Choice::Learns(id, direction) => {
                self.cause = Some(self.note(Event::Link(id, LinkEvent::Closed(self.place(id, direction)))));
                self.learn(id, direction);
            }
            Choice::Timer(place) => {
                self.cause = Some(self.note(Event::Timer(place)));
                match place {
                    Place::Broker => {
                        self.broker.handle_timeout(now);
                        self.drain_broker();
                    }
                    Place::Client(actor) => self.with_client(actor, Client::handle_timeout),
                }
            }
            Choice::Stored => {
                self.cause = Some(self.note(Event::Stored));
                if let Some(batch) = self.disk.as_mut().and_then(super::disk::Disk::write) {
                    self.broker.handle_stored(batch, now);
                    self.drain_broker();
                }
            }
        }
        self.cause = None;
    }

    fn open(&mut self, id: LinkId) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else { return };
        link.opens_at = None;
        if link.client != End::Opening {
            link.broker = End::Closed;
            self.forget_if_over(id);
            return;
        }
        let peer = self.broker.accept(now);
        link.peer = Some(peer);
        (link.client, link.broker) = (End::Open, End::Open);
        let (actor, attempt) = (link.actor, link.attempt);
        self.peers.insert(peer, id);
        self.cause = Some(self.note(Event::Link(id, LinkEvent::Opened)));
        self.drain_broker();
        self.with_client(actor, |client, now| client.handle_open(attempt, now));
    }

    /// The end that receives in this direction.
    pub(super) fn place(&self, id: LinkId, direction: Direction) -> Place {
        match (direction, self.links.get(&id)) {
            (Direction::Down, Some(link)) => Place::Client(link.actor),
            _ => Place::Broker,
        }
    }

    /// The host at the receiving end learns that the other is gone.
    pub(super) fn learn(&mut self, id: LinkId, direction: Direction) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else { return };
        let (actor, attempt, peer) = (link.actor, link.attempt, link.peer);
        match direction {
            Direction::Up => {
                link.broker = End::Closed;
                if let Some(peer) = peer {
                    self.broker.handle_closed(peer, now);
                    self.drain_broker();
                }
            }
            Direction::Down => {
                link.client = End::Closed;
                self.with_client(actor, |client, now| client.handle_closed(attempt, now));
                self.forget_link(actor, id);
            }
        }
        self.forget_if_over(id);
    }

    pub(super) fn forget_if_over(&mut self, id: LinkId) {
        if self.links.get(&id).is_some_and(super::link::Link::is_over) {
            self.spill(id, Direction::Up, LossCause::ReceiverGone);
            self.spill(id, Direction::Down, LossCause::ReceiverGone);
            self.links.remove(&id);
        }
    }

    pub(super) fn note(&mut self, event: Event) -> EntryId {
        self.trace.note(self.now, self.cause, event)
    }
}

fn parse_filter(filter: &str) -> Result<TopicFilter, ActionError> {
    TopicFilter::parse(filter).map_err(|error| topic_error(filter, &error))
}

fn topic_error(text: &str, error: &impl core::fmt::Display) -> ActionError {
    ActionError::Topic { text: text.into(), problem: alloc::format!("{error}") }
}

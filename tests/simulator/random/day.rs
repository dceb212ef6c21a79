//! A day in a random world: what its clients and its network do.

use std::num::NonZeroU32;
use std::time::Duration;

use wasmqtt::client::{Backoff, ClientOptions, ClientWill, Keep, Overflow};
use wasmqtt::codec::{Message, PropertiesBuf, Property, QoS, ReasonCode, RetainHandling, SubscriptionOptions, Version};
use wasmqtt::simulator::{Action, Actor, Direction, Fault, Restart};
use wasmqtt::topic::TopicName;

use super::super::acts::EACH_QOS;
use super::features::Features;

/// Clients whose process stays, and whose messages must come.
pub(super) const CORE_SUBSCRIBER: Actor = Actor(0);
pub(super) const CORE_PUBLISHER: Actor = Actor(1);

const STEPS: u64 = 60;
const TOPICS: [&str; 4] = ["t/a", "t/b", "t/b/c", "u"];
const FILTERS: [&str; 5] = ["t/#", "t/+", "+/b/c", "u", "#"];
const SHARED: [&str; 2] = ["$share/g/t/#", "$share/h/#"];

/// `SplitMix64`.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).expect("below an index")
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.index(list.len())]
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

pub(super) struct Day<'a> {
    dice: Dice,
    features: &'a Features,
    actions: Vec<Action>,
    clients: usize,
    messages: u32,
}

impl<'a> Day<'a> {
    pub(super) fn new(seed: u64, features: &'a Features) -> Self {
        Self { dice: Dice::new(!seed), features, actions: Vec::new(), clients: 0, messages: 0 }
    }

    /// The core connects and subscribes before anything happens.
    pub(super) fn actions(mut self) -> Vec<Action> {
        for name in ["core-subscriber", "core-publisher"] {
            let options = self.core(name);
            self.add(options);
        }
        self.actions.push(Action::Run(500));
        self.actions.push(Action::subscribe(CORE_SUBSCRIBER, "core/#", QoS::ExactlyOnce));
        self.actions.push(Action::Run(500));
        for number in 0..=self.dice.below(5) {
            let options = self.other(number);
            self.add(options);
        }
        if self.features.segments {
            let fault = Fault::Segments(NonZeroU32::new(30));
            self.actions.extend((0..self.clients).map(|number| Action::Fault { client: Actor(number), fault }));
        }
        for _ in 0..STEPS {
            self.acts();
            if !(self.features.bursts && self.dice.one_in(2)) {
                let milliseconds = self.dice.of(&[1, 20, 40, 100, 1_000, 5_000, 20_000]);
                self.actions.push(Action::Run(milliseconds));
            }
        }
        self.actions
    }

    fn add(&mut self, options: ClientOptions) {
        self.actions.push(Action::Add(Box::new(options)));
        self.clients += 1;
    }

    fn core(&mut self, name: &str) -> ClientOptions {
        let version = self.version();
        let mut options = ClientOptions { keep: Keep::Acknowledged, clean_start: false, ..self.plain(name, version) };
        if version == Version::V5 {
            options.properties = properties(&[Property::SessionExpiryInterval(u32::MAX)]);
        }
        options
    }

    fn version(&mut self) -> Version {
        if self.features.old_versions && self.dice.one_in(2) { Version::V3_1_1 } else { Version::V5 }
    }

    fn plain(&mut self, name: &str, version: Version) -> ClientOptions {
        let backoff = Backoff { min: Duration::from_millis(100), max: Duration::from_secs(5), ..Backoff::default() };
        ClientOptions {
            version,
            keep_alive: self.dice.of(&[5, 10, 45]),
            reconnect: Some(backoff),
            connect_timeout: Duration::from_secs(10),
            topic_alias_maximum: if self.features.aliases && version == Version::V5 { 2 } else { 0 },
            receive_maximum: if self.features.small_receivers { 2 } else { u16::MAX },
            seed: self.dice.below(u64::MAX),
            ..ClientOptions::new(name)
        }
    }

    fn other(&mut self, number: u64) -> ClientOptions {
        let version = self.version();
        let features = self.features;
        let mut options = self.plain(&format!("client-{number}"), version);
        options.clean_start = self.dice.one_in(3);
        let mut list = Vec::new();
        if version == Version::V5 {
            let lasts = if features.short_sessions { [0, 1, 10] } else { [60, 3_600, u32::MAX] };
            list.push(Property::SessionExpiryInterval(self.dice.of(&lasts)));
        }
        options.properties = properties(&list);
        if features.small_packets && self.dice.one_in(2) {
            options.packet_bytes_max = 60;
        }
        if features.small_queues {
            (options.queue_messages, options.overflow) = (3, self.dice.of(&[Overflow::Reject, Overflow::DropOldest]));
        }
        if features.policies {
            options.keep = self.dice.of(&[Keep::All, Keep::Acknowledged, Keep::Nothing]);
            options.request_timeout = Duration::from_secs(self.dice.of(&[0, 3]));
            options.strict = self.dice.one_in(2);
        }
        if features.wills && self.dice.one_in(2) {
            options.will = Some(self.will(number, version));
        }
        options
    }

    fn will(&mut self, number: u64, version: Version) -> ClientWill {
        let mut message = Message::new(topic("t/b"), format!("will of {number}").into_bytes());
        (message.qos, message.retain) = (self.dice.of(&EACH_QOS), self.dice.one_in(3));
        if version == Version::V5 {
            message.properties = properties(&[Property::WillDelayInterval(self.dice.of(&[0, 2, 30]))]);
        }
        ClientWill { message }
    }

    fn acts(&mut self) {
        let client = Actor(self.dice.index(self.clients));
        let features = self.features;
        let action = match self.dice.below(20) {
            0..5 => self.core_message(),
            5..10 => self.message(client),
            10..12 => self.subscription(client),
            12 if features.unsubscribes && client > CORE_PUBLISHER => {
                Action::Unsubscribe { client, filter: self.dice.of(&FILTERS).into() }
            }
            13 if features.kills && client > CORE_PUBLISHER => self.dice.of_kill(client),
            14 if features.disconnects && client > CORE_PUBLISHER && self.dice.one_in(3) => {
                let reason = self.dice.of(&[ReasonCode::Success, ReasonCode::DisconnectWithWill]);
                Action::Disconnect { client, reason }
            }
            15 if features.restarts && self.dice.one_in(2) => {
                let restarts = [Restart::Written, Restart::Unwritten];
                Action::RestartBroker(if features.has_store { self.dice.of(&restarts) } else { Restart::Forgets })
            }
            16 if features.dismissals => Action::Dismiss { client, reason: ReasonCode::AdministrativeAction },
            _ => match self.fault() {
                Some(fault) => Action::Fault { client, fault },
                None => self.core_message(),
            },
        };
        self.actions.push(action);
    }

    fn core_message(&mut self) -> Action {
        self.messages += 1;
        let (payload, qos) = (format!("core {}", self.messages), self.dice.of(&EACH_QOS));
        Action::publish(CORE_PUBLISHER, self.dice.of(&["core/a", "core/b"]), payload.as_bytes(), qos)
    }

    fn message(&mut self, client: Actor) -> Action {
        self.messages += 1;
        let features = self.features;
        let long = if features.small_packets && self.dice.one_in(3) { "long ".repeat(20) } else { String::new() };
        let mut payload = format!("{long}{}", self.messages).into_bytes();
        let retain = features.retained && self.dice.one_in(2);
        if retain && self.dice.one_in(4) {
            payload.clear();
        }
        let mut list = Vec::new();
        if features.expiry && self.dice.one_in(2) {
            list.push(Property::MessageExpiryInterval(self.dice.of(&[1, 2, 5])));
        }
        Action::Publish {
            client,
            topic: self.dice.of(&TOPICS).into(),
            payload: payload.into(),
            qos: self.dice.of(&EACH_QOS),
            retain,
            properties: properties(&list),
        }
    }

    fn subscription(&mut self, client: Actor) -> Action {
        let is_shared = self.features.shared && self.dice.one_in(2);
        let options = SubscriptionOptions {
            qos: self.dice.of(&EACH_QOS),
            no_local: !is_shared && self.dice.one_in(4),
            retain_as_published: self.dice.one_in(4),
            retain_handling: self.dice.of(&[
                RetainHandling::Send,
                RetainHandling::SendIfNew,
                RetainHandling::DoNotSend,
            ]),
        };
        let client = if client <= CORE_PUBLISHER { Actor(self.clients - 1) } else { client };
        let filter = if is_shared { self.dice.of(&SHARED) } else { self.dice.of(&FILTERS) };
        Action::Subscribe { client, filter: filter.into(), options }
    }

    fn fault(&mut self) -> Option<Fault> {
        let features = self.features;
        let rate = |rate| NonZeroU32::new(rate);
        Some(match self.dice.below(6) {
            0 | 1 if features.cuts => Fault::Cut {
                direction: self.dice.of(&[Direction::Up, Direction::Down]),
                after: self.dice.index(60),
                client_learns: self.dice.of(&[Some(0), Some(300), None]),
                broker_learns: self.dice.of(&[Some(0), Some(300), None]),
            },
            2 if features.black_holes => Fault::BlackHole,
            3 if features.stalls => Fault::Stall(self.dice.of(&[100, 2_000, 30_000])),
            4 if features.slow_readers => Fault::SlowReader(rate(self.dice.of(&[0, 20, 1_000]))),
            5 if features.bandwidth => Fault::Bandwidth(rate(self.dice.of(&[0, 100, 5_000]))),
            _ => return None,
        })
    }
}

impl Dice {
    fn of_kill(&mut self, client: Actor) -> Action {
        if self.one_in(3) { Action::Kill { client } } else { Action::Reload { client } }
    }
}

fn topic(text: &str) -> TopicName {
    TopicName::parse(text).expect(text)
}

fn properties(list: &[Property<'_>]) -> PropertiesBuf {
    let mut properties = PropertiesBuf::new();
    for property in list {
        properties.push(*property).expect("short");
    }
    properties
}

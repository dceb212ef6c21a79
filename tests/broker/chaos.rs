//! Chaos: everything at once, at random. Clients come, go, fight and stop, the host answers late or
//! not, the store is slow, brokers crash. Few invariants must hold, and always.

use std::time::Duration;

use wasmqtt::broker::{
    Access, AccessFilter, AccessRule, Action, Answer, Asks, Broker, BrokerOptions, PeerId, QueueOverflow,
};
use wasmqtt::codec::{
    Ack, Connect, Disconnect, Packet, Properties, Property, Publish, ReasonCode, SubscriptionOptions,
};
use wasmqtt::time::Time;

use crate::support::packets::{QOS, V4, V5, connect, id, message, properties, publish, will};
use crate::support::scenario::Scenario;

const FILTERS: [&str; 7] = ["t/#", "t/+", "topic/one", "$share/g/t/#", "$share/g/topic/+", "$share/h/t/#", "$SYS/#"];
const TOPICS: [&str; 5] = ["t/1", "t/22222", "topic/one", "topic/two", "t"];
pub(crate) const IDS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// A xorshift generator.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 20).expect("64 bits") % sides
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }

    pub(crate) fn is(&mut self) -> bool {
        self.roll(2) == 0
    }
}

pub(crate) fn options(dice: &mut Dice) -> BrokerOptions {
    let rule = |action, filter, verdict| AccessRule {
        action,
        filter: AccessFilter::parse(filter).expect(filter),
        client_id: Some("b".into()),
        username: None,
        verdict,
    };
    let rules = vec![
        rule(Some(Action::Receive), "t/1", Err(ReasonCode::NotAuthorized)),
        rule(None, "topic/two", Err(ReasonCode::Banned)),
    ];
    let (publish, subscribe) = (dice.is(), dice.is());
    BrokerOptions {
        asks: Asks { authenticate: dice.is(), enhanced: false, publish, subscribe, receive: dice.roll(3) == 0 },
        access: if dice.is() { Access::new(rules) } else { Access::default() },
        queue_messages: 1 + dice.roll(5),
        in_flight_max: u16::try_from(1 + dice.roll(4)).expect("small").try_into().expect("not 0"),
        queue_overflow: dice.pick(&[QueueOverflow::DropNewest, QueueOverflow::DropOldest, QueueOverflow::Disconnect]),
        topic_alias_maximum: u16::try_from(dice.roll(3)).expect("small"),
        transmit_bytes_max: dice.pick(&[60, 1 << 20]),
        input_bytes_max: dice.pick(&[300, 1000]),
        memory_max: dice.pick(&[30_000, 60_000, 1 << 30]),
        answer_timeout: Duration::from_secs(5),
        events: true,
        ..BrokerOptions::default()
    }
}

pub(crate) fn join(scenario: &mut Scenario, dice: &mut Dice) -> PeerId {
    let version = dice.pick(&[V4, V5, V5]);
    let mut list = Vec::new();
    if version == V5 {
        list.push(Property::SessionExpiryInterval(dice.pick(&[0, 20, 1_000, u32::MAX])));
        list.push(Property::TopicAliasMaximum(2));
        list.push(Property::ReceiveMaximum(dice.pick(&[1, 3, 100])));
        if dice.roll(4) == 0 {
            list.push(Property::MaximumPacketSize(100));
        }
    }
    let list = properties(&list);
    let delay = properties(&[Property::WillDelayInterval(dice.pick(&[1, 30]))]);
    let mut will = will(dice.pick(&TOPICS), "will", dice.pick(&QOS));
    if version == V5 && dice.is() {
        will.properties = delay.as_properties();
    }
    will.retain = dice.is();
    let connect = Connect {
        clean_start: dice.roll(4) == 0,
        keep_alive: dice.pick(&[0, 10]),
        username: dice.is().then_some("ann"),
        will: dice.is().then_some(will),
        properties: list.as_properties(),
        ..connect(version, dice.pick(&IDS))
    };
    scenario.connect(&connect)
}

/// Sends one thing of a client.
pub(crate) fn act(scenario: &mut Scenario, dice: &mut Dice, peer: PeerId) {
    let packet_id = id(u16::try_from(1 + dice.roll(4)).expect("small"));
    match dice.roll(14) {
        0 => {
            let (filter, qos) = (dice.pick(&FILTERS), dice.pick(&QOS));
            let identifier = dice.is().then_some(7);
            let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
            let identifier = identifier.filter(|_| scenario.version(peer) == V5);
            scenario.subscribe_with(peer, filter, options, identifier);
        }
        1 => drop(scenario.unsubscribe(peer, dice.pick(&FILTERS))),
        2..=5 => {
            let expiry = properties(&[Property::MessageExpiryInterval(dice.pick(&[1, 60]))]);
            let mut publish = publish(dice.pick(&TOPICS), dice.pick(&["", "x", "longer payload"]), dice.pick(&QOS));
            publish.retain = dice.roll(4) == 0;
            publish.packet_id = publish.packet_id.map(|_| packet_id);
            if scenario.version(peer) == V5 && dice.is() {
                publish = Publish { properties: expiry.as_properties(), ..publish };
            }
            scenario.send(peer, &Packet::Publish(publish));
        }
        6 => scenario.send(peer, &Packet::Puback(Ack::success(packet_id))),
        7 => scenario.send(peer, &Packet::Pubrec(Ack::success(packet_id))),
        8 => scenario.send(peer, &Packet::Pubrel(Ack::success(packet_id))),
        9 => scenario.send(peer, &Packet::Pubcomp(Ack::success(packet_id))),
        10 => scenario.send(peer, &Packet::Pingreq),
        11 if dice.is() => scenario.cut(peer),
        11 => scenario.leave(peer),
        12 => scenario.writable(peer, dice.is()),
        _ => match dice.roll(6) {
            0 => scenario.send(
                peer,
                &Packet::Disconnect(Disconnect { reason: ReasonCode::Success, properties: Properties::EMPTY }),
            ),
            1 => {
                scenario.broker.disconnect(peer, ReasonCode::AdministrativeAction, scenario.now);
                scenario.drain();
            }
            _ => {}
        },
    }
}

pub(crate) fn write(scenario: &mut Scenario) {
    while let Some(batch) = scenario.disk.write() {
        scenario.broker.handle_stored(batch, scenario.now);
        scenario.drain();
    }
}

fn run(seed: u64, has_store: bool) {
    let mut dice = Dice::new(seed);
    let mut scenario = Scenario::with(options(&mut dice));
    scenario.pauses = dice.is();
    scenario.now = Time::from_millis(1_800_000_000_000);
    if has_store {
        scenario.disk.restore(&mut scenario.broker, scenario.now).expect("nothing");
    }
    let mut peers: Vec<PeerId> = Vec::new();
    for _ in 0..300 {
        match dice.roll(20) {
            0 | 1 => peers.push(join(&mut scenario, &mut dice)),
            2 if has_store => write(&mut scenario),
            3 => scenario.disk_waits = dice.is(),
            4 => scenario.wait(Duration::from_secs(dice.pick(&[0, 1, 3, 20]))),
            5 => {
                scenario.broker.publish(message(dice.pick(&TOPICS), "host"), scenario.now);
                scenario.drain();
            }
            6..=8 => {
                if !scenario.asked.is_empty() {
                    let (question, _) = scenario.asked.remove(dice.roll(scenario.asked.len()));
                    let answer =
                        dice.pick(&[Some(ReasonCode::Banned), None, None, None]).map_or(Answer::Allow, Answer::Refuse);
                    scenario.answer_to(question, answer);
                }
            }
            9 if has_store && dice.roll(4) == 0 => {
                scenario.disk.crash(dice.is());
                peers.clear();
                scenario.asked.clear();
                scenario.now = scenario.now + Duration::from_secs(dice.pick(&[0, 1, 30]));
                let options = if dice.is() { options(&mut dice) } else { scenario.broker.options().clone() };
                scenario.broker = Broker::new(options, 9);
                let restored = scenario.disk.restore(&mut scenario.broker, scenario.now);
                assert!(restored.is_ok(), "seed {seed}: {restored:?}");
                scenario.restarted();
                scenario.drain();
            }
            _ => {
                peers.retain(|peer| !scenario.is_closed(*peer));
                if !peers.is_empty() {
                    let peer = dice.pick(&peers);
                    act(&mut scenario, &mut dice, peer);
                    if !scenario.is_open(peer) {
                        peers.retain(|other| *other != peer);
                    }
                }
            }
        }
    }
    // Once nothing is waited for, everybody is read.
    write(&mut scenario);
    scenario.disk_waits = false;
    while !scenario.asked.is_empty() {
        scenario.answer(Answer::Allow);
    }
    // But publishers of 3.1.1 that are held back for want of memory.
    let memory = scenario.broker.counters().memory;
    assert!(scenario.paused() == 0 || memory.bytes > memory.max / 2, "seed {seed}: {memory:?}");
    // All go, and nothing is left of them.
    scenario.broker.shut_down(scenario.now);
    scenario.drain();
    assert_eq!(scenario.broker.clients().count(), 0, "seed {seed}");
    scenario.wait(Duration::from_mins(50));
    let left: Vec<String> = scenario.broker.sessions().map(|session| session.client_id.into()).collect();
    scenario.wait(Duration::from_mins(1));
    for client_id in left {
        let peer = scenario.connect(&connect(V5, &client_id));
        while !scenario.asked.is_empty() {
            scenario.answer(Answer::Allow);
        }
        scenario.cut(peer);
    }
    for topic in TOPICS {
        scenario.broker.publish(wasmqtt::codec::Message { retain: true, ..message(topic, "") }, scenario.now);
        scenario.drain();
    }
    assert_eq!(scenario.sessions(), [""; 0], "seed {seed}");
    assert_eq!(scenario.broker.subscriptions(), 0, "seed {seed}");
    if has_store {
        assert!(scenario.broker.is_stored(), "seed {seed}");
        assert!(scenario.disk.kinds().len() <= 1, "seed {seed}: {}", scenario.disk.kinds());
    }
}

#[test]
fn nothing_breaks_and_nothing_is_left_behind() {
    // More of them when somebody looks for trouble.
    let count = std::env::var("CHAOS").map_or(200, |count| count.parse().expect("a number"));
    for seed in 1..=count {
        for has_store in [false, true] {
            let result = std::panic::catch_unwind(|| run(seed, has_store));
            assert!(result.is_ok(), "seed {seed}, store {has_store}");
        }
    }
}

//! Monitors of live traffic, which see one client's end of its connections.
//!
//! They judge what that end can know: the packets of a connection, and the subscriptions of a
//! session that began while they watched. Each connection is judged by itself, since between two of
//! them either end may drop what it owes.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::wire::Wire;
use super::{Findings, Guarantee, Violation};
use crate::codec::{Connack, Packet, PropertyId, Publish, QoS, Version};
use crate::simulator::drain::describe;
use crate::simulator::sorted_map::SortedMap;
use crate::simulator::{Actor, Direction, EntryId, LinkId};
use crate::topic::{TopicFilter, TopicName};

/// Filters of a session beyond which its messages are not judged any more.
const FILTERS_MAX: usize = 1_000;

/// Guarantees on the traffic of one client, as its packets pass its end.
#[derive(Debug, Default)]
pub struct LiveMonitors {
    connection: Option<Connection>,
    /// Filters that the session has asked for, each with its highest QoS; `None` if it may have
    /// others.
    asked: Option<SortedMap<Box<str>, (TopicFilter, QoS)>>,
    /// The first of each guarantee.
    violations: Vec<Violation>,
}

/// The connection that a CONNECT has begun.
#[derive(Debug)]
struct Connection {
    version: Version,
    wire: Wire,
    /// Topics of the broker's aliases.
    aliases: SortedMap<u32, Box<str>>,
}

impl LiveMonitors {
    /// Guarantees that can be judged from a client's end. A message at QoS 2 that comes again is
    /// one with a packet identifier in use.
    pub const JUDGED: [Guarantee; 6] = [
        Guarantee::PacketIdentifiers,
        Guarantee::ReceiveMaximum,
        Guarantee::TopicAliases,
        Guarantee::PacketSize,
        Guarantee::Subscriptions,
        Guarantee::Peers,
    ];

    /// Monitors that have seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one packet as it is sent or received. The caller numbers them by `entry`.
    ///
    /// Returns true if it breaks a guarantee that was kept until then.
    pub fn on_packet(&mut self, direction: Direction, bytes: &[u8], entry: EntryId) -> bool {
        let mut violations = Vec::new();
        self.watch(direction, bytes, &mut Findings { entry, violations: &mut violations });
        let count = self.violations.len();
        for one in violations {
            if self.violations.iter().all(|known| known.guarantee != one.guarantee) {
                self.violations.push(one);
            }
        }
        self.violations.len() > count
    }

    /// Returns the first violation of each guarantee that was broken.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    fn watch(&mut self, direction: Direction, bytes: &[u8], findings: &mut Findings<'_>) {
        let version = self.connection.as_ref().map_or(Version::V5, |connection| connection.version);
        let packet = match direction {
            Direction::Up => Packet::decode(bytes, version),
            Direction::Down => Packet::decode_from_server(bytes, version),
        };
        if let (Direction::Up, Ok(Packet::Connect(connect))) = (direction, &packet) {
            let (version, wire) = (connect.version, Wire::default());
            self.connection = Some(Connection { version, wire, aliases: SortedMap::default() });
        }
        // Without its CONNECT the version of a connection is not known.
        let Some(connection) = &mut self.connection else { return };
        let packet = match packet {
            Ok(packet) => packet,
            Err(error) => {
                let sender = if direction == Direction::Up { "the client" } else { "the broker" };
                return findings.add(Guarantee::Peers, format!("{sender} has sent a malformed packet: {error}"));
            }
        };
        let record = describe(LinkId(0), Actor(0), direction, bytes, connection.version);
        connection.wire.on_sent(&record, findings);
        connection.wire.on_arrival(&record);
        match (direction, packet) {
            (Direction::Up, Packet::Subscribe(subscribe)) => {
                for one in subscribe.subscriptions {
                    self.on_subscribe(one.filter, one.options.qos);
                }
            }
            (Direction::Down, Packet::Connack(connack)) => self.on_connack(&connack),
            (Direction::Down, Packet::Publish(publish)) => self.on_publish(&publish, findings),
            _ => {}
        }
    }

    fn on_connack(&mut self, connack: &Connack<'_>) {
        if !connack.session_present && !connack.reason.is_error() {
            self.asked = Some(SortedMap::default());
        }
    }

    /// A subscription counts from its request on, and for good: messages may be under way.
    fn on_subscribe(&mut self, filter: &str, qos: QoS) {
        let Some(asked) = &mut self.asked else { return };
        let Ok(parsed) = TopicFilter::parse(filter) else { return };
        let one = asked.get_or_insert(filter.into(), (parsed, qos));
        one.1 = one.1.max(qos);
        if asked.len() > FILTERS_MAX {
            self.asked = None;
        }
    }

    fn on_publish(&mut self, publish: &Publish<'_>, findings: &mut Findings<'_>) {
        let Some(topic) = self.topic(publish) else { return };
        let (Some(asked), Ok(name)) = (&self.asked, TopicName::parse(&topic)) else { return };
        let granted = asked.values().filter(|(filter, _)| filter.matches(&name)).map(|(_, qos)| *qos).max();
        let problem = match granted {
            None => String::from("to which the client has no subscription"),
            Some(granted) if publish.qos > granted => format!("at {:?}, above the {granted:?} asked for", publish.qos),
            Some(_) => return,
        };
        findings.add(Guarantee::Subscriptions, format!("the broker has sent a message on {topic}, {problem}"));
    }

    /// Returns the topic of a PUBLISH of the broker; `None` if its alias stands for none.
    fn topic(&mut self, publish: &Publish<'_>) -> Option<Box<str>> {
        let Some(alias) = publish.properties.number(PropertyId::TopicAlias) else { return Some(publish.topic.into()) };
        let aliases = &mut self.connection.as_mut()?.aliases;
        if !publish.topic.is_empty() {
            aliases.insert(alias, publish.topic.into());
        }
        aliases.get(&alias).cloned()
    }
}

//! Diagrams of a trace for documents: what is drawn of it, and in which words.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::{Action, Actor, ClientEvent, Event, Fate, Fault, LinkEvent, LossCause, PacketRecord, Place, World};
use crate::broker::{Event as BrokerEvent, WillFate};
use crate::codec::PacketKind;
use crate::time::Time;

mod mermaid;
mod svg;

/// Marks of a diagram, at most.
const MARKS_MAX: usize = 1_000;
/// Characters of a name, at most.
const NAME_MAX: usize = 30;
/// Characters of a label, at most.
const LABEL_MAX: usize = 60;

/// The part of a trace that is drawn.
#[derive(Debug)]
struct Diagram<'a> {
    world: &'a World,
    /// The clients that are in it, in the order of their numbers.
    clients: Vec<Actor>,
    marks: Vec<Mark<'a>>,
    /// Entries that would be drawn, beyond the bound.
    left_out: usize,
}

/// One arrow or note.
#[derive(Debug)]
struct Mark<'a> {
    at: Time,
    kind: MarkKind<'a>,
}

#[derive(Debug)]
enum MarkKind<'a> {
    Packet(&'a PacketRecord),
    Note(Place, String),
}

impl<'a> Diagram<'a> {
    /// The entries from one index up to another, as far as there are some.
    fn new(world: &'a World, from: usize, to: usize) -> Self {
        let all = world.trace().entries();
        let to = to.min(all.len());
        let mut marks = Vec::new();
        let mut left_out = 0;
        for entry in all.get(from..to).unwrap_or_default() {
            let kind = match &entry.event {
                Event::Packet(packet) => MarkKind::Packet(packet),
                other => match note(world, other) {
                    Some((place, text)) => MarkKind::Note(place, text),
                    None => continue,
                },
            };
            if marks.len() < MARKS_MAX {
                marks.push(Mark { at: entry.at, kind });
            } else {
                left_out += 1;
            }
        }
        let has = |client: &Actor| marks.iter().any(|mark| mark.client() == Some(*client));
        let clients = (0..world.clients.len()).map(Actor).filter(has).collect();
        Self { world, clients, marks, left_out }
    }

    fn name(&self, client: Actor) -> String {
        short(self.world.name(client).unwrap_or_default(), NAME_MAX)
    }

    /// Returns the words for what is left out, if anything is.
    fn rest(&self) -> Option<String> {
        (self.left_out > 0).then(|| format!("{} more are not drawn", self.left_out))
    }
}

impl Mark<'_> {
    const fn client(&self) -> Option<Actor> {
        match &self.kind {
            MarkKind::Packet(packet) => Some(packet.actor),
            MarkKind::Note(Place::Client(client), _) => Some(*client),
            MarkKind::Note(Place::Broker, _) => None,
        }
    }
}

/// Returns the words of a packet, as `PUBLISH 7, QoS 1, DUP, home/hall`.
fn label(packet: &PacketRecord) -> String {
    let mut text = packet.kind.map_or("bytes of no packet", PacketKind::name).to_owned();
    if let Some(packet_id) = packet.packet_id {
        let _ = write!(text, " {packet_id}");
    }
    if let Some(qos) = packet.qos {
        let _ = write!(text, ", QoS {}", qos.bits());
    }
    for (is_set, word) in [(packet.dup, ", DUP"), (packet.retain, ", retained")] {
        if is_set {
            text += word;
        }
    }
    if let Some(topic) = packet.topic.as_deref().filter(|topic| !topic.is_empty()) {
        let _ = write!(text, ", {topic}");
    }
    short(&text, LABEL_MAX)
}

/// Returns the words of a fate, unless the packet has arrived whole.
fn fate(packet: &PacketRecord) -> Option<String> {
    match packet.fate {
        Fate::Delivered(_) => None,
        Fate::InFlight => Some("under way".to_owned()),
        Fate::Lost(_, LossCause::LinkCut) => Some("lost".to_owned()),
        Fate::Lost(_, LossCause::ReceiverGone) => Some("receiver gone".to_owned()),
        Fate::Truncated(_, bytes) => Some(format!("{bytes} of {} bytes arrive", packet.bytes.len())),
    }
}

/// Returns when a packet met its fate, or would.
fn ends_at(packet: &PacketRecord) -> Time {
    match packet.fate {
        Fate::Delivered(at) | Fate::Lost(at, _) | Fate::Truncated(at, _) => at,
        Fate::InFlight => packet.arrives_at,
    }
}

fn note(world: &World, event: &Event) -> Option<(Place, String)> {
    let (place, text) = match event {
        Event::Action(index) => action(world.actions().get(*index as usize)?)?,
        Event::Client(client, event) => (Place::Client(*client), client_event(event)?),
        Event::Broker(BrokerEvent::Will { client_id, fate: WillFate::Fired, .. }) => {
            (Place::Broker, format!("publishes the will of {client_id}"))
        }
        Event::Restarted(_) => (Place::Broker, "restarts".to_owned()),
        Event::Link(link, LinkEvent::Broken) => {
            // The client of a link that is over stands in its packets alone.
            let client = world.links.get(link)?.actor;
            (Place::Client(client), "the link breaks".to_owned())
        }
        Event::Packet(_) | Event::Timer(_) | Event::Stored | Event::Broker(_) | Event::Link(..) => return None,
    };
    Some((place, short(&text, LABEL_MAX)))
}

fn client_event(event: &ClientEvent) -> Option<String> {
    match event {
        ClientEvent::Message { topic, .. } => Some(format!("has a message on {topic}")),
        ClientEvent::Lost { .. } => Some("finds its connection lost".to_owned()),
        ClientEvent::Closed(_) => Some("ends".to_owned()),
        ClientEvent::Connected { .. }
        | ClientEvent::Challenged
        | ClientEvent::Notice(_)
        | ClientEvent::Requested(_)
        | ClientEvent::Done(..)
        | ClientEvent::Killed => None,
    }
}

/// Returns the words of an action that its packets do not show.
fn action(action: &Action) -> Option<(Place, String)> {
    let (client, text) = match action {
        Action::Kill { client } => (client, "is killed"),
        Action::Reload { client } => (client, "is reloaded"),
        Action::Dismiss { client, .. } => (client, "is ended by the broker's host"),
        Action::Fault { client, fault } => (client, network(fault)),
        Action::Add(_)
        | Action::Join(_)
        | Action::Open { .. }
        | Action::Send { .. }
        | Action::Close { .. }
        | Action::Subscribe { .. }
        | Action::Unsubscribe { .. }
        | Action::Publish { .. }
        | Action::Disconnect { .. }
        | Action::RestartBroker(_)
        | Action::Step
        | Action::Run(_)
        | Action::Choose(_) => return None,
    };
    Some((Place::Client(*client), text.to_owned()))
}

const fn network(fault: &Fault) -> &'static str {
    match fault {
        Fault::Latency { .. } => "has another latency",
        Fault::Bandwidth(_) => "has another bandwidth",
        Fault::Stall(_) => "stalls",
        Fault::Cut { .. } => "is cut off",
        Fault::BlackHole => "is in a black hole",
        Fault::SlowReader(_) => "reads at another rate",
        Fault::Segments(_) => "has other segments",
    }
}

/// Returns at most so many characters. Those that no document shows are replaced.
fn short(text: &str, max: usize) -> String {
    let mut shown: String = text.chars().take(max).map(|one| if is_shown(one) { one } else { '\u{FFFD}' }).collect();
    if text.chars().nth(max).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// True unless it is a control, turns the direction of text, or is no character of XML.
const fn is_shown(one: char) -> bool {
    let is_format =
        matches!(one, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    let is_control = matches!(one, '\0'..='\x1F' | '\x7F'..='\u{9F}');
    !is_format && !is_control && one as u32 & 0xFFFE != 0xFFFE
}

/// Returns a time as seconds.
fn seconds(at: Time) -> String {
    let milliseconds = at.as_millis();
    format!("{}.{:03} s", milliseconds / 1_000, milliseconds % 1_000)
}

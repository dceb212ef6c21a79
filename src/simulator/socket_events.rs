//! Events of the sockets of foreign clients, as the trace has them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::action::{Actor, Direction};
use super::link::LinkId;
use super::sorted_map::SortedMap;
use super::trace::{EntryId, Event, Fate, LinkEvent, Place, Trace};
use super::{World, boxed};

/// An event of a link, for the host of its foreign client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// It is open.
    Opened(LinkId),
    /// Bytes came.
    Bytes(LinkId, Box<[u8]>),
    /// It is closed. False if it broke, so that the broker did not close it.
    Closed(LinkId, bool),
}

/// Reads the events of foreign clients out of a trace as it grows.
#[derive(Debug, Default)]
pub struct SocketEvents {
    entries: usize,
    arrivals: usize,
    /// Links of foreign clients.
    links: SortedMap<LinkId, ()>,
    /// Those of them that broke.
    broken: SortedMap<LinkId, ()>,
}

impl SocketEvents {
    /// Returns the events that are new in the world's trace, in their order.
    pub fn read(&mut self, world: &World) -> Vec<SocketEvent> {
        let trace = world.trace();
        let mut events = Vec::new();
        while let Some(entry) = trace.entries().get(self.entries) {
            self.read_arrivals(trace, Some(self.entries), &mut events);
            if let Event::Link(link, event) = &entry.event {
                self.on_link(world, *link, *event, &mut events);
            }
            self.entries += 1;
        }
        self.read_arrivals(trace, None, &mut events);
        events
    }

    /// Passes over all that is in the world's trace. Links that are open stay unread.
    pub fn skip(&mut self, world: &World) {
        let trace = world.trace();
        *self = Self { entries: trace.entries().len(), arrivals: trace.arrivals().len(), ..Self::default() };
    }

    fn on_link(&mut self, world: &World, link: LinkId, event: LinkEvent, events: &mut Vec<SocketEvent>) {
        match event {
            LinkEvent::Opening(actor) if world.is_foreign(actor) => {
                self.links.insert(link, ());
            }
            LinkEvent::Opened if self.links.contains_key(&link) => events.push(SocketEvent::Opened(link)),
            LinkEvent::Broken if self.links.contains_key(&link) => {
                self.broken.insert(link, ());
            }
            LinkEvent::Closed(Place::Client(Actor(_))) if self.links.remove(&link).is_some() => {
                events.push(SocketEvent::Closed(link, self.broken.remove(&link).is_none()));
            }
            LinkEvent::Opening(_) | LinkEvent::Opened | LinkEvent::Broken | LinkEvent::Closed(_) => {}
        }
    }

    /// Reads the arrivals before an entry, or all.
    fn read_arrivals(&mut self, trace: &Trace, before: Option<usize>, events: &mut Vec<SocketEvent>) {
        while let Some(arrival) = trace.arrivals().get(self.arrivals)
            && before.is_none_or(|before| arrival.before.0 as usize <= before)
        {
            self.arrivals += 1;
            events.extend(self.arrival(trace, arrival.packet));
        }
    }

    fn arrival(&self, trace: &Trace, packet: EntryId) -> Option<SocketEvent> {
        let packet = trace.packet(packet)?;
        if packet.direction == Direction::Up || !self.links.contains_key(&packet.link) {
            return None;
        }
        let arrived = match packet.fate {
            Fate::Delivered(_) => &packet.bytes[..],
            Fate::Truncated(_, bytes) => packet.bytes.get(..bytes)?,
            Fate::InFlight | Fate::Lost(..) => return None,
        };
        Some(SocketEvent::Bytes(packet.link, boxed(arrived)))
    }
}

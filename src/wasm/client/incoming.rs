//! Incoming message as numbers: the addresses of its fields in WebAssembly memory.
//!
//! They are valid until the machine runs again.

use crate::client::{Incoming, Ticket};
use crate::wasm::js::callbacks::Host;

/// Arguments of the host's callbacks for a message. Nothing is borrowed.
pub(crate) struct Arrival {
    slot: u32,
    /// Topic and handlers of the slot, if they are new: address and length, address and count.
    route: Option<(usize, usize, usize, usize)>,
    flags: u32,
    address: usize,
    payload_bytes: usize,
    properties_bytes: usize,
    offset: i32,
}

impl Arrival {
    /// Returns the arrival of a message. `is_framed`: the bytes handled last are the host's current
    /// frame.
    pub(crate) fn new(incoming: &Incoming<'_>, is_framed: bool) -> Self {
        let publish = &incoming.publish;
        let route = incoming.topic_changed.then(|| {
            let (topic, handlers) = (publish.topic, incoming.handlers);
            (topic.as_ptr() as usize, topic.len(), handlers.as_ptr() as usize, handlers.len())
        });
        let in_frame = incoming.in_frame.filter(|_| is_framed);
        let bits = u32::from(publish.dup) << 3 | u32::from(publish.qos.bits()) << 1 | u32::from(publish.retain);
        let flags = incoming.ticket.map_or(0, |Ticket(ticket)| ticket << 4) | bits;
        Self {
            slot: incoming.topic_slot,
            route,
            flags,
            address: publish.payload.as_ptr() as usize,
            payload_bytes: publish.payload.len(),
            properties_bytes: publish.properties.as_bytes().len(),
            offset: in_frame.map_or(-1, |parts| i32::try_from(parts.payload).unwrap_or(-1)),
        }
    }

    pub(crate) fn deliver(&self, host: &Host) {
        if let Some((topic, topic_bytes, handlers, count)) = self.route {
            host.route(self.slot, topic, topic_bytes, handlers, count);
        }
        host.message(self.slot, self.flags, self.address, self.payload_bytes, self.properties_bytes, self.offset);
    }
}

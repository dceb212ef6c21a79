//! Stored image of a queue of deliveries.

use alloc::vec::Vec;

use crate::broker::delivery_tag::Delivery;
use crate::broker::store::key::Key;
use crate::broker::store::messages::MessageKey;
use crate::broker::store::record::write_delivery;
use crate::broker::store::record_writer::RecordWriter;
use crate::codec::QoS;
use crate::collections::fifo::Fifo;

/// Limit of consecutive deliveries that were not stored. It is above the length of any queue, and
/// small enough for memory.
const LEFT_OUT_MAX: u64 = 1 << 24;

/// Deliveries by their places, which are counted from the session's start. The queue grows at the
/// back and shrinks at the front, so a delivery keeps its place.
#[derive(Debug)]
pub(crate) struct StoredQueue {
    /// Makes the key of a session and a place.
    key: fn(u64, u64) -> Key<'static>,
    /// The place of the first delivery.
    first: u64,
    /// The messages; `None` for a delivery that is not stored.
    messages: Fifo<Option<MessageKey>>,
}

impl StoredQueue {
    pub(crate) const fn new(key: fn(u64, u64) -> Key<'static>) -> Self {
        Self { key, first: 0, messages: Fifo::new() }
    }

    /// Writes the differences to the session's queue. `ever` counts all deliveries since the
    /// session's start, and `len` the places still in the queue. `deliveries` returns those from an
    /// index on; an empty place has none.
    pub(crate) fn sync<'d, I: Iterator<Item = Option<&'d Delivery>>>(
        &mut self,
        session: u64,
        ever: u64,
        len: usize,
        deliveries: impl FnOnce(usize) -> I,
        writer: &mut RecordWriter<'_>,
    ) {
        self.forget(session, ever - len as u64, writer);
        let have = self.messages.len();
        for (delivery, place) in deliveries(have).zip(self.first + have as u64..) {
            // QoS 0 is no session state. A message that MQTT cannot encode is not sent either.
            let delivery = delivery.filter(|delivery| delivery.qos != QoS::AtMostOnce);
            let message = delivery.and_then(|delivery| writer.add_reference(delivery));
            if let Some((delivery, message)) = delivery.zip(message) {
                let (number, group) = (writer.messages.number(message), writer.group(delivery));
                writer.batch.put((self.key)(session, place), |out| write_delivery(delivery, number, group, out));
            }
            self.messages.push(message);
        }
    }

    /// Removes the deliveries at these places, which stay empty.
    pub(crate) fn empty(&mut self, session: u64, places: Vec<u64>, writer: &mut RecordWriter<'_>) {
        for place in places {
            let index = place.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
            if let Some(message) = index.and_then(|index| self.messages.get_mut(index)).and_then(Option::take) {
                writer.batch.remove((self.key)(session, place));
                writer.messages.remove_reference(message);
            }
        }
    }

    /// Removes the deliveries before this place.
    pub(crate) fn forget(&mut self, session: u64, place: u64, writer: &mut RecordWriter<'_>) {
        while self.first < place {
            let Some(message) = self.messages.pop() else {
                self.first = place;
                return;
            };
            if let Some(message) = message {
                writer.batch.remove((self.key)(session, self.first));
                writer.messages.remove_reference(message);
            }
            self.first += 1;
        }
    }

    /// Returns the bytes of memory of its table.
    pub(crate) const fn table_bytes(&self) -> usize {
        self.messages.table_bytes()
    }

    pub(crate) const fn len(&self) -> usize {
        self.messages.len()
    }

    /// Restores a delivery at its place; places before it may be left out. Returns the next place,
    /// or `None` if the place is impossible.
    pub(crate) fn restore(&mut self, place: u64, message: MessageKey) -> Option<u64> {
        if self.messages.is_empty() {
            self.first = place;
        }
        let mut next = self.first + self.messages.len() as u64;
        if place < next || place - next > LEFT_OUT_MAX {
            return None;
        }
        while next < place {
            self.messages.push(None);
            next += 1;
        }
        self.messages.push(Some(message));
        place.checked_add(1)
    }
}

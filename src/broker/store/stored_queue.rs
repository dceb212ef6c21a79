//! A line: what the store has of deliveries that wait in order.

use crate::broker::delivery_tag::Delivery;
use crate::broker::store::key::Key;
use crate::broker::store::messages::MessageKey;
use crate::broker::store::record::write_delivery;
use crate::broker::store::record_writer::RecordWriter;
use crate::codec::QoS;
use crate::collections::fifo::Fifo;

/// Deliveries that a broker could have left out in a row: more than wait for any client, and no more than there is memory
/// for.
const LEFT_OUT_MAX: u64 = 1 << 24;

/// Deliveries by their places, which are counted from the beginning of the session. A line loses its first and gains
/// behind its last, so that what is left of it stands where it stood.
#[derive(Debug)]
pub(crate) struct StoredQueue {
    /// Of a session and a place.
    key: fn(u64, u64) -> Key<'static>,
    /// The place of the first.
    first: u64,
    /// None where there is a delivery that is not stored.
    messages: Fifo<Option<MessageKey>>,
}

impl StoredQueue {
    pub(crate) const fn new(key: fn(u64, u64) -> Key<'static>) -> Self {
        Self { key, first: 0, messages: Fifo::new() }
    }

    /// Writes what is not as the store has it: `deliveries` gives the `len` that are left of all that were `ever` put in,
    /// from a place among them on.
    pub(crate) fn sync<'d, I: Iterator<Item = &'d Delivery>>(
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
            // Of QoS 0 nothing is session state. What MQTT cannot say is not sent either.
            let message = if delivery.qos == QoS::AtMostOnce { None } else { writer.hold(delivery) };
            if let Some(message) = message {
                let (number, group) = (writer.messages.number(message), writer.group(delivery));
                writer.batch.put((self.key)(session, place), |out| write_delivery(delivery, number, group, out));
            }
            self.messages.push(message);
        }
    }

    /// Removes what stood before this place.
    pub(crate) fn forget(&mut self, session: u64, place: u64, writer: &mut RecordWriter<'_>) {
        while self.first < place {
            let Some(message) = self.messages.pop() else {
                self.first = place;
                return;
            };
            if let Some(message) = message {
                writer.batch.remove((self.key)(session, self.first));
                writer.messages.release(message);
            }
            self.first += 1;
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.messages.len()
    }

    /// One that is restored, which may have left out places before it. Gives the next place; `None` if this one cannot be.
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

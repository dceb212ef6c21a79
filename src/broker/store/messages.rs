//! Stored messages: each once, counted by the records that refer to it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;

use crate::broker::store::key::Key;
use crate::broker::store::record::write_message;
use crate::codec::Message;
use crate::collections::slab::Slab;
use crate::collections::sorted_list::SortedList;
use crate::store::Batch;
use crate::time::Time;

/// Key of a stored message in [`Messages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageKey(u32);

/// Stored messages, by key and by identity in memory.
#[derive(Debug)]
pub(crate) struct Messages {
    slab: Slab<Entry>,
    known: SortedList<Known>,
    /// The number that was assigned last.
    last: u64,
    /// Messages that lost their last reference in this batch. They may have a new one since.
    unreferenced: Vec<u32>,
    /// Restored messages whose arrival the store has on another clock.
    shifted: Vec<u32>,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    references: usize,
    /// The message itself. While it is kept, no other message has its address.
    message: Arc<Message>,
    arrived: Time,
}

/// A message by its address and its arrival. A published will has the same address as before, but
/// another arrival.
#[derive(Debug)]
struct Known {
    key: (usize, Time),
    slot: u32,
}

impl Borrow<(usize, Time)> for Known {
    fn borrow(&self) -> &(usize, Time) {
        &self.key
    }
}

/// Returns the address of a message, which is unique while the message is held.
pub(crate) fn address(message: &Arc<Message>) -> usize {
    Arc::as_ptr(message).addr()
}

impl Messages {
    pub(crate) const fn new() -> Self {
        Self { slab: Slab::new(), known: SortedList::new(), last: 0, unreferenced: Vec::new(), shifted: Vec::new() }
    }

    /// Returns the bytes of memory of its tables. The messages are charged by themselves.
    pub(crate) fn table_bytes(&self) -> usize {
        self.slab.table_bytes() + self.known.table_bytes()
    }

    /// Adds a reference to the message, and writes the message if it is new. `None` if MQTT cannot
    /// encode it; then it is never sent either.
    pub(crate) fn add_reference(
        &mut self,
        message: &Arc<Message>,
        arrived: Time,
        batch: &mut Batch,
    ) -> Option<MessageKey> {
        if let Some(known) = self.known.find(&(address(message), arrived)) {
            self.slab.get_mut(known.slot)?.references += 1;
            return Some(MessageKey(known.slot));
        }
        let number = self.last + 1;
        batch.put_if(Key::Message(number), |out| write_message(message, arrived, out))?;
        Some(self.insert(number, Arc::clone(message), arrived, 1))
    }

    /// Removes a reference to the message.
    pub(crate) fn remove_reference(&mut self, key: MessageKey) {
        if let Some(entry) = self.slab.get_mut(key.0) {
            entry.references -= 1;
            if entry.references == 0 {
                self.unreferenced.push(key.0);
            }
        }
    }

    /// Removes messages without a reference, at the end of a batch.
    pub(crate) fn remove_unreferenced(&mut self, batch: &mut Batch) {
        for slot in self.unreferenced.drain(..) {
            if self.slab.get(slot).is_some_and(|entry| entry.references == 0)
                && let Some(entry) = self.slab.remove(slot)
            {
                self.known.remove(&(address(&entry.message), entry.arrived));
                batch.remove(Key::Message(entry.number));
            }
        }
    }

    /// Writes restored messages again whose arrival was shifted, after those without a reference
    /// are gone.
    pub(crate) fn write_shifted(&mut self, batch: &mut Batch) {
        for slot in self.shifted.drain(..) {
            if let Some(entry) = self.slab.get(slot) {
                batch.put_if(Key::Message(entry.number), |out| write_message(&entry.message, entry.arrived, out));
            }
        }
    }

    /// Notes that the store has the arrival of a restored message on another clock.
    pub(crate) fn note_shifted(&mut self, key: MessageKey) {
        self.shifted.push(key.0);
    }

    /// Restores a message of the store. Without a later reference, the next batch removes it.
    pub(crate) fn restore(&mut self, number: u64, message: Arc<Message>, arrived: Time) -> MessageKey {
        let key = self.insert(number, message, arrived, 0);
        self.unreferenced.push(key.0);
        key
    }

    /// Returns the message to a restored record, and adds a reference.
    pub(crate) fn reference_restored(&mut self, key: MessageKey) -> Option<(Arc<Message>, Time)> {
        let entry = self.slab.get_mut(key.0)?;
        entry.references += 1;
        Some((Arc::clone(&entry.message), entry.arrived))
    }

    pub(crate) fn number(&self, key: MessageKey) -> u64 {
        self.slab.get(key.0).map_or(0, |entry| entry.number)
    }

    /// True if the key is that of this message.
    pub(crate) fn is(&self, key: MessageKey, message: &Arc<Message>) -> bool {
        self.slab.get(key.0).is_some_and(|entry| Arc::ptr_eq(&entry.message, message))
    }

    fn insert(&mut self, number: u64, message: Arc<Message>, arrived: Time, references: usize) -> MessageKey {
        let known = (address(&message), arrived);
        let slot = self.slab.insert(Entry { number, references, message, arrived });
        self.known.insert::<(usize, Time)>(Known { key: known, slot });
        self.last = self.last.max(number);
        MessageKey(slot)
    }
}

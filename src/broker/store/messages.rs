//! The messages that a store has: each once, for as long as anything in the store names it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;

use crate::broker::store::batch::Batch;
use crate::broker::store::key::Key;
use crate::broker::store::record::write_message;
use crate::codec::Message;
use crate::collections::slab::Slab;
use crate::collections::sorted_list::SortedList;
use crate::time::Time;

/// A message that the store has: its place in [`Messages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageKey(u32);

/// The messages, found by their place, or by what they are in memory.
#[derive(Debug)]
pub(crate) struct Messages {
    slab: Slab<Entry>,
    known: SortedList<Known>,
    /// The number that was given out last.
    last: u64,
    /// What lost its last holder in this batch, and may have found another since.
    let_go: Vec<u32>,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    holders: usize,
    /// Kept, so that no other message can come to lie at its address.
    message: Arc<Message>,
    arrived: Time,
}

/// A message by its address and its arrival: a will is the same message when it is published, with another arrival.
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

/// Tells one message from others for as long as it is held.
pub(crate) fn address(message: &Arc<Message>) -> usize {
    Arc::as_ptr(message).addr()
}

impl Messages {
    pub(crate) const fn new() -> Self {
        Self { slab: Slab::new(), known: SortedList::new(), last: 0, let_go: Vec::new() }
    }

    /// Another record names the message, which is written if it is not there. `None` if MQTT cannot say it, so that it will
    /// never be sent either.
    pub(crate) fn hold(&mut self, message: &Arc<Message>, arrived: Time, batch: &mut Batch) -> Option<MessageKey> {
        if let Some(known) = self.known.find(&(address(message), arrived)) {
            self.slab.get_mut(known.slot)?.holders += 1;
            return Some(MessageKey(known.slot));
        }
        let number = self.last + 1;
        batch.put_if(Key::Message(number), |out| write_message(message, arrived, out))?;
        Some(self.insert(number, Arc::clone(message), arrived, 1))
    }

    /// A record that named the message is gone.
    pub(crate) fn release(&mut self, key: MessageKey) {
        if let Some(entry) = self.slab.get_mut(key.0) {
            entry.holders -= 1;
            if entry.holders == 0 {
                self.let_go.push(key.0);
            }
        }
    }

    /// Removes what nothing names at the end of a batch.
    pub(crate) fn sweep(&mut self, batch: &mut Batch) {
        for slot in self.let_go.drain(..) {
            if self.slab.get(slot).is_some_and(|entry| entry.holders == 0)
                && let Some(entry) = self.slab.remove(slot)
            {
                self.known.remove(&(address(&entry.message), entry.arrived));
                batch.remove(Key::Message(entry.number));
            }
        }
    }

    /// A message that the store has from earlier. Nothing holds it yet, and so it goes with the next batch unless
    /// something will.
    pub(crate) fn restore(&mut self, number: u64, message: Message, arrived: Time) -> MessageKey {
        let key = self.insert(number, Arc::new(message), arrived, 0);
        self.let_go.push(key.0);
        key
    }

    /// The message, for a record of earlier that names it.
    pub(crate) fn hold_again(&mut self, key: MessageKey) -> Option<(Arc<Message>, Time)> {
        let entry = self.slab.get_mut(key.0)?;
        entry.holders += 1;
        Some((Arc::clone(&entry.message), entry.arrived))
    }

    pub(crate) fn number(&self, key: MessageKey) -> u64 {
        self.slab.get(key.0).map_or(0, |entry| entry.number)
    }

    /// Whether it is this very message.
    pub(crate) fn is(&self, key: MessageKey, message: &Arc<Message>) -> bool {
        self.slab.get(key.0).is_some_and(|entry| Arc::ptr_eq(&entry.message, message))
    }

    fn insert(&mut self, number: u64, message: Arc<Message>, arrived: Time, holders: usize) -> MessageKey {
        let known = (address(&message), arrived);
        let slot = self.slab.insert(Entry { number, holders, message, arrived });
        self.known.insert::<(usize, Time)>(Known { key: known, slot });
        self.last = self.last.max(number);
        MessageKey(slot)
    }
}

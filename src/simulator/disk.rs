//! The broker's store: its records, and the batch that is being written.

use alloc::vec::Vec;

use super::sorted_map::SortedMap;
use crate::broker::{Batch, BatchId, Broker, StoreError};
use crate::time::Time;

type Changes = Vec<StoreChange>;

/// A key, and its new record; `None` if the record is removed.
pub type StoreChange = (Vec<u8>, Option<Vec<u8>>);

/// The broker's store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSnapshot {
    /// Its records in the order of their keys.
    pub records: Vec<(Vec<u8>, Vec<u8>)>,
    /// The changes of the batch that is being written.
    pub writing: Option<Vec<StoreChange>>,
}

#[derive(Debug, Default)]
pub(super) struct Disk {
    records: SortedMap<Vec<u8>, Vec<u8>>,
    writing: Option<Writing>,
}

#[derive(Debug)]
struct Writing {
    batch: BatchId,
    changes: Changes,
    done_at: Time,
}

impl Disk {
    pub(super) fn begin(&mut self, batch: BatchId, changes: &Batch, done_at: Time) {
        let changes = changes.changes().map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec))).collect();
        self.writing = Some(Writing { batch, changes, done_at });
    }

    /// Returns when the batch is written.
    pub(super) fn done_at(&self) -> Option<Time> {
        self.writing.as_ref().map(|writing| writing.done_at)
    }

    /// Writes the batch.
    pub(super) fn write(&mut self) -> Option<BatchId> {
        let Writing { batch, changes, .. } = self.writing.take()?;
        for (key, value) in changes {
            match value {
                Some(value) => self.records.insert(key, value),
                None => self.records.remove(&key),
            };
        }
        Some(batch)
    }

    /// Forgets the batch that is being written.
    pub(super) fn lose(&mut self) {
        self.writing = None;
    }

    /// Returns the records, and the changes of the batch that is being written.
    pub(super) fn snapshot(&self) -> StoreSnapshot {
        let records = self.records.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        StoreSnapshot { records, writing: self.writing.as_ref().map(|writing| writing.changes.clone()) }
    }

    pub(super) fn restore(&self, broker: &mut Broker, now: Time) -> Result<(), StoreError> {
        broker.restore(self.records.iter().map(|(key, value)| (key.as_slice(), value.as_slice())), now)
    }
}

//! A disk: the records of a broker's store, written batch by batch, and the batch under way.

use std::collections::BTreeMap;

use wasmqtt::broker::{Batch, BatchId, Broker, StoreError};
use wasmqtt::time::Time;

#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) records: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Batches that were written.
    pub(crate) written: usize,
    /// The batch that is out.
    out: Option<(BatchId, Changes)>,
}

type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

impl Disk {
    pub(crate) fn take(&mut self, id: BatchId, batch: &Batch) {
        assert!(self.out.is_none(), "one batch at a time");
        let changes: Changes = batch.changes().map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec))).collect();
        assert!(!changes.is_empty(), "an empty batch");
        self.out = Some((id, changes));
    }

    /// Writes the batch that is out.
    pub(crate) fn write(&mut self) -> Option<BatchId> {
        let (id, changes) = self.out.take()?;
        for (key, value) in changes {
            match value {
                Some(value) => self.records.insert(key, value),
                None => self.records.remove(&key),
            };
        }
        self.written += 1;
        Some(id)
    }

    /// The broker is gone: the batch that is out is written or not.
    pub(crate) fn crash(&mut self, is_written: bool) {
        if is_written {
            self.write();
        }
        self.out = None;
    }

    pub(crate) fn restore(&self, broker: &mut Broker, now: Time) -> Result<(), StoreError> {
        broker.restore(self.records.iter().map(|(key, value)| (key.as_slice(), value.as_slice())), now)
    }

    /// How many records there are of each kind, by the letters of their keys.
    pub(crate) fn kinds(&self) -> String {
        self.records.keys().map(|key| char::from(key[0])).collect()
    }
}

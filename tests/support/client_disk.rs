//! A disk for a client's store: its records, and the batches on their way, in order.

use std::collections::{BTreeMap, VecDeque};

use wasmqtt::client::{Client, RequestId};
use wasmqtt::store::{Batch, BatchId, StoreError};

type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

#[derive(Clone, Default)]
pub(crate) struct ClientDisk {
    pub(crate) records: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) out: VecDeque<(BatchId, Changes)>,
}

impl ClientDisk {
    pub(crate) fn take(&mut self, id: BatchId, batch: &Batch) {
        let changes: Changes = batch.changes().map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec))).collect();
        assert!(!changes.is_empty(), "an empty batch");
        self.out.push_back((id, changes));
    }

    /// Writes the first batch that is out.
    pub(crate) fn write(&mut self) -> Option<BatchId> {
        let (id, changes) = self.out.pop_front()?;
        for (key, value) in changes {
            match value {
                Some(value) => self.records.insert(key, value),
                None => self.records.remove(&key),
            };
        }
        Some(id)
    }

    /// The client is gone: so many of the batches that are out are written.
    pub(crate) fn crash(&mut self, written: usize) {
        for _ in 0..written {
            self.write();
        }
        self.out.clear();
    }

    pub(crate) fn restore(&self, client: &mut Client) -> Result<RequestId, StoreError> {
        client.restore(self.records.iter().map(|(key, value)| (key.as_slice(), value.as_slice())), false)
    }

    /// The kinds of its records, by the letters of their keys.
    pub(crate) fn kinds(&self) -> String {
        self.records.keys().map(|key| char::from(key[0])).collect()
    }
}

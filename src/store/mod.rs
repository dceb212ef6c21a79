//! Stores: batches of changed records, and the faults in records that were read. A broker and a
//! client keep their state by them, each with keys of its own.

mod batch;
mod error;

pub(crate) use batch::WriteKey;
pub use batch::{Batch, BatchId, Changes};
pub use error::StoreError;

/// Key and value of a record.
pub(crate) type Record<'a> = (&'a [u8], &'a [u8]);

pub(crate) fn damaged((key, _): Record<'_>, problem: &'static str) -> StoreError {
    StoreError::Damaged { key: key.into(), problem }
}

//! A restore that goes on in parts: the records that are left, and the state so far.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::broker::delivery_tag::Delivery;
use crate::broker::digest::LongTexts;
use crate::broker::ids::ClientKey;
use crate::broker::store::Store;
use crate::broker::store::clock::{ClockShift, TimeOfDay};
use crate::broker::store::key::Key;
use crate::broker::store::messages::MessageKey;
use crate::broker::store::record::{FORMAT, SessionRecord, message_date};
use crate::collections::fifo::Fifo;
use crate::collections::sorted_list::SortedList;
use crate::store::{Record, StoreError, damaged};
use crate::time::Time;

/// Records that are sorted in the time of an item.
const SORTED_IN_ITEM: usize = 8;

/// A restore that goes on in parts.
/// [`Broker::begin_restore`](crate::broker::Broker::begin_restore) makes it.
pub struct Restore<'a> {
    /// Records that are not sorted yet.
    pub(crate) unsorted: Box<dyn Iterator<Item = Record<'a>> + 'a>,
    /// Records that are not restored yet. In this order, each one comes after those that it refers
    /// to.
    pub(crate) sorted: SortedList<Record<'a>>,
    /// The latest time at which an interval of a record began.
    pub(crate) latest: Option<Time>,
    pub(crate) now: Time,
    /// The state once all records are sorted.
    pub(crate) restored: Option<Restored>,
}

/// State of a restore, with keys by the numbers in the records.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) store: Store,
    pub(crate) messages: Vec<(u64, MessageKey)>,
    pub(crate) sessions: Vec<(u64, ClientKey)>,
    /// Long topics of retained messages, and long filters of groups.
    pub(crate) topics: LongTexts,
    pub(crate) groups: LongTexts,
    /// Deliveries that wait for the host's approval.
    pub(crate) approvals: Fifo<(ClientKey, Delivery)>,
    /// True once all records are restored, and the broker has the store.
    pub(crate) is_read: bool,
    /// Bytes of long texts that were compared for the last record.
    pub(crate) compared_bytes: usize,
    /// How many of the sessions have lost their connection.
    pub(crate) disconnected: usize,
    pub(crate) now: Time,
    pub(crate) clock: ClockShift,
}

impl fmt::Debug for Restore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restore").field("records", &self.sorted.len()).finish_non_exhaustive()
    }
}

impl Restore<'_> {
    /// Sorts further records. Behind the last, the state begins. Returns the bytes of their keys,
    /// which are compared.
    pub(crate) fn sort_some(&mut self) -> Result<usize, StoreError> {
        let mut key_bytes = 0;
        for _ in 0..SORTED_IN_ITEM {
            let Some(record) = self.unsorted.next() else {
                self.restored = Some(self.begin()?);
                break;
            };
            self.latest = self.latest.max(date(record));
            self.sorted.insert::<Record<'_>>(record);
            key_bytes += record.0.len();
        }
        Ok(key_bytes)
    }

    /// Returns the state before the first record.
    fn begin(&self) -> Result<Restored, StoreError> {
        // The record of the clock follows that of the format.
        let mut records = self.sorted.iter();
        check_format(records.next())?;
        let ahead = records.next().map_or(Ok(ClockShift::NONE), |record| time_of_day(*record))?;
        let mut store = Store::new(self.sorted.first().is_none());
        store.time_of_day = TimeOfDay::restored(ahead);
        Ok(Restored {
            store,
            messages: Vec::new(),
            sessions: Vec::new(),
            topics: LongTexts::new(),
            groups: LongTexts::new(),
            approvals: Fifo::new(),
            is_read: false,
            compared_bytes: 0,
            disconnected: 0,
            now: self.now,
            clock: ClockShift::between(ahead, self.latest, self.now),
        })
    }
}

/// Returns how far the time of day was ahead of the clock of the records, if this record tells it.
fn time_of_day(record: Record<'_>) -> Result<ClockShift, StoreError> {
    let (key, value) = record;
    if Key::read(key) != Some(Key::Clock) {
        return Ok(ClockShift::NONE);
    }
    ClockShift::read(value).ok_or(damaged(record, "it is not a difference of clocks"))
}

/// Returns the time at which an interval of a record began.
fn date((key, value): Record<'_>) -> Option<Time> {
    match Key::read(key)? {
        Key::Message(_) => message_date(value),
        Key::Session(_) => SessionRecord::read(value)?.0.date(),
        Key::Format
        | Key::Clock
        | Key::Retained(_)
        | Key::Subscription(..)
        | Key::Overtaken(..)
        | Key::Received(..)
        | Key::Sent(..)
        | Key::Queued(..)
        | Key::Approval(..) => None,
    }
}

/// Checks that the first record, if there is one, tells the format of this broker.
fn check_format(first: Option<&Record<'_>>) -> Result<(), StoreError> {
    match first {
        Some((b"F", format)) if **format != FORMAT => {
            Err(StoreError::UnknownFormat { found: (*format).into(), reads: &FORMAT })
        }
        Some((b"F", _)) | None => Ok(()),
        Some(record) => Err(damaged(*record, "no format record comes before it")),
    }
}

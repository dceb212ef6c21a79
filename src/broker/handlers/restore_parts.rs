//! Restore in parts, so that a host sees to other tasks between them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::broker::Broker;
use crate::broker::delivery_tag::Delivery;
use crate::broker::handlers::restore::Restoring;
use crate::broker::ids::ClientKey;
use crate::broker::store::clock::{ClockShift, TimeOfDay};
use crate::broker::store::key::Key;
use crate::broker::store::messages::MessageKey;
use crate::broker::store::record::{FORMAT, SessionRecord, message_date};
use crate::broker::store::{Store, StoreError};
use crate::collections::fifo::Fifo;
use crate::collections::sorted_list::SortedList;
use crate::time::Time;

/// Items of a part: records that are restored, or sessions whose connection is gone.
const ITEMS_MAX: usize = 1_000;
/// Records that are sorted in the time of an item.
const SORTED_IN_ITEM: usize = 8;
/// Bytes of records in the time of an item.
const BYTES_IN_ITEM: usize = 1_024;

/// Key and value of a record.
type Record<'a> = (&'a [u8], &'a [u8]);

/// A restore that goes on in parts. [`Broker::begin_restore`] makes it.
pub struct Restore<'a> {
    /// Records that are not sorted yet.
    unsorted: Box<dyn Iterator<Item = Record<'a>> + 'a>,
    /// Records that are not restored yet. In this order, each one comes after those that it refers
    /// to.
    sorted: SortedList<Record<'a>>,
    /// The latest time at which an interval of a record began.
    latest: Option<Time>,
    now: Time,
    /// The state once all records are sorted.
    restored: Option<Restored>,
}

/// State of a restore, with keys by the numbers in the records.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) store: Store,
    pub(crate) messages: Vec<(u64, MessageKey)>,
    pub(crate) sessions: Vec<(u64, ClientKey)>,
    /// Deliveries that wait for the host's approval.
    pub(crate) approvals: Fifo<(ClientKey, Delivery)>,
    /// True once all records are restored, and the broker has the store.
    is_read: bool,
    /// How many of the sessions have lost their connection.
    disconnected: usize,
    pub(crate) now: Time,
    pub(crate) clock: ClockShift,
}

impl fmt::Debug for Restore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restore").field("records", &self.sorted.len()).finish_non_exhaustive()
    }
}

impl Broker {
    /// Begins a restore in parts; see [`restore`](Self::restore). Nothing else may be called before
    /// [`continue_restore`](Self::continue_restore) has returned true.
    pub fn begin_restore<'a>(
        &mut self,
        records: impl IntoIterator<Item = (&'a [u8], &'a [u8])> + 'a,
        now: Time,
    ) -> Restore<'a> {
        self.now = now;
        self.tasks.is_restoring = true;
        self.clients.begin_noting();
        self.retained.begin_noting();
        let unsorted = Box::new(records.into_iter());
        Restore { unsorted, sorted: SortedList::new(), latest: None, now, restored: None }
    }

    /// Continues a restore for some milliseconds. True if it has come to its end.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn continue_restore(&mut self, restore: &mut Restore<'_>) -> Result<bool, StoreError> {
        self.outbox.end_turn();
        let mut items = ITEMS_MAX;
        while items > 0 {
            items -= 1;
            let Some(restored) = &mut restore.restored else {
                restore.sort_some()?;
                continue;
            };
            if let Some(record) = restore.sorted.first().copied() {
                restore.sorted.remove::<Record<'_>>(&record);
                let (key, value) = record;
                items = items.saturating_sub(value.len() / BYTES_IN_ITEM);
                let result = Restoring { broker: self, run: restored }.record(key, value);
                result.map_err(|problem| damaged(record, problem))?;
            } else if !restored.is_read {
                restored.is_read = true;
                let store = core::mem::replace(&mut restored.store, Store::new(false));
                self.store = Some(Box::new(store));
            } else if let Some((key, delivery)) = restored.approvals.pop() {
                self.deliver_again(key, delivery, restored.now);
            } else if let Some((_, key)) = restored.sessions.get(restored.disconnected).copied() {
                restored.disconnected += 1;
                self.lose_connection(key, restored.now);
                self.settle_client(key);
            } else {
                self.end_restore(restored.now);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn end_restore(&mut self, now: Time) {
        self.tasks.is_restoring = false;
        // Sessions and wills that are due end without a grace, since no client was connected.
        self.started_at.get_or_insert(now);
        self.begin_turn(now);
        self.run_timers(false, now);
        self.end_input(now);
    }
}

impl Restore<'_> {
    /// Sorts further records. Behind the last, the state begins.
    fn sort_some(&mut self) -> Result<(), StoreError> {
        for _ in 0..SORTED_IN_ITEM {
            let Some(record) = self.unsorted.next() else {
                self.restored = Some(self.begin()?);
                return Ok(());
            };
            self.latest = self.latest.max(date(record));
            self.sorted.insert::<Record<'_>>(record);
        }
        Ok(())
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
            approvals: Fifo::new(),
            is_read: false,
            disconnected: 0,
            now: self.now,
            clock: ClockShift::between(ahead, self.latest, self.now),
        })
    }
}

fn damaged((key, _): Record<'_>, problem: &'static str) -> StoreError {
    StoreError::Damaged { key: key.into(), problem }
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
        | Key::HandedOver(..)
        | Key::Sent(..)
        | Key::Queued(..)
        | Key::Approval(..) => None,
    }
}

/// Checks that the first record, if there is one, tells the format of this broker.
fn check_format(first: Option<&Record<'_>>) -> Result<(), StoreError> {
    match first {
        Some((b"F", format)) if **format != FORMAT => Err(StoreError::UnknownFormat { found: (*format).into() }),
        Some((b"F", _)) | None => Ok(()),
        Some(record) => Err(damaged(*record, "no format record comes before it")),
    }
}

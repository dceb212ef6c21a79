//! Restore in parts, so that a host sees to other tasks between them.

use alloc::boxed::Box;

use crate::broker::Broker;
use crate::broker::handlers::restore::Restoring;
use crate::broker::store::Store;
use crate::broker::store::restore::Restore;
use crate::collections::sorted_list::SortedList;
use crate::store::{Record, StoreError, damaged};
use crate::time::Time;

/// Items of a part: records that are restored, or sessions whose connection is gone.
const ITEMS_MAX: usize = 100;
/// Bytes of records in the time of an item.
const BYTES_IN_ITEM: usize = 1_024;

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

    /// Continues a restore for a millisecond or less, on most machines. True if it has come to its
    /// end. The first batch is made meanwhile, since it may have a record of each session.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn continue_restore(&mut self, restore: &mut Restore<'_>) -> Result<bool, StoreError> {
        self.outbox.end_turn();
        let mut items = ITEMS_MAX;
        while items > 0 {
            items -= 1;
            let Some(restored) = &mut restore.restored else {
                let key_bytes = restore.sort_some()?;
                items = items.saturating_sub(key_bytes / BYTES_IN_ITEM);
                continue;
            };
            if let Some(record) = restore.sorted.first().copied() {
                restore.sorted.remove::<Record<'_>>(&record);
                let (key, value) = record;
                let result = Restoring { broker: self, run: restored }.record(key, value);
                result.map_err(|problem| damaged(record, problem))?;
                let bytes = key.len() + value.len() + core::mem::take(&mut restored.compared_bytes);
                items = items.saturating_sub(bytes / BYTES_IN_ITEM);
            } else if !restored.is_read {
                restored.is_read = true;
                let store = core::mem::replace(&mut restored.store, Store::new(false));
                self.store = Some(Box::new(store));
            } else if let Some(topic) = self.retained.pop_changed() {
                self.store_retained(topic);
            } else if let Some((key, delivery)) = restored.approvals.pop() {
                self.deliver_again(key, delivery, restored.now);
            } else if let Some((_, key)) = restored.sessions.get(restored.disconnected).copied() {
                restored.disconnected += 1;
                self.lose_connection(key, restored.now);
                self.settle_client(key);
                self.store_session(key);
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

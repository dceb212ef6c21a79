//! Restore of a client's session from the records of a store.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::persistence::Persistence;
use super::records::{FORMAT, Key, Step, read_delivery, read_identity, read_sent};
use super::{Client, Core, RequestId};
use crate::codec::PacketId;
use crate::session::Delivery;
use crate::store::{Batch, Record, StoreError, damaged};

/// The restore so far.
struct Restore {
    takes_identity: bool,
    has_format: bool,
    has_identity: bool,
    /// Messages in the order of their numbers, without those in flight.
    waiting: Vec<(u64, Option<Delivery<RequestId>>)>,
    /// Removals of void records.
    removals: Batch,
}

impl Client {
    /// Restores the session of a store, and keeps it there from then on: before the first life, and
    /// before any request. `records` are all of the store, in the order of their keys; none if it
    /// is new.
    ///
    /// The session belongs to a client identifier. An empty one in the options, or one that
    /// `takes_identity` declares as arbitrary, gives way to that of the store.
    ///
    /// Returns the number of the first new request. Messages of the store are requests with lower
    /// numbers. Each ends in one [`Output::Done`](super::Output::Done).
    ///
    /// # Errors
    /// [`StoreError`] names the fault. The client is of no use then, and the store is unchanged.
    pub fn restore<'a>(
        &mut self,
        records: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
        takes_identity: bool,
    ) -> Result<RequestId, StoreError> {
        let core = &mut self.core;
        core.session.begin_noting_deliveries();
        core.session.begin_noting_received();
        core.keeps_session = true;
        let (waiting, removals) = (Vec::new(), Batch::default());
        let mut restore = Restore { takes_identity, has_format: false, has_identity: false, waiting, removals };
        for record in records {
            core.restore_record(record, &mut restore)?;
        }
        for (_, delivery) in restore.waiting {
            if let Some(delivery) = delivery {
                core.session.restore_waiting(delivery);
            }
        }
        core.store = Some(Box::new(Persistence::new(restore.removals, !restore.has_identity)));
        Ok(RequestId(core.next_request))
    }
}

impl Core {
    fn restore_record(&mut self, record: Record<'_>, restore: &mut Restore) -> Result<(), StoreError> {
        let (key, value) = record;
        if !restore.has_format {
            if key != b"F" {
                return Err(damaged(record, "no format record comes before it"));
            }
            if value != FORMAT {
                return Err(StoreError::UnknownFormat { found: value.into(), reads: FORMAT });
            }
            restore.has_format = true;
            return Ok(());
        }
        let key = Key::read(key).ok_or_else(|| damaged(record, "its key is unknown"))?;
        if key == Key::Identity {
            restore.has_identity = true;
            return self.restore_identity(record, restore.takes_identity);
        }
        if restore.has_identity {
            self.restore_part(key, value, restore).map_err(|problem| damaged(record, problem))
        } else {
            // The records are void.
            restore.removals.append(record.0, None);
            Ok(())
        }
    }

    fn restore_identity(&mut self, record: Record<'_>, takes_identity: bool) -> Result<(), StoreError> {
        let (was_accepted, client_id) =
            read_identity(record.1).ok_or_else(|| damaged(record, "it is no client identifier"))?;
        let own = &mut self.options.client_id;
        if takes_identity || own.is_empty() {
            *own = client_id.into();
        } else if own != client_id {
            return Err(StoreError::OtherClient { found: client_id.into(), wanted: own.as_str().into() });
        }
        self.has_session = was_accepted;
        Ok(())
    }

    fn restore_part(&mut self, key: Key, value: &[u8], restore: &mut Restore) -> Result<(), &'static str> {
        match key {
            Key::Format | Key::Identity => {}
            Key::Message(number) => {
                if restore.waiting.last().is_some_and(|(last, _)| *last >= number) {
                    return Err("it is not in the order of the keys");
                }
                self.note_restored(number);
                let delivery = read_delivery(number, value).ok_or("it is not a message")?;
                restore.waiting.push((number, Some(delivery)));
            }
            Key::Received(packet_id) => self.session.restore_received(packet_id),
            Key::Sent(packet_id) => self.restore_sent(packet_id, value, &mut restore.waiting)?,
        }
        Ok(())
    }

    fn restore_sent(
        &mut self,
        packet_id: PacketId,
        value: &[u8],
        waiting: &mut [(u64, Option<Delivery<RequestId>>)],
    ) -> Result<(), &'static str> {
        let (order, step) = read_sent(value).ok_or("it is not a delivery")?;
        match step {
            Step::Published(number) => {
                let place = waiting.binary_search_by_key(&number, |(number, _)| *number);
                let message = place.ok().and_then(|place| waiting[place].1.take());
                self.session.restore_sent(packet_id, order, Some(message.ok_or("its message is missing")?));
            }
            Step::Released(number) => {
                if let Some(number) = number {
                    self.note_restored(number);
                }
                self.session.restore_released(packet_id, order, number.map(RequestId));
            }
        }
        Ok(())
    }

    /// New requests have higher numbers.
    fn note_restored(&mut self, number: u64) {
        self.next_request = self.next_request.max(number + 1);
    }
}

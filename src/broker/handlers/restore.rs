//! Restore of a broker from the records of a store.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

use crate::broker::Broker;
use crate::broker::cause::DropCause;
use crate::broker::clients::ClientState;
use crate::broker::clients::will::Will;
use crate::broker::connection::deadlines::Deadline;
use crate::broker::delivery_tag::{Delivery, DeliveryTag, Session};
use crate::broker::digest::{self, LongText, is_digest};
use crate::broker::ids::{ClientKey, CursorId};
use crate::broker::store::clock::ClockShift;
use crate::broker::store::key::Key;
use crate::broker::store::messages::MessageKey;
use crate::broker::store::record::{
    DeliveryRecord, SessionRecord, WillRecord, message_date, read_cursors, read_message, read_sent, read_subscription,
};
use crate::broker::store::restore::Restored;
use crate::broker::store::{StoredSession, StoredTopic};
use crate::codec::{Message, PacketId};
use crate::session::Sent;
use crate::store::StoreError;
use crate::time::Time;
use crate::topic::TopicFilter;

/// The problem of a record.
type Problem = &'static str;

/// Filters that one is compared with when it is searched for, about.
const COMPARED: usize = 16;
const NO_CURSORS: Problem = "it is no list of cursors";
/// Limit of a run of cursors, far above the subscriptions of a client.
const RUN_MAX: u32 = 1 << 20;
const NO_DELIVERY: Problem = "it is not a queued delivery";
const NO_PLACE: Problem = "its place in the queue is too far behind the one before it";

/// A restore at work: the broker, and the state so far.
pub(crate) struct Restoring<'b> {
    pub(crate) broker: &'b mut Broker,
    pub(crate) run: &'b mut Restored,
}

impl Broker {
    /// Restores the broker from the records of a store: keys and values, in any order, each key
    /// once. A new store has none. Call it before the first [`accept`](Self::accept). Afterwards,
    /// [`Output::Store`] has the changes to write.
    ///
    /// Connections of the former run are gone: their wills are due, and their sessions begin to
    /// expire, now. Deadlines keep their times, and expired sessions are not restored. So `now`
    /// should be on the same clock as the records, across restarts of the process. Use the
    /// milliseconds since 1970 at the start, and add those of a monotonic clock.
    ///
    /// A clock that was wrong at one start and is right at the next ends nothing. The latest date
    /// of the records tells: it is more than a minute ahead of `now`, or more than a year behind.
    /// Then the absence does not count, and every session, will delay and message expiry has the
    /// time that was left at that date. A clock that was set forward by less looks like an absence,
    /// unless the former run was told by [`set_time_of_day`](Self::set_time_of_day). No interval
    /// becomes longer.
    ///
    /// Lower limits than before apply to new messages and clients only. Retained messages beyond
    /// the limit are dropped.
    ///
    /// [`Output::Store`]: crate::broker::Output::Store
    ///
    /// # Errors
    /// [`StoreError`] names the faulty record. The broker must not be used then. The store is
    /// unchanged.
    pub fn restore<'a>(
        &mut self,
        records: impl IntoIterator<Item = (&'a [u8], &'a [u8])> + 'a,
        now: Time,
    ) -> Result<(), StoreError> {
        let mut restore = self.begin_restore(records, now);
        while !self.continue_restore(&mut restore)? {}
        Ok(())
    }

    /// Asks about a delivery again that waited for approval, or queues it if no approval is needed
    /// now.
    pub(crate) fn deliver_again(&mut self, key: ClientKey, delivery: Delivery, now: Time) {
        if let Some(mut subscriber) = self.deliveries(now).to(key) {
            subscriber.deliver_single(delivery);
        }
    }

    /// Ends the connection of a restored session, if it had one.
    pub(crate) fn lose_connection(&mut self, key: ClientKey, now: Time) {
        let Some(client) = self.clients.get_mut(key) else { return };
        client.queue_goes_first();
        // If a part of the queue could not be stored, all of it is stored again.
        let queued = client.session.places();
        let stored = self.store.as_mut().and_then(|store| store.sessions.get_mut(key));
        if stored.is_some_and(|stored| stored.queue().len() != queued) {
            client.enqueued += queued as u64;
        }
        // The access list or the host may be another one now.
        if self.required_checks.read || self.options.asks.receive || client.rechecks.is_some() {
            client.recheck();
        }
        let expiry_interval = client.expiry_interval.min(self.options.session_expiry_max);
        client.expiry_interval = expiry_interval;
        if expiry_interval == 0 {
            return self.end_session(key, now);
        }
        if expiry_interval < u32::MAX {
            let latest = now + Duration::from_secs(expiry_interval.into());
            let at = client.expires_at.map_or(latest, |at| at.min(latest));
            client.expires_at = Some(at);
            self.deadlines.insert(at, Deadline::Session(key));
        }
        match &client.will {
            Some(Will::Delayed { due, .. }) => self.deadlines.insert(*due, Deadline::Will(key)),
            Some(Will::Armed { .. }) => self.connection_lost(key, now),
            None => {}
        }
    }
}

impl Restoring<'_> {
    pub(crate) fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), Problem> {
        match Key::read(key).ok_or("its key has an unknown kind")? {
            Key::Format | Key::Clock => Ok(()),
            Key::Message(number) => self.message(number, value),
            Key::Retained(topic) => self.retained(topic, value),
            Key::Session(number) => self.session(number, value),
            Key::Subscription(session, filter) => self.subscription(session, filter, value),
            Key::Overtaken(session, topic) => self.overtaken(session, topic, value),
            Key::Received(session, packet_id) => self.with_session(session, |client, stored| {
                client.session.restore_received(packet_id);
                stored.restore_received(packet_id);
                Ok(())
            }),
            Key::Sent(session, packet_id) => self.sent(session, packet_id, value),
            Key::Queued(session, place) => {
                let (_, message, delivery) = self.waiting(session, value)?;
                self.with_session(session, |client, stored| {
                    client.enqueued = stored.queue().restore(place, message).ok_or(NO_PLACE)?;
                    while client.session.places() + 1 < stored.queue().len() {
                        client.session.restore_empty_place();
                    }
                    client.session.restore_waiting(delivery);
                    Ok(())
                })
            }
            Key::Approval(session, place) => {
                let (key, message, delivery) = self.waiting(session, value)?;
                self.run.approvals.push((key, delivery));
                self.with_session(session, |client, stored| {
                    client.approvals_enqueued = stored.approvals().restore(place, message).ok_or(NO_PLACE)?;
                    Ok(())
                })
            }
        }
    }

    fn message(&mut self, number: u64, value: &[u8]) -> Result<(), Problem> {
        let (message, arrived) = read_message(value).ok_or("it is not a message")?;
        // No message arrived later than now, even if the clock was set.
        let date = self.run.clock.apply(arrived).min(self.run.now);
        let message = message.share(self.broker.memory.meter());
        let key = self.run.store.messages.restore(number, message, date);
        if self.run.clock != ClockShift::NONE && message_date(value).is_some() {
            self.run.store.messages.note_shifted(key);
        }
        self.run.messages.push((number, key));
        Ok(())
    }

    fn subscription(&mut self, session: u64, filter: &str, value: &[u8]) -> Result<(), Problem> {
        let filter = TopicFilter::parse(filter).map_err(|_| "its topic filter is invalid")?;
        let (subscription, after) = read_subscription(value).ok_or("it is not a subscription")?;
        // One text serves all cursors.
        self.run.compared_bytes += after.as_ref().map_or(0, |after| COMPARED * after.as_str().len());
        let after = after.map(|after| match self.broker.retained.get(after.as_str()) {
            Some(entry) => entry.topic().clone(),
            None => after,
        });
        let key = self.find_session(session)?;
        if let Some(client) = self.broker.clients.get_mut(key) {
            client.add_subscription(filter.clone(), subscription);
            if let Some(cursor) = subscription.cursor {
                client.cursors.restore(cursor, filter.clone(), subscription, after);
            }
        }
        if filter.share_name().is_some() {
            self.run.compared_bytes += digest::hash_bytes(filter.as_str());
            self.run.groups.add(&filter.text(), &digest::short_form(&filter.text()));
        }
        self.broker.add_subscription(key, &filter, subscription, true);
        Ok(())
    }

    fn overtaken(&mut self, session: u64, short: &str, value: &[u8]) -> Result<(), Problem> {
        // An earlier form had a cursor's number in the key. Without it, a retained message may come
        // again.
        if value.is_empty() {
            return Ok(());
        }
        let (topic, short) = if is_digest(short) {
            let Some(LongText { text, digest }) = self.run.topics.find(short).cloned() else {
                // Its retained message is gone, so no cursor comes to it.
                self.run.store.unknown.push((session, short.into()));
                return Ok(());
            };
            (text, digest)
        } else {
            let retained = self.broker.retained.get(short).map(|entry| Arc::clone(entry.short_topic()));
            let topic = retained.unwrap_or_else(|| short.into());
            (Arc::clone(&topic), topic)
        };
        let runs = read_cursors(value).ok_or(NO_CURSORS)?;
        let mut compared = 0;
        self.with_session(session, |client, stored| {
            for [first, last] in runs.iter().map(|run| run.map(u32::from_be_bytes)) {
                // A session has no more cursors than that.
                if first == 0 || last < first || last - first > RUN_MAX {
                    return Err(NO_CURSORS);
                }
                for cursor in (first..=last).filter_map(CursorId::new) {
                    client.cursors.restore_overtaken(cursor, &topic, &short);
                    stored.restore_overtaken(cursor, &short);
                    compared += topic.len();
                }
            }
            Ok(())
        })?;
        self.run.compared_bytes += compared;
        Ok(())
    }

    fn sent(&mut self, session: u64, packet_id: PacketId, value: &[u8]) -> Result<(), Problem> {
        let (order, delivery) = read_sent(value).ok_or("it is not a sent delivery")?;
        let key = self.find_session(session)?;
        let (message, delivery) = delivery.map(|record| self.delivery(key, record)).transpose()?.unzip();
        self.with_session(session, |client, stored| {
            stored.restore_sent(Sent { packet_id, order, delivery: delivery.as_ref() }, message);
            client.session.restore_sent(packet_id, order, delivery);
            Ok(())
        })
    }

    /// Reads a delivery that waits, of the client with this session.
    fn waiting(&mut self, session: u64, value: &[u8]) -> Result<(ClientKey, MessageKey, Delivery), Problem> {
        let record = DeliveryRecord::read(value).ok_or(NO_DELIVERY)?;
        let key = self.find_session(session)?;
        let (message, delivery) = self.delivery(key, record)?;
        Ok((key, message, delivery))
    }

    fn retained(&mut self, topic: &str, value: &[u8]) -> Result<(), Problem> {
        let (number, rest) = value.split_first_chunk().ok_or("it has no message number")?;
        let publisher = core::str::from_utf8(rest).map_err(|_| "its publisher is not UTF-8")?;
        let (key, message, arrived) = self.reference_message(u64::from_be_bytes(*number))?;
        if message.topic.as_str() != topic {
            return Err("its message has another topic");
        }
        let topic = message.topic.clone();
        let publisher = (!publisher.is_empty()).then(|| digest::short_form(&publisher.into()));
        if self.broker.retained.set(message, publisher, arrived).is_err() {
            self.broker.events.dropped(None, topic.as_str(), DropCause::RetainedFull);
        }
        let short = self.broker.retained.get(topic.as_str()).map(|entry| Arc::clone(entry.short_topic()));
        self.run.topics.add(topic.text(), &short.unwrap_or_else(|| digest::short_form(topic.text())));
        // The change is noted, and the first batch compares it, retained or not.
        self.run.store.retained.insert::<str>(StoredTopic { topic, message: key });
        Ok(())
    }

    fn session(&mut self, number: u64, value: &[u8]) -> Result<(), Problem> {
        let (record, client_id) = SessionRecord::read(value).ok_or("it is not a session")?;
        let client_id: Arc<str> = client_id.into();
        if self.broker.clients.find(&client_id).is_some() {
            return Err("its client identifier has another session");
        }
        let mut stored = StoredSession::restore(number, record.clone());
        let will = match record.will {
            WillRecord::None => None,
            WillRecord::Armed(message, delay) => {
                let (key, message, _) = self.reference_message(message)?;
                stored.restore_will(key, &message);
                Some(Will::Armed { message, delay })
            }
            WillRecord::Delayed(message, delay, due) => {
                let (key, message, _) = self.reference_message(message)?;
                stored.restore_will(key, &message);
                // A clock that was set back does not extend the delay.
                let latest = self.run.now + Duration::from_secs(delay.into());
                Some(Will::Delayed { message, delay, due: self.run.clock.apply(due).min(latest) })
            }
        };
        let clock = self.run.clock;
        let options = &self.broker.options;
        let session = Session::new(options.session_limits(options.receive_maximum.get()));
        let key = self.broker.clients.insert(client_id, session);
        if let Some(client) = self.broker.clients.get_mut(key) {
            client.username = record.username;
            client.expiry_interval = record.expiry_interval;
            client.expires_at = record.ends_at.map(|at| clock.apply(at));
            client.will = will;
            // The former run had not checked all for its last user.
            if record.is_of_other_user || record.has_lost_subscriptions {
                let rechecks = client.recheck();
                rechecks.is_of_other_user = record.is_of_other_user;
                rechecks.has_lost_subscriptions = record.has_lost_subscriptions;
            }
            client.begin_noting_filters();
        }
        self.run.store.sessions.put(key, Box::new(stored));
        self.run.store.last_session = number;
        self.run.sessions.push((number, key));
        Ok(())
    }

    fn delivery(&mut self, of: ClientKey, record: DeliveryRecord<'_>) -> Result<(MessageKey, Delivery), Problem> {
        let (key, message, arrived) = self.reference_message(record.message)?;
        let Broker { clients, groups, .. } = &*self.broker;
        let is_member =
            |filter: &&str| clients.get(of).is_some_and(|client| client.subscriptions.find(*filter).is_some());
        let full = |group| {
            if is_digest(group) { self.run.groups.find(group).map(|found| &*found.text) } else { Some(group) }
        };
        let written = record.group.and_then(full);
        // It is searched for among the client's filters, and among all groups.
        self.run.compared_bytes += written.map_or(0, |filter| COMPARED * filter.len());
        let group = written.filter(is_member).and_then(|filter| groups.find(filter));
        Ok((key, record.delivery(message, DeliveryTag { arrived, group })))
    }

    /// Adds a reference to the message of a record.
    fn reference_message(&mut self, number: u64) -> Result<(MessageKey, Arc<Message>, Time), Problem> {
        let missing = "its message is missing";
        let place = self.run.messages.binary_search_by_key(&number, |(number, _)| *number).map_err(|_| missing)?;
        let (_, key) = self.run.messages[place];
        let (message, arrived) = self.run.store.messages.reference_restored(key).ok_or(missing)?;
        Ok((key, message, arrived))
    }

    fn find_session(&self, number: u64) -> Result<ClientKey, Problem> {
        let place = self.run.sessions.binary_search_by_key(&number, |(number, _)| *number);
        place.map(|place| self.run.sessions[place].1).map_err(|_| "its session is missing")
    }

    fn with_session(
        &mut self,
        number: u64,
        restore: impl FnOnce(&mut ClientState, &mut StoredSession) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let key = self.find_session(number)?;
        let Some(client) = self.broker.clients.get_mut(key) else { return Ok(()) };
        let Some(mut stored) = self.run.store.sessions.take(key) else { return Ok(()) };
        let restored = restore(client, &mut stored);
        self.run.store.sessions.put(key, stored);
        restored
    }
}

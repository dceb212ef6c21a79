//! Requests over lost connections: what waits, what is sent anew, and what ends.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::offline::{Keep, Overflow, Waiting, What};
use super::requests::{Kind, Origin, Request};
use super::subscribed::Owed;
use super::{CallError, Completion, Core, Limits, Notice, RequestError, RequestId, State};
use crate::codec::{PacketId, PropertiesBuf, PropertyId, ReasonCode, SubscriptionOptions, Version};
use crate::time::Time;
use crate::time_limit::{GRACE, is_late};
use crate::topic::TopicFilter;

/// Connections that a request may be the first unanswered one of, and lose.
const LOSSES_MAX: u8 = 3;

/// Messages of QoS 2 in flight in 3.1.1, which has no Receive Maximum. Mosquitto 2.0 hangs up on a
/// client with more than its `max_inflight_messages`, 20 by default.
const QOS2_QUOTA_3_1_1: u16 = 20;

/// The request that was the first unanswered one when the last connections were lost.
#[derive(Debug, Default)]
pub(super) struct Suspect {
    key: u64,
    losses: u8,
}

/// A request that was sent, for its time limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct SentAt {
    pub(super) at: Time,
    packet_id: PacketId,
    id: RequestId,
}

impl Core {
    /// Settles what ends with a connection, or with an attempt that got none. Called once for each.
    pub(super) fn on_lost(&mut self) {
        self.aliases.clear();
        self.held_acks.disconnected();
        self.suspect();
        self.session.disconnected();
        self.end_exchange();
        while self.sent_at.pop().is_some() {}
        for request in self.requests.take_all() {
            match request.origin {
                Origin::Caller => self.offline.push_request(request, true),
                Origin::Expired => {}
                Origin::Again => self.subscriptions.owe(&request),
            }
        }
        self.give_up_waiting(self.options.keep);
        if self.options.keep == Keep::Nothing {
            while let Some(delivery) = self.session.drop_oldest() {
                self.ends.failed(delivery.tag, RequestError::ConnectionClosed);
            }
            let sent = self.session.disown_all(RequestId::of_nobody);
            self.give_up(&sent, RequestError::Unanswered);
        }
    }

    /// Begins or resumes the session. Called once for each connection that the broker accepted.
    pub(super) fn on_accepted(&mut self, session_present: bool, limits: &Limits) {
        self.absence = self.heard.map(|heard| self.now.saturating_since(heard));
        self.heard = Some(self.now);
        if !core::mem::replace(&mut self.has_session, true)
            && let Some(store) = self.store_mut()
        {
            store.note_identity();
        }
        let uses_identifiers = limits.subscription_identifiers && self.options.version == Version::V5;
        self.routes.begin(session_present, uses_identifiers);
        if !session_present {
            self.held_acks.clear();
            self.subscriptions.lost();
            if self.options.keep == Keep::All {
                self.session.send_anew();
            }
        }
        let qos2_quota = if self.options.version == Version::V5 { u16::MAX } else { QOS2_QUOTA_3_1_1 };
        self.session.limit_qos2(qos2_quota);
        let lost = self.session.connected(session_present, limits.receive_maximum);
        self.give_up(&lost, RequestError::SessionLost);
        self.subscribe_again();
        self.send_queued();
    }

    fn subscribe_again(&mut self) {
        while let Some(Owed { filters, properties }) = self.subscriptions.next_owed() {
            let Err((request, error)) = self.send_again(filters, properties) else { continue };
            // One of them is the cause, and the others can be sent.
            let is_single = request.filters.len() == 1;
            for (filter, options) in request.filters {
                let alone = Vec::from([(filter.clone(), options)]);
                if is_single || self.send_again(alone, request.properties.clone()).is_err() {
                    self.subscriptions.forget(&filter);
                    self.ends.notice(Notice::NotResubscribed { filter, error: refused(&error) });
                }
            }
        }
    }

    fn send_again(
        &mut self,
        filters: Vec<(TopicFilter, SubscriptionOptions)>,
        properties: PropertiesBuf,
    ) -> Result<(), (Box<Request>, CallError)> {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        let request = Request { id, kind: Kind::Subscribe, origin: Origin::Again, filters, properties };
        self.send_request(Box::new(request))
    }

    /// Notes an answer, and tells which subscriptions were not made again.
    pub(super) fn subscribed(&mut self, request: &Request, reasons: &[ReasonCode]) {
        if request.kind == Kind::Unsubscribe {
            // A SUBSCRIBE that was under way may have been accepted meanwhile.
            for (filter, _) in &request.filters {
                self.subscriptions.forget_before(filter, request.id);
            }
            return;
        }
        let is_again = request.origin == Origin::Again;
        for ((filter, options), reason) in request.filters.iter().zip(reasons) {
            if !reason.is_error() {
                if request.origin == Origin::Caller {
                    self.subscriptions.add(filter, *options, request);
                }
            } else if is_again {
                self.subscriptions.forget(filter);
                let filter = filter.clone();
                self.ends.notice(Notice::NotResubscribed { filter, error: RequestError::Refused(*reason) });
            }
        }
    }

    /// True if CONNECT asks for a new session. A later connection of the client resumes the session
    /// of the one before, if the broker keeps it. In 3.1.1, a client with a store never asks for a
    /// new one, which would end with its connection.
    pub(super) fn asks_for_clean_start(&self) -> bool {
        let resumes = match self.options.version {
            // A session that lasts has to begin as one.
            Version::V3_1_1 => self.keeps_session,
            Version::V5 => {
                let properties = self.options.properties.as_properties();
                let interval = properties.number(PropertyId::SessionExpiryInterval);
                self.has_session && interval.is_some_and(|seconds| seconds > 0)
            }
        };
        self.options.clean_start && !resumes
    }

    /// True if a request may wait for a connection.
    ///
    /// # Errors
    /// [`CallError`] if it may not.
    pub(super) fn check_waits(&self, is_acknowledged: bool) -> Result<(), CallError> {
        let is_offline = match self.state {
            State::Ended => return Err(CallError::Ended),
            State::Idle => true,
            // An attempt that is due is as good as under way.
            State::Waiting { until } => until > self.now,
            State::Opening { .. } | State::AwaitConnack { .. } | State::Connected { .. } => false,
        };
        match self.options.keep {
            Keep::Nothing if is_offline => Err(CallError::NotConnected),
            Keep::Acknowledged if is_offline && !is_acknowledged => Err(CallError::NotConnected),
            Keep::All | Keep::Acknowledged | Keep::Nothing => Ok(()),
        }
    }

    /// Makes room for a request, by the policy. Returns false if the request is a message that is
    /// to be dropped.
    ///
    /// # Errors
    /// [`CallError::QueueFull`].
    pub(super) fn reserve(&mut self, bytes: usize, is_message: bool) -> Result<bool, CallError> {
        while !self.has_room(bytes) {
            let overflow = self.options.overflow;
            match overflow {
                Overflow::DropOldest if self.drop_oldest() => {}
                Overflow::DropNewest if is_message => return Ok(false),
                Overflow::Reject | Overflow::DropOldest | Overflow::DropNewest => {
                    return Err(CallError::QueueFull { messages: self.queued() });
                }
            }
        }
        Ok(true)
    }

    /// Sends the requests that wait, in order, as far as there is room.
    pub(super) fn send_waiting(&mut self) -> bool {
        let Some(first) = self.offline.first() else { return false };
        if self.session.has_next_before(first) {
            return false;
        }
        let Some(Waiting { id, what, .. }) = self.offline.pop() else { return false };
        let sent = match what {
            What::Message(message) => {
                let (topic, properties) = (message.topic.as_str(), message.properties.as_properties());
                self.write_at_most_once(topic, &message.payload, message.retain, properties, usize::MAX)
                    .map(|()| self.ends.done(id, Completion::Published(ReasonCode::Success)))
            }
            What::Request(request) => self.send_request(request).map_err(|(_, error)| error),
        };
        if let Err(error) = sent {
            self.ends.failed(id, refused(&error));
        }
        true
    }

    /// Returns the number of requests that were not sent.
    pub(super) const fn queued(&self) -> usize {
        self.offline.len() + self.session.queued()
    }

    /// Returns the bytes of the requests that were not sent.
    pub(super) const fn queued_bytes(&self) -> usize {
        self.offline.bytes() + self.session.queued_bytes()
    }

    /// Takes a request out of the queue. One that was sent cannot be taken back.
    pub(super) fn withdraw(&mut self, id: RequestId) {
        if self.offline.remove(id) || self.session.withdraw(id).is_some() {
            self.ends.failed(id, RequestError::Withdrawn);
        }
    }

    /// Ends every request that is under way.
    pub(super) fn give_up_all(&mut self) {
        self.give_up_waiting(Keep::Nothing);
        self.held_acks.clear();
        let lost = self.session.clear();
        self.give_up(&lost, RequestError::ConnectionClosed);
    }

    /// Notes when a request was sent, for its time limit.
    pub(super) fn note_sent(&mut self, packet_id: PacketId, id: RequestId) {
        if !self.options.request_timeout.is_zero() {
            while let Some(first) = self.sent_at.first().copied()
                && !self.is_open(first)
            {
                self.sent_at.pop();
            }
            self.sent_at.push(SentAt { at: self.now, packet_id, id });
        }
    }

    /// Ends requests without an answer in time. Their exchanges go on.
    ///
    /// If the call is late, the host was stopped, and the answers may wait in its socket. They get
    /// one grace to be read.
    pub(super) fn expire_requests(&mut self) {
        while let Some(deadline) = self.request_deadline()
            && deadline <= self.now
            && let Some(sent) = self.sent_at.first().copied()
        {
            let is_graced = deadline == self.request_grace;
            if !is_graced && is_late(deadline, self.now) && self.is_open(sent) {
                self.request_grace = self.now + GRACE.min(self.options.request_timeout);
                return;
            }
            self.sent_at.pop();
            let SentAt { packet_id, id, .. } = sent;
            if self.session.disown(packet_id, id, id.of_nobody()) || self.requests.expire(packet_id, id) {
                self.ends.failed(id, RequestError::TimedOut);
            }
        }
    }

    /// Returns when the next request is out of time.
    pub(super) fn request_deadline(&self) -> Option<Time> {
        let first = self.sent_at.first()?;
        Some(self.request_grace.max(first.at + self.options.request_timeout))
    }

    fn is_open(&self, SentAt { packet_id, id, .. }: SentAt) -> bool {
        self.session.is_tag_of(packet_id, id) || self.requests.is_open(packet_id, id)
    }

    fn give_up_waiting(&mut self, keep: Keep) {
        let Self { offline, ends, .. } = self;
        offline.give_up(keep, |id| ends.failed(id, RequestError::ConnectionClosed));
    }

    fn has_room(&self, bytes: usize) -> bool {
        if matches!(self.state, State::Connected { .. }) && self.offline.len() == 0 {
            return self.session.has_room(bytes);
        }
        let messages = self.options.queue_messages.min(self.options.offline_messages);
        self.queued() < messages
            && self.queued_bytes() + bytes <= self.options.queue_bytes
            && self.session.has_room(bytes)
    }

    /// Drops the oldest message. False if none waits.
    fn drop_oldest(&mut self) -> bool {
        let dropped = match (self.offline.first_message(), self.session.first_queued()) {
            (Some(id), queued) if queued.is_none_or(|tag| id < tag) => {
                self.offline.remove(id);
                id
            }
            (_, Some(id)) => {
                self.session.drop_oldest();
                id
            }
            (_, None) => return false,
        };
        self.ends.failed(dropped, RequestError::Dropped);
        true
    }

    /// Counts the losses of the first unanswered request. At the third, the request ends, so that
    /// one that makes the broker hang up does not do so for ever.
    fn suspect(&mut self) {
        let requested = self.requests.first();
        let sent = self.session.first_sent().map(|(packet_id, tag)| {
            // The identifier stands for a message of nobody.
            let owner = tag.filter(|id| !id.is_nobody());
            (owner.map_or(u64::MAX - u64::from(packet_id.get()), |id| id.0), packet_id)
        });
        let key = match (sent, requested) {
            (Some((key, _)), Some(id)) => key.min(id.0),
            (Some((key, _)), None) => key,
            (None, Some(id)) => id.0,
            (None, None) => return,
        };
        if self.suspect.key != key {
            self.suspect = Suspect { key, losses: 0 };
        }
        self.suspect.losses += 1;
        if self.suspect.losses < LOSSES_MAX {
            return;
        }
        self.suspect.losses = 0;
        let ended = match (sent, requested) {
            (Some((first, packet_id)), _) if first == key => self.session.give_up(packet_id),
            (_, Some(id)) => {
                self.requests.withdraw(id);
                Some(id)
            }
            (_, None) => None,
        };
        if let Some(id) = ended {
            self.ends.failed(id, RequestError::LostThrice);
        }
    }
}

/// Why a request that waited cannot be sent to the broker that came.
pub(super) const fn refused(error: &CallError) -> RequestError {
    match error {
        CallError::PacketTooLarge { bytes, maximum } => {
            RequestError::PacketTooLarge { bytes: *bytes, maximum: *maximum }
        }
        CallError::NotSupported { reason, .. } => RequestError::Refused(*reason),
        CallError::Ended
        | CallError::NotConnected
        | CallError::Encode(_)
        | CallError::QueueFull { .. }
        | CallError::TransmitFull { .. }
        | CallError::NoPacketId => RequestError::Refused(ReasonCode::ImplementationSpecificError),
    }
}

//! What is retained, on its way to the client whose subscription brings it (MQTT 5.0 §3.3.1.3).
//!
//! A replay sends a message only when the client takes it, and so loses none: at QoS 0 while the connection takes more and
//! little waits for it, at QoS 1 and 2 within the send quota. The queue of the session is for live messages. Where both have
//! something to send they share the quota in turns, and so do the replays of a client, so that nobody waits for the end of
//! another. A filter that matches few of many topics is looked for as long as when all was sent at once, and once, but in
//! pieces, between which other peers are served.
//!
//! A live message does not wait for a replay. If that has not come to its topic, what is retained there goes first, so that
//! no message follows a newer one of its topic [MQTT-4.6.0-5]; the replay then passes the topic over. If there is no room
//! for both, or a live message is lost since its client does not read or its queue is full, the replays bring what is
//! retained meanwhile: what the client has missed, and of other topics what it was sent already.
//!
//! Where the host is asked about each message, those of replays wait for its word too, up to half of what may, and go from
//! there into the queue. A full queue that drops its oldest drops them with the others, as it does anywhere with what went
//! before a live message of its topic.

use crate::broker::clients::ClientState;
use crate::broker::clients::approval_queue::ApprovalQueue;
use crate::broker::clients::replays::Replay;
use crate::broker::connection::peer::Peer;
use crate::broker::delivery::deliver::SubscriberDelivery;
use crate::broker::delivery_tag::DeliveryTag;
use crate::broker::retained::Kept;
use crate::codec::QoS;

/// Bytes that wait for a connection, above which a replay waits until they are sent.
const FRAME_BYTES: usize = 64 * 1024;
/// Topics that are looked at before other peers have their turn.
const LOOKS: usize = 4_096;

/// Why a replay does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// There is no more.
    Over,
    /// For an acknowledgement or an answer.
    Waits,
    /// For the connection, or for other peers.
    Full,
}

impl SubscriberDelivery<'_> {
    /// Sends what the replays have, as far as the client takes it.
    pub(crate) fn replay(&mut self) {
        if !self.is_open() {
            return;
        }
        let mut line = core::mem::take(&mut self.client.replays.line);
        let (mut looks, mut place) = (LOOKS, self.client.replays.next);
        for _ in 0..line.len() {
            place %= line.len();
            match self.advance(&mut line[place], place, &mut looks) {
                Stop::Over => drop(line.remove(place)),
                Stop::Waits => place += 1,
                Stop::Full => {
                    self.go_on_later();
                    break;
                }
            }
        }
        self.client.replays.line = line;
        // A look costs more than a node of the router.
        self.outbox.note_work(2 * (LOOKS - looks), 0);
    }

    /// Sends what one of the replays has.
    fn advance(&mut self, replay: &mut Replay, place: usize, looks: &mut usize) -> Stop {
        // What is put before the queue must leave at once, since it has no place there.
        if self.outbox.is_spent() {
            return Stop::Full;
        }
        // Without a look at the topics, of which there may be many.
        let qos = replay.subscription.qos;
        if qos != QoS::AtMostOnce && !self.takes(qos, 0, true) {
            return Stop::Waits;
        }
        self.client.replays.next = place + 1;
        let frame_bytes = FRAME_BYTES.min(self.options.transmit_bytes_max / 2);
        let (mut passed, mut stop) = (None, Stop::Over);
        self.retained.each(&replay.filter, replay.after.as_ref(), &mut |kept| {
            let waiting = self.peer.as_ref().map_or(0, |peer| peer.output.waiting_bytes());
            if *looks == 0 || waiting > 0 && waiting >= frame_bytes || self.outbox.is_spent() {
                stop = Stop::Full;
            } else if replay.filter.matches(kept.topic()) && !self.offer(kept, replay, true) {
                stop = Stop::Waits;
            }
            if stop == Stop::Over {
                *looks -= 1;
                passed = Some(kept.topic());
            }
            stop == Stop::Over
        });
        let passed = passed.cloned();
        if passed.is_some() || stop == Stop::Over {
            self.client.note_subscription(&replay.filter);
        }
        replay.after = passed.or(replay.after.take());
        stop
    }

    /// A live message that is not to be retained is about to be delivered: what is retained of its topic goes before it.
    pub(crate) fn overtake(&mut self, topic: &str) {
        let Some(kept) = self.retained.get(topic) else { return };
        let line = core::mem::take(&mut self.client.replays.line);
        let mut goes = true;
        for replay in &line {
            goes &= !replay.is_before(kept) || self.offer(kept, replay, false);
        }
        self.client.replays.line = line;
        if !goes {
            self.lose();
        }
    }

    /// A live message is lost, since there is no room for it or no connection.
    pub(crate) fn lose(&mut self) {
        self.client.go_on_since(self.retained.next_stamp(), true);
    }

    /// Sends what is retained of a topic, if the client wants it; `false` if it does not take it now. It is the replay's turn, or
    /// a live message overtakes it.
    fn offer(&mut self, kept: &Kept, replay: &Replay, is_its_turn: bool) -> bool {
        let subscription = replay.subscription;
        let (message, topic) = (&kept.message, kept.topic().as_str());
        // [MQTT-3.8.3-3]
        let is_own = subscription.no_local && kept.publisher.as_ref() == Some(&self.client.id);
        let may_read = !self.required_checks.read || self.options.access.may_read(self.client.who(), topic);
        if kept.stamp > replay.since || is_own || !may_read || kept.is_over(self.now) {
            return true;
        }
        let delivery = subscription.delivery(message, true, DeliveryTag { arrived: kept.arrived, group: None });
        if !self.takes(delivery.qos, delivery.bytes(), is_its_turn) {
            return false;
        }
        if is_its_turn && delivery.qos != QoS::AtMostOnce && !self.options.asks.receive {
            self.client.replays.is_next = false;
            self.client.session.put_first(delivery);
            self.flush_queue(None);
        } else {
            self.relay(delivery);
        }
        true
    }

    /// Whether a message of so many bytes can be sent now, or wait without loss.
    fn takes(&self, qos: QoS, bytes: usize, is_its_turn: bool) -> bool {
        let ClientState { session, approvals, enqueued, replays, .. } = &*self.client;
        let options = self.options;
        if options.asks.receive {
            let messages_max = options.queue_messages >> u8::from(is_its_turn);
            let has_room = |approvals: &ApprovalQueue| approvals.has_room(bytes, messages_max, options.queue_bytes);
            return (qos != QoS::AtMostOnce || self.peer.is_some()) && approvals.as_deref().is_none_or(has_room);
        }
        if is_its_turn && qos != QoS::AtMostOnce {
            return session.may_send() && *enqueued - session.queued() as u64 >= replays.behind;
        }
        self.has_room(qos, bytes)
    }

    /// Whether there is, in the connection or in the queue.
    pub(crate) fn has_room(&self, qos: QoS, bytes: usize) -> bool {
        if qos != QoS::AtMostOnce {
            return self.client.session.has_room(bytes);
        }
        let has_room = |peer: &Peer| peer.output.waiting_bytes() < self.options.transmit_bytes_max;
        self.is_open() && self.peer.as_deref().is_some_and(has_room)
    }

    /// Whether there is a connection that takes more.
    fn is_open(&self) -> bool {
        let is_open = |peer: &Peer| peer.output.is_writable() && peer.connection.connected().is_some();
        self.peer.as_deref().is_some_and(is_open)
    }

    /// There is more to send once the turn of the peer comes again.
    pub(crate) fn go_on_later(&mut self) {
        if let Some(peer) = self.peer.as_deref_mut() {
            self.outbox.continue_later(peer);
        }
    }
}

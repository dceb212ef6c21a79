//! A peer's input: the packets that are not handled yet, what blocks them, and whether the
//! transport is read.
//!
//! ```text
//! Nothing ──a packet asks the host──▶ Answers ──all answered──▶ Nothing
//!       ├───CONNECT, and a former connection ends──▶ Former ──it has ended──▶ Budget
//!       └───budget used up, or store behind──▶ Budget, Store ──resumed in order──▶ Nothing
//!
//! Open ──blocked, and much waits──▶ Paused ──little waits──▶ Resuming ──told the host──▶ Open
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::broker::auth::open_questions::PendingAnswers;
use crate::broker::auth::question::Answer;
use crate::broker::auth::verdict::Verdict;
use crate::broker::cause::Fault;
use crate::broker::clients::subscription::Subscription;
use crate::broker::ids::QuestionId;
use crate::codec::{Decoder, PacketKind, ReasonCode, Version};
use crate::topic::TopicFilter;

/// Divisor of [`BrokerOptions::input_bytes_max`](crate::broker::BrokerOptions::input_bytes_max):
/// reading is paused above the quotient. It is small, so that many blocked peers take little
/// memory, but holds a chunk of a transport.
const PAUSE_PART: usize = 16;

/// Divisor of that quotient: reading is resumed below it.
const RESUME_PART: usize = 2;

/// A peer's input.
#[derive(Debug)]
pub(crate) struct PeerInput {
    decoder: Decoder,
    blocked: Blocked,
    reading: Reading,
    /// The questions that the first packet in the decoder asked, with the answers so far.
    questions: Option<Box<PendingAnswers>>,
    /// True if the first packet was counted, and then held back for want of memory.
    was_held_back: bool,
    /// How far the first packet has come, if the rest of it goes on in the next turn.
    progress: Option<Box<Progress>>,
}

/// Progress of a packet with many filters, which stays in the decoder until its end.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Decisions of the access list on the first filters of a SUBSCRIBE.
    pub(crate) checked: Vec<Result<(), ReasonCode>>,
    /// Verdicts on the filters of a SUBSCRIBE, once all are known.
    pub(crate) verdicts: Option<Vec<Verdict>>,
    /// Reason codes of the first filters of a SUBSCRIBE or an UNSUBSCRIBE.
    pub(crate) reasons: Vec<ReasonCode>,
    /// The first text of a refusal.
    pub(crate) reason_string: &'static str,
    /// True if a new subscription is sent retained messages.
    pub(crate) sends_retained: bool,
    /// Those of `$SYS`.
    pub(crate) sys_filters: Vec<(TopicFilter, Subscription)>,
}

impl Progress {
    /// Returns the bytes of memory of its tables.
    fn table_bytes(&self) -> usize {
        self.checked.capacity()
            + self.verdicts.as_ref().map_or(0, Vec::capacity) * size_of::<Verdict>()
            + self.reasons.capacity()
            + self.sys_filters.capacity() * size_of::<(TopicFilter, Subscription)>()
    }
}

/// The reason why the first packet in a peer's decoder is not handled now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// Nothing: the next packet is handled as soon as it is whole.
    Nothing,
    /// Answers of the host.
    Answers,
    /// The store, which is behind. The peer waits in the queue of deferred peers.
    Store,
    /// The budget of the turn, or the peer's share of it. The peer waits in the queue of deferred
    /// peers.
    Budget,
    /// The end of the client's former connection, whose last packets are not handled yet.
    Former,
    /// Memory of the broker: nobody has room for the message of a publisher, which is tried again.
    Memory,
}

/// State of reading a peer's transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Open,
    /// The host was asked to pause when so many bytes waited.
    Paused {
        waiting: usize,
    },
    /// The next outputs ask the host to resume.
    Resuming,
}

impl PeerInput {
    pub(super) const fn new(packet_bytes_max: u32) -> Self {
        Self {
            decoder: Decoder::new(packet_bytes_max),
            blocked: Blocked::Nothing,
            reading: Reading::Open,
            questions: None,
            was_held_back: false,
            progress: None,
        }
    }

    /// Appends `len` bytes that `fill` writes in place, while so many bytes of memory are free.
    pub(crate) fn feed_within(&mut self, free: usize, len: usize, fill: impl FnOnce(&mut [u8])) {
        self.decoder.feed_within(free, len, fill);
    }

    /// Returns the bytes of memory of the packets that are not handled yet.
    pub(crate) fn held_bytes(&self) -> usize {
        self.decoder.capacity()
            + self.questions.as_ref().map_or(0, |questions| questions.table_bytes())
            + self.progress.as_ref().map_or(0, |progress| progress.table_bytes())
    }

    /// True if the bytes that wait begin with these.
    pub(crate) fn begins_with(&self, bytes: &[u8]) -> bool {
        self.decoder.unread().starts_with(bytes)
    }

    /// Takes the decoder, whose packets are borrowed while the broker changes.
    pub(crate) const fn take_decoder(&mut self) -> Decoder {
        core::mem::replace(&mut self.decoder, Decoder::new(0))
    }

    /// Puts back the decoder that was taken.
    pub(crate) fn put_back(&mut self, decoder: Decoder) {
        self.decoder = decoder;
    }

    pub(crate) const fn blocked(&self) -> Blocked {
        self.blocked
    }

    /// True if the packets wait for more than their own bytes.
    pub(crate) const fn is_blocked(&self) -> bool {
        match self.blocked {
            Blocked::Nothing => false,
            Blocked::Answers | Blocked::Store | Blocked::Budget | Blocked::Former | Blocked::Memory => true,
        }
    }

    /// True if a DISCONNECT waits to be handled.
    pub(super) fn has_disconnect(&self, version: Version) -> bool {
        self.decoder.has_unread(PacketKind::Disconnect, version)
    }

    /// Holds the first packet back for want of memory.
    pub(crate) const fn hold_back(&mut self) {
        self.blocked = Blocked::Memory;
        self.was_held_back = true;
    }

    /// True if the first packet was counted before it was held back. The answer counts once.
    pub(crate) const fn take_held_back(&mut self) -> bool {
        core::mem::replace(&mut self.was_held_back, false)
    }

    /// Frees the memory of a buffer without bytes.
    pub(crate) fn shrink(&mut self) {
        self.decoder.shrink();
    }

    /// Blocks the packets, or unblocks them.
    pub(crate) const fn set_blocked(&mut self, blocked: Blocked) {
        self.blocked = blocked;
    }

    /// True if the first packet was begun before.
    pub(crate) const fn is_begun(&self) -> bool {
        self.questions.is_some() || self.progress.is_some()
    }

    /// Takes the progress of the first packet.
    pub(crate) fn take_progress(&mut self) -> Option<Progress> {
        self.progress.take().map(|progress| *progress)
    }

    /// Keeps the progress of the first packet.
    pub(crate) fn put_progress(&mut self, progress: Progress) {
        self.progress = Some(Box::new(progress));
    }

    /// True if the first packet has asked the host, whether it was answered or not.
    pub(crate) const fn has_questions(&self) -> bool {
        self.questions.is_some()
    }

    /// Returns the questions of the first packet.
    pub(crate) fn questions_mut(&mut self) -> &mut PendingAnswers {
        self.questions.get_or_insert_default()
    }

    /// Notes a question of the first packet, which waits for the answer.
    pub(crate) fn await_answer(&mut self, question: QuestionId) {
        self.questions_mut().push(question);
        self.blocked = Blocked::Answers;
    }

    /// Notes an answer. True if the first packet waits for no other.
    pub(crate) fn put_answer(&mut self, question: QuestionId, answer: Answer) -> bool {
        let Some(questions) = &mut self.questions else { return false };
        let is_last = questions.put(question, answer);
        if is_last && self.blocked == Blocked::Answers {
            self.blocked = Blocked::Nothing;
        }
        is_last
    }

    /// Takes the questions of the first packet, which is done with.
    pub(crate) fn take_questions(&mut self) -> Option<Box<PendingAnswers>> {
        if self.blocked == Blocked::Answers {
            self.blocked = Blocked::Nothing;
        }
        self.questions.take()
    }

    /// Pauses reading if much waits behind a packet that is blocked; true if more bytes may follow.
    ///
    /// `is_over` is true if the peer holds more than its part of memory. Then a packet must not
    /// remain unfinished, and little may come while reading is paused.
    ///
    /// # Errors
    /// A fault if more bytes came than the limits allow.
    pub(crate) fn check_room(&mut self, input_bytes_max: usize, is_over: bool) -> Result<bool, Fault> {
        let waiting = self.decoder.unread().len();
        let part = input_bytes_max / PAUSE_PART;
        match self.reading {
            Reading::Open | Reading::Resuming if self.is_blocked() && waiting > part => {
                // A frame that is there already counts as received, however large it is.
                self.reading = Reading::Paused { waiting };
                Ok(false)
            }
            Reading::Open | Reading::Resuming if is_over && !self.is_blocked() && waiting > 0 => {
                let problem = "an unfinished packet, and the memory of the broker is used up";
                Err(Fault::new(ReasonCode::QuotaExceeded, "§4.13", problem))
            }
            Reading::Open | Reading::Resuming => Ok(true),
            Reading::Paused { waiting: former }
                if waiting > former.saturating_add(if is_over { part } else { input_bytes_max }) =>
            {
                let problem = "incoming buffer full; wait for the broker's answers";
                Err(Fault::new(ReasonCode::QuotaExceeded, "§4.13", problem))
            }
            Reading::Paused { .. } => Ok(false),
        }
    }

    /// Resumes reading once little waits; true if the host is to be told.
    pub(crate) fn resume_reading(&mut self, input_bytes_max: usize) -> bool {
        let is_paused = matches!(self.reading, Reading::Paused { .. });
        let resumes = is_paused
            && (!self.is_blocked() || self.decoder.unread().len() <= input_bytes_max / PAUSE_PART / RESUME_PART);
        if resumes {
            self.reading = Reading::Resuming;
        }
        resumes
    }

    /// Notes that the host is told to resume. True if it still has to be told.
    pub(crate) fn note_resumed(&mut self) -> bool {
        let is_resuming = self.reading == Reading::Resuming;
        if is_resuming {
            self.reading = Reading::Open;
        }
        is_resuming
    }
}

#[cfg(test)]
mod tests {
    use super::{Blocked, PeerInput};
    use crate::broker::auth::question::Answer;
    use crate::broker::ids::QuestionId;

    fn fed(bytes: usize) -> PeerInput {
        let mut input = PeerInput::new(u32::MAX);
        input.feed_within(usize::MAX, bytes, |buffer| buffer.fill(0));
        input
    }

    #[test]
    fn reading_is_paused_behind_a_blocked_packet_alone() {
        for (blocked, bytes, may_follow) in [
            (Blocked::Nothing, 1_000, true),
            (Blocked::Answers, 10, true),
            (Blocked::Answers, 11, false),
            (Blocked::Store, 11, false),
            (Blocked::Budget, 11, false),
        ] {
            let mut input = fed(bytes);
            input.set_blocked(blocked);
            assert_eq!(input.check_room(160, false), Ok(may_follow), "{blocked:?}, {bytes} bytes");
        }
    }

    #[test]
    fn a_paused_peer_has_a_bound_and_is_resumed_once() {
        let mut input = fed(100);
        input.set_blocked(Blocked::Answers);
        assert_eq!(input.check_room(160, false), Ok(false));
        input.feed_within(usize::MAX, 160, |buffer| buffer.fill(0));
        assert_eq!(input.check_room(160, false), Ok(false));
        assert!(!input.resume_reading(160), "much waits");
        input.set_blocked(Blocked::Nothing);
        assert!(input.resume_reading(160) && !input.resume_reading(160));
        assert!(input.note_resumed() && !input.note_resumed());
        let mut input = fed(100);
        input.set_blocked(Blocked::Answers);
        assert_eq!(input.check_room(160, false), Ok(false));
        input.feed_within(usize::MAX, 161, |buffer| buffer.fill(0));
        assert!(input.check_room(160, false).is_err());
    }

    #[test]
    fn the_last_answer_unblocks_and_the_questions_stay_until_the_packet_is_done() {
        let mut input = fed(1);
        input.await_answer(QuestionId(1));
        input.await_answer(QuestionId(2));
        assert!(!input.put_answer(QuestionId(1), Answer::Allow) && input.blocked() == Blocked::Answers);
        assert!(input.put_answer(QuestionId(2), Answer::Allow) && !input.is_blocked());
        assert!(input.has_questions() && input.take_questions().is_some() && !input.has_questions());
    }
}

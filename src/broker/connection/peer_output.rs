//! A peer's output: its outgoing buffer, the state of its transport, and the deliveries that
//! follow.
//!
//! ```text
//! Open ──not writable──▶ Stopped ──writable──▶ Open
//!    └──────closed──────────┴──────────────────▶ Gone
//!
//! Nothing ──the session has more than fits──▶ More ──budget used up──▶ NextTurn ──▶ More
//!       └───────────its queue overflowed────────┴─────────────────────────┴──▶ Overflow
//! ```

use alloc::vec::Vec;

use crate::broker::cause::{DropCause, Fault};
use crate::codec::ReasonCode;

/// A peer's output.
#[derive(Debug)]
pub(crate) struct PeerOutput {
    /// Bytes to send at the end of the turn; without memory while there are none.
    buffer: Vec<u8>,
    writability: Writability,
    backlog: Backlog,
    /// True if the peer is in the queue of the outbox.
    is_listed: bool,
}

/// Writability of a peer's transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writability {
    Open,
    /// The host reported it as not writable, and has got `bytes` bytes since.
    Stopped {
        bytes: usize,
    },
    /// It is closed; packets that came before are still handled.
    Gone,
}

/// Deliveries that follow the bytes in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backlog {
    Nothing,
    /// The session or its cursors have more, to be flushed once the buffer is sent.
    More,
    /// More as well, but the budget of this turn is used up.
    NextTurn,
    /// The session's queue overflowed, so the peer is disconnected at the end of this input.
    Overflow,
}

impl PeerOutput {
    pub(super) const fn new() -> Self {
        Self { buffer: Vec::new(), writability: Writability::Open, backlog: Backlog::Nothing, is_listed: false }
    }

    /// True if the transport takes more.
    #[inline]
    pub(crate) fn is_writable(&self) -> bool {
        self.writability == Writability::Open
    }

    /// True if the transport is closed.
    pub(crate) fn is_gone(&self) -> bool {
        self.writability == Writability::Gone
    }

    /// Notes that the transport is closed: nothing is sent any more.
    pub(crate) fn set_gone(&mut self) {
        self.writability = Writability::Gone;
        self.discard();
    }

    /// Notes whether the transport takes more; true if it takes more again.
    pub(crate) const fn set_writable(&mut self, writable: bool) -> bool {
        match (writable, self.writability) {
            (true, Writability::Stopped { .. }) => {
                self.writability = Writability::Open;
                true
            }
            (false, Writability::Open) => {
                self.writability = Writability::Stopped { bytes: 0 };
                false
            }
            (true, Writability::Open) | (false, Writability::Stopped { .. }) | (_, Writability::Gone) => false,
        }
    }

    /// Returns the number of bytes that wait to be sent.
    #[inline]
    pub(crate) const fn waiting_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Returns the bytes of memory of its buffer.
    pub(crate) const fn buffer_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// # Errors
    /// The cause of dropping a QoS 0 message: an unwritable transport, or `bytes_max` waiting
    /// bytes.
    #[inline]
    pub(crate) const fn check_room(&self, bytes_max: usize) -> Result<(), DropCause> {
        match self.writability {
            Writability::Open if self.buffer.len() < bytes_max => Ok(()),
            Writability::Open => Err(DropCause::TransmitFull),
            Writability::Stopped { .. } | Writability::Gone => Err(DropCause::NotWritable),
        }
    }

    /// # Errors
    /// A fault if more than `bytes_max` bytes of answers wait for a peer that does not read.
    pub(crate) const fn check_answers(&self, bytes_max: usize) -> Result<(), Fault> {
        match self.writability {
            Writability::Stopped { bytes } if bytes + self.buffer.len() > bytes_max => {
                let problem = "outgoing buffer full; the client does not read its answers";
                Err(Fault::new(ReasonCode::QuotaExceeded, "§4.13", problem))
            }
            Writability::Stopped { .. } | Writability::Open | Writability::Gone => Ok(()),
        }
    }

    /// Notes that `len` bytes of the peer go to the host.
    pub(crate) const fn count_frame(&mut self, len: usize) {
        if let Writability::Stopped { bytes } = &mut self.writability {
            *bytes += len;
        }
    }

    /// Returns the deliveries that follow.
    pub(crate) const fn backlog(&self) -> Backlog {
        self.backlog
    }

    /// Takes the deliveries that follow, which are flushed now.
    pub(super) const fn take_backlog(&mut self) -> Backlog {
        core::mem::replace(&mut self.backlog, Backlog::Nothing)
    }

    /// Notes that the session or its cursors have more, unless it is known already.
    pub(crate) fn set_more(&mut self) {
        if self.backlog == Backlog::Nothing {
            self.backlog = Backlog::More;
        }
    }

    /// Moves the rest of the deliveries to the next turn.
    pub(super) const fn set_next_turn(&mut self) {
        self.backlog = Backlog::NextTurn;
    }

    /// Notes that the session's queue overflowed; true if that is new.
    pub(super) fn set_overflow(&mut self) -> bool {
        core::mem::replace(&mut self.backlog, Backlog::Overflow) != Backlog::Overflow
    }

    /// Notes that the peer enters the queue of the outbox. True if it was not in it.
    pub(super) const fn enlist(&mut self) -> bool {
        !core::mem::replace(&mut self.is_listed, true)
    }

    /// Notes that the peer left the queue of the outbox.
    pub(super) const fn delist(&mut self) {
        self.is_listed = false;
    }

    /// Returns the buffer, to append to.
    #[inline]
    pub(super) const fn buffer_mut(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Takes the bytes that wait.
    pub(super) fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.buffer)
    }

    /// Discards the bytes that wait.
    pub(crate) fn discard(&mut self) {
        self.buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Backlog, PeerOutput};
    use crate::broker::cause::DropCause;

    #[test]
    fn a_stopped_transport_takes_answers_up_to_a_bound_and_no_messages() {
        let mut output = PeerOutput::new();
        output.buffer_mut().extend_from_slice(&[0; 10]);
        assert_eq!((output.check_room(11), output.check_room(10)), (Ok(()), Err(DropCause::TransmitFull)));
        assert!(output.check_answers(0).is_ok(), "it reads");
        assert!(!output.set_writable(false) && !output.is_writable());
        assert_eq!(output.check_room(11), Err(DropCause::NotWritable));
        assert!(output.check_answers(10).is_ok() && output.check_answers(9).is_err());
        output.count_frame(output.waiting_bytes());
        output.discard();
        assert!(output.check_answers(9).is_err(), "what the host was given counts");
        assert!(output.set_writable(true) && !output.set_writable(true));
        assert!(!output.set_writable(false) && output.check_answers(0).is_ok(), "it counts anew");
    }

    #[test]
    fn a_transport_that_is_gone_stays_gone_and_has_nothing_to_send() {
        let mut output = PeerOutput::new();
        output.buffer_mut().push(0);
        output.set_gone();
        assert!(!output.set_writable(true) && output.is_gone());
        assert_eq!((output.waiting_bytes(), output.check_room(1)), (0, Err(DropCause::NotWritable)));
    }

    #[test]
    fn an_overflow_outdoes_what_else_follows() {
        let mut output = PeerOutput::new();
        output.set_more();
        assert_eq!(output.backlog(), Backlog::More);
        output.set_next_turn();
        output.set_more();
        assert_eq!(output.backlog(), Backlog::NextTurn, "it is in the queue for it once");
        assert!(output.set_overflow() && !output.set_overflow());
        output.set_more();
        assert_eq!(output.take_backlog(), Backlog::Overflow);
    }
}

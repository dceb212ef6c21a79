//! One direction of a link: packets and parts of packets in order, each with the time of its
//! arrival.

use alloc::collections::VecDeque;
use core::num::NonZeroU32;
use core::time::Duration;

use super::trace::EntryId;
use crate::time::Time;

/// Something on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parcel {
    /// So many bytes of a packet, from this one on. They are in the trace.
    Packet { entry: EntryId, start: usize, len: usize },
    /// The other end closed its socket.
    End,
}

/// First in, first out: nothing overtakes.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    parcels: VecDeque<(Time, Parcel)>,
    /// When the last one arrives.
    last: Time,
    /// When the line is free for the next byte.
    free_at: Time,
    /// Bytes that are under way.
    bytes: usize,
}

impl Pipe {
    /// Returns when a parcel of so many bytes that is sent now would arrive, and takes it in.
    pub(super) fn push(
        &mut self,
        parcel: Parcel,
        now: Time,
        delay: Duration,
        bytes_per_second: Option<NonZeroU32>,
    ) -> Time {
        let len = match parcel {
            Parcel::Packet { len, .. } => len,
            Parcel::End => 0,
        };
        self.free_at = self.free_at.max(now);
        if let Some(rate) = bytes_per_second {
            let milliseconds = (len as u64).saturating_mul(1_000).div_ceil(rate.get().into());
            self.free_at = self.free_at + Duration::from_millis(milliseconds);
        }
        self.last = self.last.max(self.free_at + delay);
        self.bytes += len;
        self.parcels.push_back((self.last, parcel));
        self.last
    }

    /// Returns when the next parcel arrives.
    pub(super) fn next(&self) -> Option<Time> {
        self.parcels.front().map(|(at, _)| *at)
    }

    pub(super) fn pop(&mut self) -> Option<Parcel> {
        let (_, parcel) = self.parcels.pop_front()?;
        if let Parcel::Packet { len, .. } = parcel {
            self.bytes -= len;
        }
        Some(parcel)
    }

    /// Takes the next parcel, if it is such a one.
    pub(super) fn pop_if(&mut self, is_such: impl FnOnce(Time, Parcel) -> bool) -> Option<Parcel> {
        self.parcels.front().is_some_and(|(at, parcel)| is_such(*at, *parcel)).then(|| self.pop()).flatten()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }
}

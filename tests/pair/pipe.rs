//! One direction of a connection: bytes that arrive later, in other pieces, in order.

use std::collections::VecDeque;
use std::time::Duration;

use wasmqtt::time::Time;

use super::random::Random;

/// How a network treats bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// Milliseconds from one end to the other.
    pub(crate) latency: u64,
    /// Up to so many more, anew for each piece.
    pub(crate) jitter: u64,
    /// True if what was sent as one frame arrives in pieces.
    pub(crate) splits: bool,
}

/// A parcel that arrives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parcel {
    Bytes(Vec<u8>),
    /// The other end closed.
    End,
}

/// First in, first out: no piece overtakes another.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    parcels: VecDeque<(Time, Parcel)>,
    last: Time,
}

impl Pipe {
    pub(crate) fn send(&mut self, bytes: &[u8], now: Time, weather: Weather, random: &mut Random) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let is_split = weather.splits && random.below(3) == 0;
            let len = if is_split { 1 + usize::try_from(random.below(9)).expect("below 9") } else { rest.len() };
            let (piece, later) = rest.split_at(len.min(rest.len()));
            self.push(Parcel::Bytes(piece.to_vec()), now, weather, random);
            rest = later;
        }
    }

    pub(crate) fn end(&mut self, now: Time, weather: Weather, random: &mut Random) {
        self.push(Parcel::End, now, weather, random);
    }

    /// When the next parcel arrives.
    pub(crate) fn next(&self) -> Option<Time> {
        self.parcels.front().map(|(at, _)| *at)
    }

    pub(crate) fn take(&mut self) -> Option<Parcel> {
        self.parcels.pop_front().map(|(_, parcel)| parcel)
    }

    /// Takes everything out; gives the first `bytes` bytes of it.
    pub(crate) fn spill(&mut self, bytes: usize) -> Vec<u8> {
        let mut spilt: Vec<u8> = Vec::new();
        for (_, parcel) in self.parcels.drain(..) {
            if let Parcel::Bytes(piece) = parcel {
                spilt.extend(piece);
            }
        }
        spilt.truncate(bytes);
        spilt
    }

    fn push(&mut self, parcel: Parcel, now: Time, weather: Weather, random: &mut Random) {
        let jitter = if weather.jitter == 0 { 0 } else { random.below(weather.jitter + 1) };
        self.last = self.last.max(now + Duration::from_millis(weather.latency + jitter));
        self.parcels.push_back((self.last, parcel));
    }
}

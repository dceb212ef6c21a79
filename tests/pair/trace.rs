//! The trace of a run: its events, folded into a number, and the rare cases that it hit.

use wasmqtt::time::Time;

/// A hash over everything that arrived anywhere, in order: two runs with the same hash were the
/// same run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    hash: u64,
}

impl Trace {
    pub(crate) const fn new() -> Self {
        Self { hash: 0xCBF2_9CE4_8422_2325 }
    }

    /// Something arrived at a place: bytes at one end of a connection, an output at a client.
    pub(crate) fn note(&mut self, at: Time, place: &str, number: usize, what: &[u8]) {
        self.fold(&at.as_millis().to_le_bytes());
        self.fold(place.as_bytes());
        self.fold(&number.to_le_bytes());
        self.fold(&what.len().to_le_bytes());
        self.fold(what);
    }

    /// FNV-1a.
    fn fold(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

//! From a packet to its bytes.

use super::{EncodeError, Packet, Version};

impl Packet<'_> {
    /// Appends the packet's bytes to `out`. Properties are left out in 3.1.1, and reason codes mapped.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let _ = (version, out);
        todo!()
    }

    /// How many bytes [`encode`](Self::encode) appends: what a peer's Maximum Packet Size is held against.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
        let _ = version;
        todo!()
    }
}

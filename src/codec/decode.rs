//! From one packet's bytes to the packet.

use super::{DecodeError, Packet, Version};

impl<'a> Packet<'a> {
    /// Decodes exactly one packet. `version` is the connection's; CONNECT tells its own.
    ///
    /// # Errors
    /// [`DecodeError`] with the rule that `bytes` break; too few or too many bytes among them.
    pub fn decode(bytes: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        let _ = (bytes, version);
        todo!()
    }
}

//! Quality of service (MQTT 5.0 §4.3).

/// How surely a message is delivered over one hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QoS {
    /// QoS 0: no acknowledgement; lost if the connection ends (§4.3.1).
    #[default]
    AtMostOnce = 0,
    /// QoS 1: acknowledged, and sent again when a session resumes; may arrive twice (§4.3.2).
    AtLeastOnce = 1,
    /// QoS 2: neither lost nor doubled, by an exchange of four packets (§4.3.3).
    ExactlyOnce = 2,
}

impl QoS {
    /// The two bits of the wire; 3 is no quality of service [MQTT-3.3.1-4].
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }

    /// 0, 1 or 2.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self as u8
    }
}

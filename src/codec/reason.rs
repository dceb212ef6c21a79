//! Reason codes (MQTT 5.0 §2.4).

use core::fmt;

use super::PacketKind;

macro_rules! reason_codes {
    ($($value:literal $name:ident $text:literal [$($kind:ident)*])*) => {
        /// Why: the result of an operation, as one byte (§2.4). Below 0x80 it is a success, from
        /// 0x80 on a failure.
        ///
        /// Which codes a packet may carry is the codec's to check; 3.1.1's return codes are mapped
        /// to these.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum ReasonCode {
            $(
                #[doc = $text]
                $name = $value,
            )*
        }

        impl ReasonCode {
            /// Every reason code, in the order of their values.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code with this value, if MQTT 5.0 names one.
            #[must_use]
            pub const fn from_value(value: u8) -> Option<Self> {
                match value {
                    $($value => Some(Self::$name),)*
                    _ => None,
                }
            }
        }

        /// The meaning of each of [`ReasonCode::ALL`].
        static TEXTS: [&str; ReasonCode::ALL.len()] = [$($text),*];

        /// Which packets may carry each of [`ReasonCode::ALL`]: a bit for each [`PacketKind`].
        static PACKETS: [u16; ReasonCode::ALL.len()] = [$(0 $(| 1 << PacketKind::$kind as u16)*),*];
    };
}

reason_codes! {
    0x00 Success "success, normal disconnection, or granted QoS 0"
        [Connack Puback Pubrec Pubrel Pubcomp Suback Unsuback Disconnect Auth]
    0x01 GrantedQoS1 "granted QoS 1" [Suback]
    0x02 GrantedQoS2 "granted QoS 2" [Suback]
    0x04 DisconnectWithWill "disconnect, and publish the will" [Disconnect]
    0x10 NoMatchingSubscribers "no matching subscribers" [Puback Pubrec]
    0x11 NoSubscriptionExisted "no subscription existed" [Unsuback]
    0x18 ContinueAuthentication "continue authentication" [Auth]
    0x19 ReAuthenticate "re-authenticate" [Auth]
    0x80 UnspecifiedError "unspecified error" [Connack Puback Pubrec Suback Unsuback Disconnect]
    0x81 MalformedPacket "malformed packet" [Connack Disconnect]
    0x82 ProtocolError "protocol error" [Connack Disconnect]
    0x83 ImplementationSpecificError "implementation specific error" [Connack Puback Pubrec Suback Unsuback Disconnect]
    0x84 UnsupportedProtocolVersion "unsupported protocol version" [Connack]
    0x85 ClientIdentifierNotValid "client identifier not valid" [Connack]
    0x86 BadUserNameOrPassword "bad user name or password" [Connack]
    0x87 NotAuthorized "not authorized" [Connack Puback Pubrec Suback Unsuback Disconnect]
    0x88 ServerUnavailable "server unavailable" [Connack]
    0x89 ServerBusy "server busy" [Connack Disconnect]
    0x8A Banned "banned" [Connack]
    0x8B ServerShuttingDown "server shutting down" [Disconnect]
    0x8C BadAuthenticationMethod "bad authentication method" [Connack Disconnect]
    0x8D KeepAliveTimeout "keep alive timeout" [Disconnect]
    0x8E SessionTakenOver "session taken over" [Disconnect]
    0x8F TopicFilterInvalid "topic filter invalid" [Suback Unsuback Disconnect]
    0x90 TopicNameInvalid "topic name invalid" [Connack Puback Pubrec Disconnect]
    0x91 PacketIdentifierInUse "packet identifier in use" [Puback Pubrec Suback Unsuback]
    0x92 PacketIdentifierNotFound "packet identifier not found" [Pubrel Pubcomp]
    0x93 ReceiveMaximumExceeded "receive maximum exceeded" [Disconnect]
    0x94 TopicAliasInvalid "topic alias invalid" [Disconnect]
    0x95 PacketTooLarge "packet too large" [Connack Disconnect]
    0x96 MessageRateTooHigh "message rate too high" [Disconnect]
    0x97 QuotaExceeded "quota exceeded" [Connack Puback Pubrec Suback Disconnect]
    0x98 AdministrativeAction "administrative action" [Disconnect]
    0x99 PayloadFormatInvalid "payload format invalid" [Connack Puback Pubrec Disconnect]
    0x9A RetainNotSupported "retain not supported" [Connack Disconnect]
    0x9B QoSNotSupported "QoS not supported" [Connack Disconnect]
    0x9C UseAnotherServer "use another server" [Connack Disconnect]
    0x9D ServerMoved "server moved" [Connack Disconnect]
    0x9E SharedSubscriptionsNotSupported "shared subscriptions not supported" [Suback Disconnect]
    0x9F ConnectionRateExceeded "connection rate exceeded" [Connack Disconnect]
    0xA0 MaximumConnectTime "maximum connect time" [Disconnect]
    0xA1 SubscriptionIdentifiersNotSupported "subscription identifiers not supported" [Suback Disconnect]
    0xA2 WildcardSubscriptionsNotSupported "wildcard subscriptions not supported" [Suback Disconnect]
}

impl ReasonCode {
    /// The byte of the wire.
    #[must_use]
    pub const fn value(self) -> u8 {
        self as u8
    }

    /// True if it says that the operation failed: 0x80 or above.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.value() >= 0x80
    }

    /// Returns the meaning, in the specification's words.
    #[must_use]
    pub fn text(self) -> &'static str {
        TEXTS[self.index()]
    }

    /// True if a packet of this kind may carry it (§2.4, table 2-6). Packets without a reason code
    /// carry none.
    #[must_use]
    pub fn is_allowed_in(self, kind: PacketKind) -> bool {
        PACKETS[self.index()] & 1 << kind as u16 != 0
    }

    /// Its place in [`ALL`](Self::ALL).
    fn index(self) -> usize {
        Self::ALL.iter().position(|other| *other == self).unwrap_or(0)
    }

    /// The reason for a CONNACK return code of 3.1.1 (3.1.1 §3.2.2.3).
    pub(super) const fn from_return_code(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::Success),
            1 => Some(Self::UnsupportedProtocolVersion),
            2 => Some(Self::ClientIdentifierNotValid),
            3 => Some(Self::ServerUnavailable),
            4 => Some(Self::BadUserNameOrPassword),
            5 => Some(Self::NotAuthorized),
            _ => None,
        }
    }

    /// The CONNACK return code of 3.1.1 that comes nearest.
    pub(super) const fn to_return_code(self) -> u8 {
        match self {
            Self::UnsupportedProtocolVersion => 1,
            Self::ClientIdentifierNotValid => 2,
            Self::BadUserNameOrPassword | Self::BadAuthenticationMethod => 4,
            Self::NotAuthorized | Self::Banned => 5,
            other => {
                if other.is_error() {
                    3
                } else {
                    0
                }
            }
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:02X})", self.text(), self.value())
    }
}

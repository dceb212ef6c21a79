//! Reason codes (MQTT 5.0 §2.4).

use core::fmt;

use super::PacketKind;

macro_rules! reason_codes {
    ($($value:literal $name:ident $text:literal)*) => {
        /// Why: the result of an operation, as one byte (§2.4). Below 0x80 it is a success, from 0x80 on a failure.
        ///
        /// Which codes a packet may carry is the codec's to check; 3.1.1's return codes are mapped to these.
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

            /// What it means, in the specification's words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

reason_codes! {
    0x00 Success "success, normal disconnection, or granted QoS 0"
    0x01 GrantedQoS1 "granted QoS 1"
    0x02 GrantedQoS2 "granted QoS 2"
    0x04 DisconnectWithWill "disconnect, and publish the will"
    0x10 NoMatchingSubscribers "no matching subscribers"
    0x11 NoSubscriptionExisted "no subscription existed"
    0x18 ContinueAuthentication "continue authentication"
    0x19 ReAuthenticate "re-authenticate"
    0x80 UnspecifiedError "unspecified error"
    0x81 MalformedPacket "malformed packet"
    0x82 ProtocolError "protocol error"
    0x83 ImplementationSpecificError "implementation specific error"
    0x84 UnsupportedProtocolVersion "unsupported protocol version"
    0x85 ClientIdentifierNotValid "client identifier not valid"
    0x86 BadUserNameOrPassword "bad user name or password"
    0x87 NotAuthorized "not authorized"
    0x88 ServerUnavailable "server unavailable"
    0x89 ServerBusy "server busy"
    0x8A Banned "banned"
    0x8B ServerShuttingDown "server shutting down"
    0x8C BadAuthenticationMethod "bad authentication method"
    0x8D KeepAliveTimeout "keep alive timeout"
    0x8E SessionTakenOver "session taken over"
    0x8F TopicFilterInvalid "topic filter invalid"
    0x90 TopicNameInvalid "topic name invalid"
    0x91 PacketIdentifierInUse "packet identifier in use"
    0x92 PacketIdentifierNotFound "packet identifier not found"
    0x93 ReceiveMaximumExceeded "receive maximum exceeded"
    0x94 TopicAliasInvalid "topic alias invalid"
    0x95 PacketTooLarge "packet too large"
    0x96 MessageRateTooHigh "message rate too high"
    0x97 QuotaExceeded "quota exceeded"
    0x98 AdministrativeAction "administrative action"
    0x99 PayloadFormatInvalid "payload format invalid"
    0x9A RetainNotSupported "retain not supported"
    0x9B QoSNotSupported "QoS not supported"
    0x9C UseAnotherServer "use another server"
    0x9D ServerMoved "server moved"
    0x9E SharedSubscriptionsNotSupported "shared subscriptions not supported"
    0x9F ConnectionRateExceeded "connection rate exceeded"
    0xA0 MaximumConnectTime "maximum connect time"
    0xA1 SubscriptionIdentifiersNotSupported "subscription identifiers not supported"
    0xA2 WildcardSubscriptionsNotSupported "wildcard subscriptions not supported"
}

impl ReasonCode {
    /// The byte of the wire.
    #[must_use]
    pub const fn value(self) -> u8 {
        self as u8
    }

    /// Whether it says that the operation failed: 0x80 or above.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.value() >= 0x80
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:02X})", self.text(), self.value())
    }
}

impl ReasonCode {
    /// Whether a packet of this kind may carry it (§2.4, table 2-6). Packets without a reason code carry none.
    #[must_use]
    pub const fn is_allowed_in(self, kind: PacketKind) -> bool {
        use PacketKind as Kind;
        #[allow(clippy::enum_glob_use, reason = "a table of forty names")]
        use ReasonCode::*;
        match kind {
            Kind::Connack => !matches!(
                self,
                GrantedQoS1
                    | GrantedQoS2
                    | DisconnectWithWill
                    | NoMatchingSubscribers
                    | NoSubscriptionExisted
                    | ContinueAuthentication
                    | ReAuthenticate
                    | ServerShuttingDown
                    | KeepAliveTimeout
                    | SessionTakenOver
                    | TopicFilterInvalid
                    | PacketIdentifierInUse
                    | PacketIdentifierNotFound
                    | ReceiveMaximumExceeded
                    | TopicAliasInvalid
                    | MessageRateTooHigh
                    | AdministrativeAction
                    | SharedSubscriptionsNotSupported
                    | MaximumConnectTime
                    | SubscriptionIdentifiersNotSupported
                    | WildcardSubscriptionsNotSupported
            ),
            Kind::Puback | Kind::Pubrec => matches!(
                self,
                Success
                    | NoMatchingSubscribers
                    | UnspecifiedError
                    | ImplementationSpecificError
                    | NotAuthorized
                    | TopicNameInvalid
                    | PacketIdentifierInUse
                    | QuotaExceeded
                    | PayloadFormatInvalid
            ),
            Kind::Pubrel | Kind::Pubcomp => matches!(self, Success | PacketIdentifierNotFound),
            Kind::Suback => matches!(
                self,
                Success
                    | GrantedQoS1
                    | GrantedQoS2
                    | UnspecifiedError
                    | ImplementationSpecificError
                    | NotAuthorized
                    | TopicFilterInvalid
                    | PacketIdentifierInUse
                    | QuotaExceeded
                    | SharedSubscriptionsNotSupported
                    | SubscriptionIdentifiersNotSupported
                    | WildcardSubscriptionsNotSupported
            ),
            Kind::Unsuback => matches!(
                self,
                Success
                    | NoSubscriptionExisted
                    | UnspecifiedError
                    | ImplementationSpecificError
                    | NotAuthorized
                    | TopicFilterInvalid
                    | PacketIdentifierInUse
            ),
            Kind::Disconnect => !matches!(
                self,
                GrantedQoS1
                    | GrantedQoS2
                    | NoMatchingSubscribers
                    | NoSubscriptionExisted
                    | ContinueAuthentication
                    | ReAuthenticate
                    | UnsupportedProtocolVersion
                    | ClientIdentifierNotValid
                    | BadUserNameOrPassword
                    | ServerUnavailable
                    | Banned
                    | PacketIdentifierInUse
                    | PacketIdentifierNotFound
            ),
            Kind::Auth => matches!(self, Success | ContinueAuthentication | ReAuthenticate),
            Kind::Connect | Kind::Publish | Kind::Subscribe | Kind::Unsubscribe | Kind::Pingreq | Kind::Pingresp => {
                false
            }
        }
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

//! The table of properties: identifiers, types and places (MQTT 5.0 §2.2.2.2).

/// The place where a property list stands: a packet's kind, or the will inside CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the packet of its name")]
pub enum PropertyPlace {
    Connect,
    Will,
    Connack,
    Publish,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Disconnect,
    Auth,
}

impl PropertyPlace {
    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// How a value stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueKind {
    /// A byte of 0 or 1.
    Bool,
    TwoByte,
    FourByte,
    Variable,
    Text,
    Binary,
    /// Two strings.
    Pair,
}

/// Places as a set of bits.
const fn places(places: &[PropertyPlace]) -> u16 {
    let mut bits = 0;
    let mut index = 0;
    while index < places.len() {
        bits |= places[index].bit();
        index += 1;
    }
    bits
}

const EVERYWHERE: u16 = 0x3FFF;

macro_rules! properties {
    ($($value:literal $name:ident $kind:ident $places:expr;)*) => {
        /// The identifier of a property; its value is the wire's (§2.2.2.2).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is the property of its name")]
        #[repr(u8)]
        pub enum PropertyId {
            $($name = $value,)*
        }

        impl PropertyId {
            /// Every property, in the order of their values.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The property with this identifier, if MQTT 5.0 names one.
            #[must_use]
            pub const fn from_value(value: u32) -> Option<Self> {
                match value {
                    $($value => Some(Self::$name),)*
                    _ => None,
                }
            }

            pub(crate) const fn value_kind(self) -> ValueKind {
                match self {
                    $(Self::$name => ValueKind::$kind,)*
                }
            }

            const fn places(self) -> u16 {
                use PropertyPlace::*;
                match self {
                    $(Self::$name => $places,)*
                }
            }
        }
    };
}

properties! {
    0x01 PayloadFormatIndicator Bool places(&[Publish, Will]);
    0x02 MessageExpiryInterval FourByte places(&[Publish, Will]);
    0x03 ContentType Text places(&[Publish, Will]);
    0x08 ResponseTopic Text places(&[Publish, Will]);
    0x09 CorrelationData Binary places(&[Publish, Will]);
    0x0B SubscriptionIdentifier Variable places(&[Publish, Subscribe]);
    0x11 SessionExpiryInterval FourByte places(&[Connect, Connack, Disconnect]);
    0x12 AssignedClientIdentifier Text places(&[Connack]);
    0x13 ServerKeepAlive TwoByte places(&[Connack]);
    0x15 AuthenticationMethod Text places(&[Connect, Connack, Auth]);
    0x16 AuthenticationData Binary places(&[Connect, Connack, Auth]);
    0x17 RequestProblemInformation Bool places(&[Connect]);
    0x18 WillDelayInterval FourByte places(&[Will]);
    0x19 RequestResponseInformation Bool places(&[Connect]);
    0x1A ResponseInformation Text places(&[Connack]);
    0x1C ServerReference Text places(&[Connack, Disconnect]);
    0x1F ReasonString Text places(&[Connack, Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback, Disconnect, Auth]);
    0x21 ReceiveMaximum TwoByte places(&[Connect, Connack]);
    0x22 TopicAliasMaximum TwoByte places(&[Connect, Connack]);
    0x23 TopicAlias TwoByte places(&[Publish]);
    0x24 MaximumQoS Bool places(&[Connack]);
    0x25 RetainAvailable Bool places(&[Connack]);
    0x26 UserProperty Pair EVERYWHERE;
    0x27 MaximumPacketSize FourByte places(&[Connect, Connack]);
    0x28 WildcardSubscriptionAvailable Bool places(&[Connack]);
    0x29 SubscriptionIdentifierAvailable Bool places(&[Connack]);
    0x2A SharedSubscriptionAvailable Bool places(&[Connack]);
}

impl PropertyId {
    /// True if it may stand in this place.
    #[must_use]
    pub const fn is_allowed_in(self, place: PropertyPlace) -> bool {
        self.places() & place.bit() != 0
    }

    /// True if its number may be 0.
    pub(super) const fn may_be_zero(self) -> bool {
        !matches!(
            self,
            Self::SubscriptionIdentifier | Self::ReceiveMaximum | Self::TopicAlias | Self::MaximumPacketSize
        )
    }

    /// True if it may stand more than once in a list. The user property may anywhere, the
    /// subscription identifier in a PUBLISH, one for each subscription that matched.
    #[must_use]
    pub const fn may_repeat_in(self, place: PropertyPlace) -> bool {
        matches!((self, place), (Self::UserProperty, _) | (Self::SubscriptionIdentifier, PropertyPlace::Publish))
    }
}

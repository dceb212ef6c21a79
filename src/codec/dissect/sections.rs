//! Sections of the specification in which fields are defined.

use core::fmt;

use crate::codec::{PropertyId, PropertyPlace, Version};

/// A section of the specification, displayed as "§3.1.2.11.2".
///
/// Its number is that of MQTT 5.0, or of 3.1.1 for a packet of that version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    number: &'static str,
    /// The last part of the number; 0 if there is none.
    part: u8,
}

impl Section {
    /// The section of bytes that belong to no field.
    pub(super) const NONE: Self = Self::of("");

    pub(super) const fn of(number: &'static str) -> Self {
        Self { number, part: 0 }
    }

    /// Returns the first section below this one.
    pub(super) const fn first_below(number: &'static str) -> Self {
        Self { number, part: 1 }
    }

    /// Returns the section of this version, where the two differ.
    pub(super) const fn either(version: Version, v5: &'static str, v3_1_1: &'static str) -> Self {
        match version {
            Version::V5 => Self::of(v5),
            Version::V3_1_1 => Self::of(v3_1_1),
        }
    }

    /// True if no section defines the field.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.number.is_empty()
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number, self.part) {
            ("", _) => Ok(()),
            (number, 0) => write!(f, "§{number}"),
            (number, part) => write!(f, "§{number}.{part}"),
        }
    }
}

/// Returns the section of a property in its place, or of the list.
pub(super) fn property_section(place: PropertyPlace, id: Option<PropertyId>) -> Section {
    let (number, order) = sections(place);
    let part = id.and_then(|id| order.iter().position(|other| *other == id));
    // Part 1 is the property length.
    let part = part.and_then(|index| u8::try_from(index + 2).ok());
    Section { number, part: part.unwrap_or(0) }
}

/// Returns the section of a list, and its properties in the order of their sections from part 2
/// on.
const fn sections(place: PropertyPlace) -> (&'static str, &'static [PropertyId]) {
    use PropertyId::{
        AssignedClientIdentifier, AuthenticationData, AuthenticationMethod, ContentType, CorrelationData,
        MaximumPacketSize, MaximumQoS, MessageExpiryInterval, PayloadFormatIndicator, ReasonString, ReceiveMaximum,
        RequestProblemInformation, RequestResponseInformation, ResponseInformation, ResponseTopic, RetainAvailable,
        ServerKeepAlive, ServerReference, SessionExpiryInterval, SharedSubscriptionAvailable, SubscriptionIdentifier,
        SubscriptionIdentifierAvailable, TopicAlias, TopicAliasMaximum, UserProperty, WildcardSubscriptionAvailable,
        WillDelayInterval,
    };
    const ANSWER: &[PropertyId] = &[ReasonString, UserProperty];
    match place {
        PropertyPlace::Connect => (
            "3.1.2.11",
            &[
                SessionExpiryInterval,
                ReceiveMaximum,
                MaximumPacketSize,
                TopicAliasMaximum,
                RequestResponseInformation,
                RequestProblemInformation,
                UserProperty,
                AuthenticationMethod,
                AuthenticationData,
            ],
        ),
        PropertyPlace::Will => (
            "3.1.3.2",
            &[
                WillDelayInterval,
                PayloadFormatIndicator,
                MessageExpiryInterval,
                ContentType,
                ResponseTopic,
                CorrelationData,
                UserProperty,
            ],
        ),
        PropertyPlace::Connack => (
            "3.2.2.3",
            &[
                SessionExpiryInterval,
                ReceiveMaximum,
                MaximumQoS,
                RetainAvailable,
                MaximumPacketSize,
                AssignedClientIdentifier,
                TopicAliasMaximum,
                ReasonString,
                UserProperty,
                WildcardSubscriptionAvailable,
                SubscriptionIdentifierAvailable,
                SharedSubscriptionAvailable,
                ServerKeepAlive,
                ResponseInformation,
                ServerReference,
                AuthenticationMethod,
                AuthenticationData,
            ],
        ),
        PropertyPlace::Publish => (
            "3.3.2.3",
            &[
                PayloadFormatIndicator,
                MessageExpiryInterval,
                TopicAlias,
                ResponseTopic,
                CorrelationData,
                UserProperty,
                SubscriptionIdentifier,
                ContentType,
            ],
        ),
        PropertyPlace::Puback => ("3.4.2.2", ANSWER),
        PropertyPlace::Pubrec => ("3.5.2.2", ANSWER),
        PropertyPlace::Pubrel => ("3.6.2.2", ANSWER),
        PropertyPlace::Pubcomp => ("3.7.2.2", ANSWER),
        PropertyPlace::Subscribe => ("3.8.2.1", &[SubscriptionIdentifier, UserProperty]),
        PropertyPlace::Suback => ("3.9.2.1", ANSWER),
        PropertyPlace::Unsubscribe => ("3.10.2.1", &[UserProperty]),
        PropertyPlace::Unsuback => ("3.11.2.1", ANSWER),
        PropertyPlace::Disconnect => {
            ("3.14.2.2", &[SessionExpiryInterval, ReasonString, UserProperty, ServerReference])
        }
        PropertyPlace::Auth => ("3.15.2.2", &[AuthenticationMethod, AuthenticationData, ReasonString, UserProperty]),
    }
}

//! One property with its value, by its meaning.

use super::{PropertyId, Value};

/// One property with its value. Units and meanings are in the specification's table (MQTT 5.0
/// §2.2.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the property of its name")]
pub enum Property<'a> {
    PayloadFormatIndicator(bool),
    MessageExpiryInterval(u32),
    ContentType(&'a str),
    ResponseTopic(&'a str),
    CorrelationData(&'a [u8]),
    SubscriptionIdentifier(u32),
    SessionExpiryInterval(u32),
    AssignedClientIdentifier(&'a str),
    ServerKeepAlive(u16),
    AuthenticationMethod(&'a str),
    AuthenticationData(&'a [u8]),
    RequestProblemInformation(bool),
    WillDelayInterval(u32),
    RequestResponseInformation(bool),
    ResponseInformation(&'a str),
    ServerReference(&'a str),
    ReasonString(&'a str),
    ReceiveMaximum(u16),
    TopicAliasMaximum(u16),
    TopicAlias(u16),
    MaximumQoS(bool),
    RetainAvailable(bool),
    UserProperty(&'a str, &'a str),
    MaximumPacketSize(u32),
    WildcardSubscriptionAvailable(bool),
    SubscriptionIdentifierAvailable(bool),
    SharedSubscriptionAvailable(bool),
}

impl<'a> Property<'a> {
    /// Its identifier.
    #[must_use]
    pub const fn id(&self) -> PropertyId {
        match self {
            Self::PayloadFormatIndicator(_) => PropertyId::PayloadFormatIndicator,
            Self::MessageExpiryInterval(_) => PropertyId::MessageExpiryInterval,
            Self::ContentType(_) => PropertyId::ContentType,
            Self::ResponseTopic(_) => PropertyId::ResponseTopic,
            Self::CorrelationData(_) => PropertyId::CorrelationData,
            Self::SubscriptionIdentifier(_) => PropertyId::SubscriptionIdentifier,
            Self::SessionExpiryInterval(_) => PropertyId::SessionExpiryInterval,
            Self::AssignedClientIdentifier(_) => PropertyId::AssignedClientIdentifier,
            Self::ServerKeepAlive(_) => PropertyId::ServerKeepAlive,
            Self::AuthenticationMethod(_) => PropertyId::AuthenticationMethod,
            Self::AuthenticationData(_) => PropertyId::AuthenticationData,
            Self::RequestProblemInformation(_) => PropertyId::RequestProblemInformation,
            Self::WillDelayInterval(_) => PropertyId::WillDelayInterval,
            Self::RequestResponseInformation(_) => PropertyId::RequestResponseInformation,
            Self::ResponseInformation(_) => PropertyId::ResponseInformation,
            Self::ServerReference(_) => PropertyId::ServerReference,
            Self::ReasonString(_) => PropertyId::ReasonString,
            Self::ReceiveMaximum(_) => PropertyId::ReceiveMaximum,
            Self::TopicAliasMaximum(_) => PropertyId::TopicAliasMaximum,
            Self::TopicAlias(_) => PropertyId::TopicAlias,
            Self::MaximumQoS(_) => PropertyId::MaximumQoS,
            Self::RetainAvailable(_) => PropertyId::RetainAvailable,
            Self::UserProperty(_, _) => PropertyId::UserProperty,
            Self::MaximumPacketSize(_) => PropertyId::MaximumPacketSize,
            Self::WildcardSubscriptionAvailable(_) => PropertyId::WildcardSubscriptionAvailable,
            Self::SubscriptionIdentifierAvailable(_) => PropertyId::SubscriptionIdentifierAvailable,
            Self::SharedSubscriptionAvailable(_) => PropertyId::SharedSubscriptionAvailable,
        }
    }

    /// Its value, by the types of the wire.
    #[must_use]
    pub fn value(&self) -> Value<'a> {
        match *self {
            Self::PayloadFormatIndicator(value)
            | Self::RequestProblemInformation(value)
            | Self::RequestResponseInformation(value)
            | Self::MaximumQoS(value)
            | Self::RetainAvailable(value)
            | Self::WildcardSubscriptionAvailable(value)
            | Self::SubscriptionIdentifierAvailable(value)
            | Self::SharedSubscriptionAvailable(value) => Value::Bool(value),
            Self::ServerKeepAlive(value)
            | Self::ReceiveMaximum(value)
            | Self::TopicAliasMaximum(value)
            | Self::TopicAlias(value) => Value::Number(value.into()),
            Self::MessageExpiryInterval(value)
            | Self::SubscriptionIdentifier(value)
            | Self::SessionExpiryInterval(value)
            | Self::WillDelayInterval(value)
            | Self::MaximumPacketSize(value) => Value::Number(value),
            Self::ContentType(value)
            | Self::ResponseTopic(value)
            | Self::AssignedClientIdentifier(value)
            | Self::AuthenticationMethod(value)
            | Self::ResponseInformation(value)
            | Self::ServerReference(value)
            | Self::ReasonString(value) => Value::Text(value),
            Self::CorrelationData(value) | Self::AuthenticationData(value) => Value::Binary(value),
            Self::UserProperty(name, value) => Value::Pair(name, value),
        }
    }

    /// The property of this identifier and value; `None` if the value is not of the property's
    /// type.
    #[must_use]
    pub fn new(id: PropertyId, value: Value<'a>) -> Option<Self> {
        Some(match (id, value) {
            (PropertyId::PayloadFormatIndicator, Value::Bool(value)) => Self::PayloadFormatIndicator(value),
            (PropertyId::MessageExpiryInterval, Value::Number(value)) => Self::MessageExpiryInterval(value),
            (PropertyId::ContentType, Value::Text(value)) => Self::ContentType(value),
            (PropertyId::ResponseTopic, Value::Text(value)) => Self::ResponseTopic(value),
            (PropertyId::CorrelationData, Value::Binary(value)) => Self::CorrelationData(value),
            (PropertyId::SubscriptionIdentifier, Value::Number(value)) => Self::SubscriptionIdentifier(value),
            (PropertyId::SessionExpiryInterval, Value::Number(value)) => Self::SessionExpiryInterval(value),
            (PropertyId::AssignedClientIdentifier, Value::Text(value)) => Self::AssignedClientIdentifier(value),
            (PropertyId::ServerKeepAlive, Value::Number(value)) => Self::ServerKeepAlive(value.try_into().ok()?),
            (PropertyId::AuthenticationMethod, Value::Text(value)) => Self::AuthenticationMethod(value),
            (PropertyId::AuthenticationData, Value::Binary(value)) => Self::AuthenticationData(value),
            (PropertyId::RequestProblemInformation, Value::Bool(value)) => Self::RequestProblemInformation(value),
            (PropertyId::WillDelayInterval, Value::Number(value)) => Self::WillDelayInterval(value),
            (PropertyId::RequestResponseInformation, Value::Bool(value)) => Self::RequestResponseInformation(value),
            (PropertyId::ResponseInformation, Value::Text(value)) => Self::ResponseInformation(value),
            (PropertyId::ServerReference, Value::Text(value)) => Self::ServerReference(value),
            (PropertyId::ReasonString, Value::Text(value)) => Self::ReasonString(value),
            (PropertyId::ReceiveMaximum, Value::Number(value)) => Self::ReceiveMaximum(value.try_into().ok()?),
            (PropertyId::TopicAliasMaximum, Value::Number(value)) => Self::TopicAliasMaximum(value.try_into().ok()?),
            (PropertyId::TopicAlias, Value::Number(value)) => Self::TopicAlias(value.try_into().ok()?),
            (PropertyId::MaximumQoS, Value::Bool(value)) => Self::MaximumQoS(value),
            (PropertyId::RetainAvailable, Value::Bool(value)) => Self::RetainAvailable(value),
            (PropertyId::UserProperty, Value::Pair(name, value)) => Self::UserProperty(name, value),
            (PropertyId::MaximumPacketSize, Value::Number(value)) => Self::MaximumPacketSize(value),
            (PropertyId::WildcardSubscriptionAvailable, Value::Bool(value)) => {
                Self::WildcardSubscriptionAvailable(value)
            }
            (PropertyId::SubscriptionIdentifierAvailable, Value::Bool(value)) => {
                Self::SubscriptionIdentifierAvailable(value)
            }
            (PropertyId::SharedSubscriptionAvailable, Value::Bool(value)) => Self::SharedSubscriptionAvailable(value),
            (_, _) => return None,
        })
    }
}

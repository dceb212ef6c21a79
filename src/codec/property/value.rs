//! One property with its value.

use super::PropertyId;
use crate::codec::{DecodeError, EncodeError, reader::Reader, writer};

/// One property with its value. Units and meanings are in the specification's table (MQTT 5.0 §2.2.2.2).
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

    /// Reads the value of `id`; whether the value is allowed is the list's to check.
    pub(super) fn read(id: PropertyId, reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(match id {
            PropertyId::PayloadFormatIndicator => Self::PayloadFormatIndicator(reader.byte()? != 0),
            PropertyId::MessageExpiryInterval => Self::MessageExpiryInterval(reader.four_byte()?),
            PropertyId::ContentType => Self::ContentType(reader.text()?),
            PropertyId::ResponseTopic => Self::ResponseTopic(reader.text()?),
            PropertyId::CorrelationData => Self::CorrelationData(reader.binary()?),
            PropertyId::SubscriptionIdentifier => Self::SubscriptionIdentifier(reader.variable()?),
            PropertyId::SessionExpiryInterval => Self::SessionExpiryInterval(reader.four_byte()?),
            PropertyId::AssignedClientIdentifier => Self::AssignedClientIdentifier(reader.text()?),
            PropertyId::ServerKeepAlive => Self::ServerKeepAlive(reader.two_byte()?),
            PropertyId::AuthenticationMethod => Self::AuthenticationMethod(reader.text()?),
            PropertyId::AuthenticationData => Self::AuthenticationData(reader.binary()?),
            PropertyId::RequestProblemInformation => Self::RequestProblemInformation(reader.byte()? != 0),
            PropertyId::WillDelayInterval => Self::WillDelayInterval(reader.four_byte()?),
            PropertyId::RequestResponseInformation => Self::RequestResponseInformation(reader.byte()? != 0),
            PropertyId::ResponseInformation => Self::ResponseInformation(reader.text()?),
            PropertyId::ServerReference => Self::ServerReference(reader.text()?),
            PropertyId::ReasonString => Self::ReasonString(reader.text()?),
            PropertyId::ReceiveMaximum => Self::ReceiveMaximum(reader.two_byte()?),
            PropertyId::TopicAliasMaximum => Self::TopicAliasMaximum(reader.two_byte()?),
            PropertyId::TopicAlias => Self::TopicAlias(reader.two_byte()?),
            PropertyId::MaximumQoS => Self::MaximumQoS(reader.byte()? != 0),
            PropertyId::RetainAvailable => Self::RetainAvailable(reader.byte()? != 0),
            PropertyId::UserProperty => Self::UserProperty(reader.text()?, reader.text()?),
            PropertyId::MaximumPacketSize => Self::MaximumPacketSize(reader.four_byte()?),
            PropertyId::WildcardSubscriptionAvailable => Self::WildcardSubscriptionAvailable(reader.byte()? != 0),
            PropertyId::SubscriptionIdentifierAvailable => Self::SubscriptionIdentifierAvailable(reader.byte()? != 0),
            PropertyId::SharedSubscriptionAvailable => Self::SharedSubscriptionAvailable(reader.byte()? != 0),
        })
    }

    /// Appends identifier and value.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.push(self.id() as u8);
        match *self {
            Self::PayloadFormatIndicator(value)
            | Self::RequestProblemInformation(value)
            | Self::RequestResponseInformation(value)
            | Self::MaximumQoS(value)
            | Self::RetainAvailable(value)
            | Self::WildcardSubscriptionAvailable(value)
            | Self::SubscriptionIdentifierAvailable(value)
            | Self::SharedSubscriptionAvailable(value) => out.push(u8::from(value)),
            Self::MessageExpiryInterval(value)
            | Self::SessionExpiryInterval(value)
            | Self::WillDelayInterval(value)
            | Self::MaximumPacketSize(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::ContentType(value)
            | Self::ResponseTopic(value)
            | Self::AssignedClientIdentifier(value)
            | Self::AuthenticationMethod(value)
            | Self::ResponseInformation(value)
            | Self::ServerReference(value)
            | Self::ReasonString(value) => writer::text(out, "property", value)?,
            Self::CorrelationData(value) | Self::AuthenticationData(value) => writer::binary(out, "property", value)?,
            Self::SubscriptionIdentifier(value) => writer::variable(out, value),
            Self::ServerKeepAlive(value)
            | Self::ReceiveMaximum(value)
            | Self::TopicAliasMaximum(value)
            | Self::TopicAlias(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::UserProperty(name, value) => {
                writer::text(out, "user property's name", name)?;
                writer::text(out, "user property's value", value)?;
            }
        }
        Ok(())
    }
}

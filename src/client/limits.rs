//! Limits of the broker, from its CONNACK (MQTT 5.0 §3.2.2.3).

use super::CallError;
use crate::codec::{PACKET_BYTES_MAX, Properties, PropertyId, QoS, ReasonCode, Value};
use crate::topic::TopicFilter;

/// The broker's limits; in 3.1.1, and where it says nothing, everything is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of CONNACK")]
pub(super) struct Limits {
    pub(super) receive_maximum: u16,
    pub(super) maximum_qos: QoS,
    pub(super) retain: bool,
    pub(super) packet_bytes_max: usize,
    pub(super) wildcards: bool,
    pub(super) subscription_identifiers: bool,
    pub(super) shared: bool,
    pub(super) topic_alias_maximum: u16,
    /// Seconds; wins over what the client asked for [MQTT-3.1.2-21].
    pub(super) server_keep_alive: Option<u16>,
}

impl Limits {
    pub(super) fn read(properties: Properties<'_>) -> Self {
        let mut limits = Self {
            receive_maximum: u16::MAX,
            maximum_qos: QoS::ExactlyOnce,
            retain: true,
            packet_bytes_max: PACKET_BYTES_MAX as usize,
            wildcards: true,
            subscription_identifiers: true,
            shared: true,
            topic_alias_maximum: 0,
            server_keep_alive: None,
        };
        for (id, value) in properties.entries() {
            let number = match value {
                Value::Bool(value) => u32::from(value),
                Value::Number(value) => value,
                Value::Text(_) | Value::Binary(_) | Value::Pair(_, _) => continue,
            };
            match id {
                PropertyId::ReceiveMaximum => limits.receive_maximum = two_byte(number),
                PropertyId::MaximumQoS if number == 0 => limits.maximum_qos = QoS::AtMostOnce,
                PropertyId::MaximumQoS => limits.maximum_qos = QoS::AtLeastOnce,
                PropertyId::RetainAvailable => limits.retain = number != 0,
                PropertyId::MaximumPacketSize => limits.packet_bytes_max = number as usize,
                PropertyId::WildcardSubscriptionAvailable => limits.wildcards = number != 0,
                PropertyId::SubscriptionIdentifierAvailable => limits.subscription_identifiers = number != 0,
                PropertyId::SharedSubscriptionAvailable => limits.shared = number != 0,
                PropertyId::TopicAliasMaximum => limits.topic_alias_maximum = two_byte(number),
                PropertyId::ServerKeepAlive => limits.server_keep_alive = Some(two_byte(number)),
                _ => {}
            }
        }
        limits
    }

    /// True if the broker takes such a PUBLISH [MQTT-3.2.2-11], [MQTT-3.2.2-14], [MQTT-3.2.2-15].
    pub(super) fn check_publish(&self, qos: QoS, retain: bool, bytes: usize) -> Result<(), CallError> {
        if qos > self.maximum_qos {
            let problem = match self.maximum_qos {
                QoS::AtMostOnce => "the broker supports QoS 0 only",
                QoS::AtLeastOnce | QoS::ExactlyOnce => "the broker supports QoS 0 and 1 only",
            };
            return Err(not_supported(problem, ReasonCode::QoSNotSupported));
        }
        if retain && !self.retain {
            return Err(not_supported("the broker does not support retained messages", ReasonCode::RetainNotSupported));
        }
        self.check_size(bytes)
    }

    pub(super) fn check_size(&self, bytes: usize) -> Result<(), CallError> {
        if bytes <= self.packet_bytes_max {
            return Ok(());
        }
        Err(CallError::PacketTooLarge { bytes, maximum: self.packet_bytes_max })
    }

    /// True if the broker takes such a subscription.
    pub(super) fn check_subscription(&self, filter: &TopicFilter) -> Result<(), CallError> {
        if !self.wildcards && filter.has_wildcards() {
            let reason = ReasonCode::WildcardSubscriptionsNotSupported;
            return Err(not_supported("the broker does not support wildcards in topic filters", reason));
        }
        if !self.shared && filter.share_name().is_some() {
            let reason = ReasonCode::SharedSubscriptionsNotSupported;
            return Err(not_supported("the broker does not support shared subscriptions", reason));
        }
        Ok(())
    }

    pub(super) fn check_subscription_identifier(&self) -> Result<(), CallError> {
        if self.subscription_identifiers {
            return Ok(());
        }
        let reason = ReasonCode::SubscriptionIdentifiersNotSupported;
        Err(not_supported("the broker does not support subscription identifiers", reason))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "two bytes of the wire said it")]
const fn two_byte(value: u32) -> u16 {
    value as u16
}

const fn not_supported(problem: &'static str, reason: ReasonCode) -> CallError {
    CallError::NotSupported { problem, reason }
}

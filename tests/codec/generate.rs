//! Packets at random: every kind, every field, in both versions.

use proptest::collection::vec;
use proptest::prelude::*;
use wasmqtt::codec::{
    Ack, Auth, Connack, Connect, Disconnect, Packet, PacketId, PacketKind, Properties, PropertiesBuf, Property,
    PropertyId, PropertyPlace, Publish, QoS, ReasonCode, RetainHandling, Suback, Subscribe, Subscription,
    SubscriptionOptions, Unsuback, Unsubscribe, Version, Will,
};

/// The parts of a packet; borrowed by [`Parts::packet`].
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) version: Version,
    kind: PacketKind,
    topic: String,
    texts: [String; 2],
    payload: Vec<u8>,
    properties: PropertiesBuf,
    will_properties: PropertiesBuf,
    packet_id: u16,
    qos: u8,
    flags: [bool; 6],
    number: u16,
    filters: Vec<(String, u8, [bool; 2], u8)>,
    reasons: Vec<prop::sample::Index>,
}

pub(crate) fn parts() -> impl Strategy<Value = Parts> {
    (prop::sample::select(PacketKind::ALL.to_vec()), any::<bool>()).prop_flat_map(|(kind, v5)| {
        // AUTH is of 5.0 alone.
        let version = if v5 || kind == PacketKind::Auth { Version::V5 } else { Version::V3_1_1 };
        let filter = (filter(), 0..3_u8, any::<[bool; 2]>(), 0..3_u8);
        (
            ("[a-zé/]{1,12}", text(), text(), vec(any::<u8>(), 0..300)),
            (properties(place(kind), version), properties(PropertyPlace::Will, version)),
            (1..=u16::MAX, 0..3_u8, any::<[bool; 6]>(), any::<u16>()),
            vec(filter, 1..4),
            vec(any::<prop::sample::Index>(), 1..4),
        )
            .prop_map(move |(texts, lists, numbers, filters, reasons)| Parts {
                version,
                kind,
                topic: texts.0,
                texts: [texts.1, texts.2],
                payload: texts.3,
                properties: lists.0,
                will_properties: lists.1,
                packet_id: numbers.0,
                qos: numbers.1,
                flags: numbers.2,
                number: numbers.3,
                filters,
                reasons,
            })
    })
}

/// Any text that MQTT can carry.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,8}", "[^\0]{0,12}", Just("\u{FEFF}x".to_owned())]
}

/// Any topic filter that is well formed in both versions.
fn filter() -> impl Strategy<Value = String> {
    prop_oneof!["/?([a-z]{1,3}|\\+)(/([a-z]{0,2}|\\+)){0,3}(/#)?", Just("#".to_owned()), Just("/".to_owned())]
}

const fn place(kind: PacketKind) -> PropertyPlace {
    match kind {
        PacketKind::Connect => PropertyPlace::Connect,
        PacketKind::Connack => PropertyPlace::Connack,
        PacketKind::Publish => PropertyPlace::Publish,
        PacketKind::Puback => PropertyPlace::Puback,
        PacketKind::Pubrec => PropertyPlace::Pubrec,
        PacketKind::Pubrel => PropertyPlace::Pubrel,
        PacketKind::Pubcomp => PropertyPlace::Pubcomp,
        PacketKind::Subscribe => PropertyPlace::Subscribe,
        PacketKind::Suback => PropertyPlace::Suback,
        PacketKind::Unsubscribe => PropertyPlace::Unsubscribe,
        PacketKind::Unsuback => PropertyPlace::Unsuback,
        PacketKind::Disconnect | PacketKind::Pingreq | PacketKind::Pingresp => PropertyPlace::Disconnect,
        PacketKind::Auth => PropertyPlace::Auth,
    }
}

/// A list that may stand in `place`; empty in 3.1.1.
fn properties(place: PropertyPlace, version: Version) -> impl Strategy<Value = PropertiesBuf> {
    let one = (prop::sample::select(PropertyId::ALL.to_vec()), 1..u32::MAX, text(), text(), "[a-z/]{1,6}");
    let count = if version == Version::V5 { 12 } else { 0 };
    vec(one, 0..=count).prop_map(move |drawn| {
        let mut list = PropertiesBuf::new();
        let mut seen = Vec::new();
        let has_method = drawn.iter().any(|(id, ..)| *id == PropertyId::AuthenticationMethod);
        for (id, number, name, value, topic) in &drawn {
            let alone = *id == PropertyId::AuthenticationData && !has_method;
            if id.is_allowed_in(place) && !alone && (id.may_repeat_in(place) || !seen.contains(id)) {
                seen.push(*id);
                list.push(property(*id, *number, name, value, topic)).expect("short");
            }
        }
        list
    })
}

fn property<'a>(id: PropertyId, number: u32, name: &'a str, value: &'a str, topic: &'a str) -> Property<'a> {
    let bit = number % 2 == 1;
    let short = u16::try_from(number % 65_535 + 1).expect("at most 65,535");
    match id {
        PropertyId::PayloadFormatIndicator => Property::PayloadFormatIndicator(bit),
        PropertyId::MessageExpiryInterval => Property::MessageExpiryInterval(number),
        PropertyId::ContentType => Property::ContentType(name),
        PropertyId::ResponseTopic => Property::ResponseTopic(topic),
        PropertyId::CorrelationData => Property::CorrelationData(name.as_bytes()),
        PropertyId::SubscriptionIdentifier => Property::SubscriptionIdentifier(number % 268_435_455 + 1),
        PropertyId::SessionExpiryInterval => Property::SessionExpiryInterval(number),
        PropertyId::AssignedClientIdentifier => Property::AssignedClientIdentifier(name),
        PropertyId::ServerKeepAlive => Property::ServerKeepAlive(short),
        PropertyId::AuthenticationMethod => Property::AuthenticationMethod(name),
        PropertyId::AuthenticationData => Property::AuthenticationData(name.as_bytes()),
        PropertyId::RequestProblemInformation => Property::RequestProblemInformation(bit),
        PropertyId::WillDelayInterval => Property::WillDelayInterval(number),
        PropertyId::RequestResponseInformation => Property::RequestResponseInformation(bit),
        PropertyId::ResponseInformation => Property::ResponseInformation(name),
        PropertyId::ServerReference => Property::ServerReference(name),
        PropertyId::ReasonString => Property::ReasonString(name),
        PropertyId::ReceiveMaximum => Property::ReceiveMaximum(short),
        PropertyId::TopicAliasMaximum => Property::TopicAliasMaximum(short),
        PropertyId::TopicAlias => Property::TopicAlias(short),
        PropertyId::MaximumQoS => Property::MaximumQoS(bit),
        PropertyId::RetainAvailable => Property::RetainAvailable(bit),
        PropertyId::UserProperty => Property::UserProperty(name, value),
        PropertyId::MaximumPacketSize => Property::MaximumPacketSize(number),
        PropertyId::WildcardSubscriptionAvailable => Property::WildcardSubscriptionAvailable(bit),
        PropertyId::SubscriptionIdentifierAvailable => Property::SubscriptionIdentifierAvailable(bit),
        PropertyId::SharedSubscriptionAvailable => Property::SharedSubscriptionAvailable(bit),
    }
}

impl Parts {
    pub(crate) fn packet(&self) -> Packet<'_> {
        let properties = self.properties.as_properties();
        let packet_id = PacketId::new(self.packet_id).expect("not 0");
        match self.kind {
            PacketKind::Connect => Packet::Connect(Box::new(self.connect())),
            PacketKind::Connack => {
                let reason = self.reason();
                let session_present = self.flags[0] && !reason.is_error();
                Packet::Connack(Connack { session_present, reason, properties })
            }
            PacketKind::Publish => Packet::Publish(self.publish(packet_id)),
            PacketKind::Puback => Packet::Puback(self.ack(packet_id)),
            PacketKind::Pubrec => Packet::Pubrec(self.ack(packet_id)),
            PacketKind::Pubrel => Packet::Pubrel(self.ack(packet_id)),
            PacketKind::Pubcomp => Packet::Pubcomp(self.ack(packet_id)),
            PacketKind::Subscribe => {
                Packet::Subscribe(Subscribe { packet_id, properties, subscriptions: self.subscriptions() })
            }
            PacketKind::Suback => Packet::Suback(Suback { packet_id, properties, reasons: self.reasons() }),
            PacketKind::Unsubscribe => {
                let filters = self.filters.iter().map(|(filter, ..)| filter.as_str()).collect();
                Packet::Unsubscribe(Unsubscribe { packet_id, properties, filters })
            }
            PacketKind::Unsuback => {
                let reasons = if self.version == Version::V5 { self.reasons() } else { Vec::new() };
                Packet::Unsuback(Unsuback { packet_id, properties, reasons })
            }
            PacketKind::Pingreq => Packet::Pingreq,
            PacketKind::Pingresp => Packet::Pingresp,
            PacketKind::Disconnect => Packet::Disconnect(Disconnect { reason: self.reason(), properties }),
            PacketKind::Auth => Packet::Auth(Auth { reason: self.reason(), properties }),
        }
    }

    fn connect(&self) -> Connect<'_> {
        let [clean_start, has_will, retain, has_username, has_password, _] = self.flags;
        let will = Will {
            qos: self.qos(),
            retain,
            topic: &self.topic,
            payload: &self.payload,
            properties: self.will_properties.as_properties(),
        };
        // 3.1.1 has no password without a user name.
        let has_password = has_password && (has_username || self.version == Version::V5);
        Connect {
            version: self.version,
            clean_start,
            keep_alive: self.number,
            client_id: &self.texts[0],
            will: has_will.then_some(will),
            username: has_username.then_some(&self.texts[1]),
            password: has_password.then_some(&self.payload),
            properties: self.properties.as_properties(),
        }
    }

    fn publish(&self, packet_id: PacketId) -> Publish<'_> {
        let qos = self.qos();
        let [dup, retain, no_topic, ..] = self.flags;
        let properties = self.properties.as_properties();
        let aliased = properties.get(PropertyId::TopicAlias).is_some();
        Publish {
            dup: dup && qos != QoS::AtMostOnce,
            qos,
            retain,
            topic: if aliased && no_topic { "" } else { &self.topic },
            packet_id: (qos != QoS::AtMostOnce).then_some(packet_id),
            properties,
            payload: &self.payload,
        }
    }

    fn ack(&self, packet_id: PacketId) -> Ack<'_> {
        let reason = if self.version == Version::V5 { self.reason() } else { ReasonCode::Success };
        Ack { packet_id, reason, properties: self.properties.as_properties() }
    }

    fn subscriptions(&self) -> Vec<Subscription<'_>> {
        let v5 = self.version == Version::V5;
        let handlings = [RetainHandling::Send, RetainHandling::SendIfNew, RetainHandling::DoNotSend];
        let options = |qos: u8, flags: [bool; 2], handling: u8| SubscriptionOptions {
            qos: QoS::from_bits(qos).expect("0 to 2"),
            no_local: v5 && flags[0],
            retain_as_published: v5 && flags[1],
            retain_handling: if v5 { handlings[usize::from(handling)] } else { RetainHandling::Send },
        };
        self.filters
            .iter()
            .map(|(filter, qos, flags, handling)| Subscription { filter, options: options(*qos, *flags, *handling) })
            .collect()
    }

    fn qos(&self) -> QoS {
        QoS::from_bits(self.qos).expect("0 to 2")
    }

    fn reason(&self) -> ReasonCode {
        self.reasons()[0]
    }

    /// Reasons that the kind can carry and that survive the version's own codes.
    fn reasons(&self) -> Vec<ReasonCode> {
        let old: &[ReasonCode] = match self.kind {
            PacketKind::Connack => &[
                ReasonCode::Success,
                ReasonCode::UnsupportedProtocolVersion,
                ReasonCode::ClientIdentifierNotValid,
                ReasonCode::ServerUnavailable,
                ReasonCode::BadUserNameOrPassword,
                ReasonCode::NotAuthorized,
            ],
            PacketKind::Suback => {
                &[ReasonCode::Success, ReasonCode::GrantedQoS1, ReasonCode::GrantedQoS2, ReasonCode::UnspecifiedError]
            }
            _ => &[ReasonCode::Success],
        };
        let new: Vec<ReasonCode> =
            ReasonCode::ALL.iter().copied().filter(|reason| reason.is_allowed_in(self.kind)).collect();
        let choice = if self.version == Version::V5 { &new } else { old };
        self.reasons.iter().map(|index| choice[index.index(choice.len())]).collect()
    }
}

/// The bytes of a packet that must be expressible.
pub(crate) fn encoded(parts: &Parts) -> Vec<u8> {
    let mut bytes = Vec::new();
    parts.packet().encode(parts.version, &mut bytes).expect("the generator makes what MQTT can express");
    bytes
}

/// No properties, for packets by hand.
pub(crate) const NONE: Properties<'static> = Properties::EMPTY;

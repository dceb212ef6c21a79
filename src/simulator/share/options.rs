//! Options of a world, its broker and its clients, field by field.

use alloc::string::String;
use alloc::vec::Vec;
use core::num::{NonZeroU16, NonZeroU32};

use super::ShareError;
use super::fields::Fields;
use crate::broker::{BrokerOptions, QueueOverflow};
use crate::client::{Backoff, ClientOptions, ClientWill, Keep, Overflow};
use crate::codec::{Message, Properties, PropertiesBuf, PropertyPlace, QoS, Version};
use crate::simulator::WorldOptions;
use crate::topic::TopicName;

type Done = Result<(), ShareError>;

pub(super) const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

pub(super) fn world(fields: &mut Fields<'_>, options: &mut WorldOptions) -> Done {
    let bound = WorldOptions::default().trace_entries_max;
    fields.number(&mut options.seed)?;
    fields.millis(&mut options.latency)?;
    fields.millis(&mut options.jitter)?;
    fields.flag(&mut options.has_store)?;
    fields.int(&mut options.trace_entries_max)?;
    // A link from anywhere takes no more than a world usually does.
    options.trace_entries_max = options.trace_entries_max.clamp(1, bound);
    broker(fields, &mut options.broker)
}

fn broker(fields: &mut Fields<'_>, options: &mut BrokerOptions) -> Done {
    let default = BrokerOptions::default();
    for (value, default) in counts(options).into_iter().zip(counts(&mut default.clone())) {
        fields.unless(value, default, Fields::int)?;
    }
    for (value, default) in switches(options).into_iter().zip(switches(&mut default.clone())) {
        fields.unless(value, default, Fields::flag)?;
    }
    fields.unless(&mut options.connect_timeout, &default.connect_timeout, Fields::duration)?;
    fields.unless(&mut options.sys_interval, &default.sys_interval, Fields::duration)?;
    fields.unless(&mut options.keep_alive_max, &default.keep_alive_max, Fields::int)?;
    fields.unless(&mut options.session_expiry_max, &default.session_expiry_max, Fields::int)?;
    fields.unless(&mut options.topic_alias_maximum, &default.topic_alias_maximum, Fields::int)?;
    fields.unless(&mut options.maximum_qos, &default.maximum_qos, |fields, qos| fields.one_of(qos, &QOS))?;
    let overflows = [QueueOverflow::DropNewest, QueueOverflow::DropOldest, QueueOverflow::Disconnect];
    fields
        .unless(&mut options.queue_overflow, &default.queue_overflow, |fields, one| fields.one_of(one, &overflows))?;
    fields.unless(&mut options.packet_bytes_max, &default.packet_bytes_max, |fields, value| {
        let mut number = value.get();
        fields.int(&mut number)?;
        *value = NonZeroU32::new(number).ok_or(fields.damage())?;
        Ok(())
    })?;
    fields.unless(&mut options.receive_maximum, &default.receive_maximum, above_zero)?;
    fields.unless(&mut options.in_flight_max, &default.in_flight_max, above_zero)
}

fn above_zero(fields: &mut Fields<'_>, value: &mut NonZeroU16) -> Done {
    let mut number = value.get();
    fields.int(&mut number)?;
    *value = NonZeroU16::new(number).ok_or(fields.damage())?;
    Ok(())
}

const fn counts(options: &mut BrokerOptions) -> [&mut usize; 12] {
    [
        &mut options.connections_max,
        &mut options.sessions_max,
        &mut options.topic_levels_max,
        &mut options.subscriptions_max,
        &mut options.queue_messages,
        &mut options.queue_bytes,
        &mut options.transmit_bytes_max,
        &mut options.retained_messages,
        &mut options.retained_bytes,
        &mut options.store_bytes_max,
        &mut options.input_bytes_max,
        &mut options.memory_max,
    ]
}

const fn switches(options: &mut BrokerOptions) -> [&mut bool; 4] {
    [
        &mut options.wildcard_subscription_available,
        &mut options.subscription_identifiers_available,
        &mut options.shared_subscription_available,
        &mut options.retain_available,
    ]
}

pub(super) fn client(fields: &mut Fields<'_>, options: &mut ClientOptions) -> Done {
    let default = ClientOptions::new("");
    fields.text(&mut options.client_id)?;
    fields.one_of(&mut options.version, &[Version::V3_1_1, Version::V5])?;
    fields.flag(&mut options.clean_start)?;
    fields.int(&mut options.keep_alive)?;
    fields.option(&mut options.username, String::new, Fields::text)?;
    fields.option(&mut options.password, Vec::new, Fields::bytes)?;
    fields.option(&mut options.authentication_method, String::new, Fields::text)?;
    fields.option(&mut options.authentication_data, Vec::new, Fields::bytes)?;
    let mut message = options.will.take().map(|will| will.message);
    let empty = || Message::new(TopicName::parse("will").expect("it is well formed"), Vec::new());
    fields.option(&mut message, empty, will)?;
    options.will = message.map(|message| ClientWill { message });
    properties(fields, &mut options.properties, PropertyPlace::Connect)?;
    client_limits(fields, options, &default)?;
    fields.option(&mut options.reconnect, Backoff::default, |fields, backoff| {
        fields.duration(&mut backoff.min)?;
        fields.duration(&mut backoff.max)?;
        fields.duration(&mut backoff.stable)
    })?;
    fields.flag(&mut options.falls_back)?;
    fields.number(&mut options.seed)
}

fn client_limits(fields: &mut Fields<'_>, options: &mut ClientOptions, default: &ClientOptions) -> Done {
    fields.unless(&mut options.receive_maximum, &default.receive_maximum, Fields::int)?;
    fields.unless(&mut options.packet_bytes_max, &default.packet_bytes_max, Fields::int)?;
    fields.unless(&mut options.topic_alias_maximum, &default.topic_alias_maximum, Fields::int)?;
    fields.unless(&mut options.assigned_aliases_max, &default.assigned_aliases_max, Fields::int)?;
    fields.unless(&mut options.request_filters_max, &default.request_filters_max, Fields::int)?;
    fields.unless(&mut options.connect_timeout, &default.connect_timeout, Fields::duration)?;
    fields.unless(&mut options.queue_messages, &default.queue_messages, Fields::int)?;
    fields.unless(&mut options.queue_bytes, &default.queue_bytes, Fields::int)?;
    fields.unless(&mut options.offline_messages, &default.offline_messages, Fields::int)?;
    fields.one_of(&mut options.overflow, &[Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest])?;
    fields.one_of(&mut options.keep, &[Keep::All, Keep::Acknowledged, Keep::Nothing])?;
    fields.unless(&mut options.request_timeout, &default.request_timeout, Fields::duration)?;
    fields.flag(&mut options.strict)?;
    if options.receive_maximum == 0 || options.request_filters_max == 0 {
        return Err(fields.damage());
    }
    Ok(())
}

fn will(fields: &mut Fields<'_>, message: &mut Message) -> Done {
    let mut topic = String::from(message.topic.as_str());
    fields.text(&mut topic)?;
    message.topic = TopicName::parse(&topic).map_err(|_| fields.damage())?;
    fields.bytes(&mut message.payload)?;
    fields.one_of(&mut message.qos, &QOS)?;
    fields.flag(&mut message.retain)?;
    properties(fields, &mut message.properties, PropertyPlace::Will)
}

pub(super) fn properties(fields: &mut Fields<'_>, list: &mut PropertiesBuf, place: PropertyPlace) -> Done {
    let mut bytes = list.as_properties().as_bytes().to_vec();
    fields.bytes(&mut bytes)?;
    *list = Properties::parse(&bytes, place).map_err(|_| fields.damage())?.to_buf();
    Ok(())
}

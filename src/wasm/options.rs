//! A client's options, read from a plain object that the face has checked.

use alloc::vec::Vec;
use core::time::Duration;

use wasm_bindgen::JsValue;

use super::failure::{failure, of_topic};
use super::js::{Array, Object};
use super::properties;
use crate::client::{ClientOptions, ClientWill};
use crate::codec::{Message, PacketId, QoS, Version};
use crate::topic::TopicName;

/// The options as the machine takes them; a failure to throw otherwise. Numbers are as large as their options may be.
#[expect(clippy::cast_possible_truncation, reason = "the face has checked them")]
pub(super) fn read(given: &Object) -> Result<ClientOptions, JsValue> {
    let short = |name| given.number(name) as u16;
    let will = match given.list("will") {
        None => None,
        Some(will) => {
            let message = message(&will.text(0), will.bytes(1), will.number(2) as u8, Some(will.list(3)))?;
            Some(ClientWill { message })
        }
    };
    Ok(ClientOptions {
        version: if given.number("version") == 4 { Version::V3_1_1 } else { Version::V5 },
        client_id: given.text("clientId"),
        clean_start: given.number("cleanStart") != 0,
        keep_alive: short("keepAlive"),
        username: None,
        password: None,
        will,
        properties: properties::write(given.list("properties"))?,
        first_packet_id: PacketId::new(short("firstPacketId")).unwrap_or(PacketId::FIRST),
        receive_maximum: short("receiveMaximum"),
        packet_bytes_max: given.number("maximumPacketSize"),
        topic_alias_maximum: short("topicAliasMaximum"),
        connect_timeout: Duration::from_millis(given.number("connectTimeout").into()),
        queue_messages: given.number("queueMessages") as usize,
        queue_bytes: given.number("queueBytes") as usize,
    })
}

/// A message to publish; `flags` are QoS and RETAIN as in PUBLISH's first byte.
pub(super) fn message(topic: &str, payload: Vec<u8>, flags: u8, properties: Option<Array>) -> Result<Message, JsValue> {
    let topic = TopicName::parse(topic).map_err(|error| of_topic(&error))?;
    let qos = QoS::from_bits(flags >> 1 & 3).ok_or_else(|| failure("option", "a QoS is 0, 1 or 2", None))?;
    let properties = properties::write(properties)?;
    Ok(Message { topic, qos, retain: flags & 1 == 1, payload, properties })
}

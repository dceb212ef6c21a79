//! A client's options, read from a plain object that the face has checked.

use core::time::Duration;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::failure::{failure, of_topic};
use super::js::Array;
use super::properties;
use crate::client::{ClientOptions, ClientWill};
use crate::codec::{Message, PacketId, QoS, Version};
use crate::topic::TopicName;

#[wasm_bindgen]
extern "C" {
    /// What `new ClientCore` takes.
    pub type CoreOptions;

    #[wasm_bindgen(method, getter)]
    fn version(this: &CoreOptions) -> u8;
    #[wasm_bindgen(method, getter, js_name = clientId)]
    fn client_id(this: &CoreOptions) -> String;
    #[wasm_bindgen(method, getter, js_name = cleanStart)]
    fn clean_start(this: &CoreOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = keepAlive)]
    fn keep_alive(this: &CoreOptions) -> u16;
    #[wasm_bindgen(method, getter)]
    fn will(this: &CoreOptions) -> Option<CoreWill>;
    #[wasm_bindgen(method, getter)]
    fn properties(this: &CoreOptions) -> Option<Array>;
    #[wasm_bindgen(method, getter, js_name = firstPacketId)]
    fn first_packet_id(this: &CoreOptions) -> u16;
    #[wasm_bindgen(method, getter, js_name = receiveMaximum)]
    fn receive_maximum(this: &CoreOptions) -> u16;
    #[wasm_bindgen(method, getter, js_name = maximumPacketSize)]
    fn maximum_packet_size(this: &CoreOptions) -> u32;
    #[wasm_bindgen(method, getter, js_name = topicAliasMaximum)]
    fn topic_alias_maximum(this: &CoreOptions) -> u16;
    #[wasm_bindgen(method, getter, js_name = connectTimeout)]
    fn connect_timeout(this: &CoreOptions) -> u32;
    #[wasm_bindgen(method, getter, js_name = queueMessages)]
    fn queue_messages(this: &CoreOptions) -> u32;
    #[wasm_bindgen(method, getter, js_name = queueBytes)]
    fn queue_bytes(this: &CoreOptions) -> u32;

    /// The will among them.
    pub type CoreWill;

    #[wasm_bindgen(method, getter)]
    fn topic(this: &CoreWill) -> String;
    #[wasm_bindgen(method, getter)]
    fn payload(this: &CoreWill) -> Vec<u8>;
    /// QoS and RETAIN as in PUBLISH's first byte.
    #[wasm_bindgen(method, getter)]
    fn flags(this: &CoreWill) -> u8;
    #[wasm_bindgen(method, getter, js_name = properties)]
    fn will_properties(this: &CoreWill) -> Option<Array>;
}

/// The options as the machine takes them; a failure to throw otherwise.
pub(super) fn read(given: &CoreOptions) -> Result<ClientOptions, JsValue> {
    let will = match given.will() {
        None => None,
        Some(will) => {
            let message = message(&will.topic(), will.payload(), will.flags(), will.will_properties())?;
            Some(ClientWill { message })
        }
    };
    Ok(ClientOptions {
        version: if given.version() == 4 { Version::V3_1_1 } else { Version::V5 },
        client_id: given.client_id().into(),
        clean_start: given.clean_start(),
        keep_alive: given.keep_alive(),
        username: None,
        password: None,
        will,
        properties: properties::write(given.properties())?,
        first_packet_id: PacketId::new(given.first_packet_id()).unwrap_or(PacketId::FIRST),
        receive_maximum: given.receive_maximum(),
        packet_bytes_max: given.maximum_packet_size(),
        topic_alias_maximum: given.topic_alias_maximum(),
        connect_timeout: Duration::from_millis(given.connect_timeout().into()),
        queue_messages: given.queue_messages() as usize,
        queue_bytes: given.queue_bytes() as usize,
    })
}

/// A message to publish; `flags` are QoS and RETAIN as in PUBLISH's first byte.
pub(super) fn message(topic: &str, payload: Vec<u8>, flags: u8, properties: Option<Array>) -> Result<Message, JsValue> {
    let topic = TopicName::parse(topic).map_err(|error| of_topic(&error))?;
    let qos = QoS::from_bits(flags >> 1 & 3).ok_or_else(|| failure("option", "a QoS is 0, 1 or 2", None))?;
    let properties = properties::write(properties)?;
    Ok(Message { topic, qos, retain: flags & 1 == 1, payload: payload.into(), properties })
}

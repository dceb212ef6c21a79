//! A client's options, read from a plain object that the face has checked.

use core::time::Duration;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::failure::{failure, of_topic};
use super::js::Object;
use super::properties;
use crate::client::{ClientOptions, ClientWill};
use crate::codec::{Message, QoS, Version};
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
    fn properties(this: &CoreOptions) -> Option<Object>;
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
    #[wasm_bindgen(method, getter)]
    fn qos(this: &CoreWill) -> u8;
    #[wasm_bindgen(method, getter)]
    fn retain(this: &CoreWill) -> bool;
    #[wasm_bindgen(method, getter, js_name = properties)]
    fn will_properties(this: &CoreWill) -> Option<Object>;
}

/// The options as the machine takes them; a failure to throw otherwise.
pub(super) fn read(given: &CoreOptions) -> Result<ClientOptions, JsValue> {
    let mut options = ClientOptions::new(&given.client_id());
    options.version = if given.version() == 4 { Version::V3_1_1 } else { Version::V5 };
    options.clean_start = given.clean_start();
    options.keep_alive = given.keep_alive();
    options.properties = properties::write(given.properties())?;
    if let Some(will) = given.will() {
        options.will = Some(read_will(&will)?);
    }
    options.receive_maximum = given.receive_maximum();
    options.packet_bytes_max = given.maximum_packet_size();
    options.topic_alias_maximum = given.topic_alias_maximum();
    options.connect_timeout = Duration::from_millis(given.connect_timeout().into());
    options.queue_messages = given.queue_messages() as usize;
    options.queue_bytes = given.queue_bytes() as usize;
    Ok(options)
}

fn read_will(will: &CoreWill) -> Result<ClientWill, JsValue> {
    let topic = TopicName::parse(&will.topic()).map_err(|error| of_topic(&error))?;
    let qos = read_qos(will.qos())?;
    let properties = properties::write(will.will_properties())?;
    let message = Message { qos, retain: will.retain(), properties, ..Message::new(topic, will.payload()) };
    Ok(ClientWill { message })
}

pub(super) fn read_qos(bits: u8) -> Result<QoS, JsValue> {
    QoS::from_bits(bits).ok_or_else(|| failure("option", "a QoS is 0, 1 or 2", None))
}

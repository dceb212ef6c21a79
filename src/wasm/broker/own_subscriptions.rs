//! Own subscriptions: the page's subscriptions at its own broker, and their messages.

use alloc::vec::Vec;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::broker::{HandlerId, HostMessage};
use crate::codec::{SubscriptionOptions, Version};
use crate::wasm::broker::BrokerCore;
use crate::wasm::js::callbacks::Host;
use crate::wasm::js::clock::now;
use crate::wasm::js::error::{failure, parse_filter};

#[wasm_bindgen]
impl BrokerCore {
    /// Adds this handler for messages that match the filter, or removes it if there are no options.
    ///
    /// Messages go to the host by `route` and `message`. Retained messages are delivered before
    /// this returns, unless the host is being called.
    ///
    /// `subscription_options` is the byte of the wire (§3.8.3.1). Its QoS is ignored.
    ///
    /// # Errors
    /// A failure if the filter is invalid, or a shared subscription's.
    #[wasm_bindgen(js_name = setHandler)]
    pub fn set_handler(&self, filter: &str, handler: u32, subscription_options: Option<u8>) -> Result<(), JsValue> {
        let filter = parse_filter(filter)?;
        let handler = HandlerId(handler);
        let options = subscription_options.map(|byte| SubscriptionOptions::from_byte(byte, Version::V5));
        let set = self.driver.run(|machine| {
            if let Some(options) = options {
                return machine.subscribe(&filter, handler, options.unwrap_or_default(), now());
            }
            machine.unsubscribe(&filter, handler, now());
            Ok(())
        });
        set.map_err(|error| failure("filter", &error, None))
    }
}

/// Delivers a message to the host.
pub(crate) fn deliver(host: &Host, host_message: &HostMessage) {
    let HostMessage { handler: HandlerId(handler), message, arrived, retain } = host_message;
    let properties_bytes = message.properties.as_properties().as_bytes().len();
    // Without properties no interval is counted down, so that the clock need not be read.
    let now = if properties_bytes == 0 { *arrived } else { now() };
    let mut packet = Vec::new();
    if host_message.encode(now, &mut packet).is_err() {
        return;
    }
    // The payload is the packet's end, with the properties right before it.
    let payload_bytes = message.payload.len();
    let payload = packet.as_ptr() as usize + packet.len() - payload_bytes;
    let topic = message.topic.as_str();
    let flags = u32::from(message.qos.bits()) << 1 | u32::from(*retain);
    host.route(0, topic.as_ptr() as usize, topic.len(), core::ptr::from_ref(handler) as usize, 1);
    host.message(0, flags, payload, payload_bytes, properties_bytes, -1);
}

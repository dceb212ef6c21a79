//! A broker's options, read from a plain object that the face has checked.

use alloc::string::String;
use alloc::vec::Vec;
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::failure::failure;
use crate::broker::{BrokerOptions, QueueOverflow, User};
use crate::codec::QoS;

#[wasm_bindgen]
extern "C" {
    /// What `new BrokerCore` takes; what is left out has its default.
    pub(super) type BrokerCoreOptions;

    #[wasm_bindgen(method, getter, js_name = connectionsMax)]
    fn connections_max(this: &BrokerCoreOptions) -> Option<u32>;
    #[wasm_bindgen(method, getter, js_name = sessionsMax)]
    fn sessions_max(this: &BrokerCoreOptions) -> Option<u32>;
    #[wasm_bindgen(method, getter, js_name = connectTimeout)]
    fn connect_timeout(this: &BrokerCoreOptions) -> Option<u32>;
    #[wasm_bindgen(method, getter, js_name = keepAliveMax)]
    fn keep_alive_max(this: &BrokerCoreOptions) -> Option<u16>;
    #[wasm_bindgen(method, getter, js_name = sessionExpiryMax)]
    fn session_expiry_max(this: &BrokerCoreOptions) -> Option<u32>;
    #[wasm_bindgen(method, getter, js_name = maximumPacketSize)]
    fn maximum_packet_size(this: &BrokerCoreOptions) -> Option<u32>;
    #[wasm_bindgen(method, getter, js_name = receiveMaximum)]
    fn receive_maximum(this: &BrokerCoreOptions) -> Option<u16>;
    #[wasm_bindgen(method, getter, js_name = inFlightMax)]
    fn in_flight_max(this: &BrokerCoreOptions) -> Option<u16>;
    #[wasm_bindgen(method, getter, js_name = maximumQos)]
    fn maximum_qos(this: &BrokerCoreOptions) -> Option<u8>;
    #[wasm_bindgen(method, getter, js_name = retainAvailable)]
    fn retain_available(this: &BrokerCoreOptions) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = topicLevelsMax)]
    fn topic_levels_max(this: &BrokerCoreOptions) -> Option<u32>;
    #[wasm_bindgen(method, getter, js_name = subscriptionsMax)]
    fn subscriptions_max(this: &BrokerCoreOptions) -> Option<u32>;
    #[wasm_bindgen(method, getter)]
    fn queue(this: &BrokerCoreOptions) -> Option<BrokerCoreBounds>;
    #[wasm_bindgen(method, getter, js_name = transmitBytesMax)]
    fn transmit_bytes_max(this: &BrokerCoreOptions) -> Option<u32>;
    #[wasm_bindgen(method, getter)]
    fn retained(this: &BrokerCoreOptions) -> Option<BrokerCoreBounds>;
    #[wasm_bindgen(method, getter)]
    fn users(this: &BrokerCoreOptions) -> Option<Vec<BrokerCoreUser>>;

    /// The bounds of a queue, or of the retained messages.
    type BrokerCoreBounds;

    #[wasm_bindgen(method, getter)]
    fn messages(this: &BrokerCoreBounds) -> Option<u32>;
    #[wasm_bindgen(method, getter)]
    fn bytes(this: &BrokerCoreBounds) -> Option<u32>;
    #[wasm_bindgen(method, getter)]
    fn overflow(this: &BrokerCoreBounds) -> Option<String>;

    /// A user who may connect.
    type BrokerCoreUser;

    #[wasm_bindgen(method, getter)]
    fn username(this: &BrokerCoreUser) -> String;
    #[wasm_bindgen(method, getter)]
    fn password(this: &BrokerCoreUser) -> Vec<u8>;
}

/// The options as the machine takes them; a failure to throw otherwise.
pub(super) fn read(given: &BrokerCoreOptions) -> Result<BrokerOptions, JsValue> {
    let mut options = BrokerOptions::default();
    put_bound(&mut options.connections_max, given.connections_max());
    put_bound(&mut options.sessions_max, given.sessions_max());
    put_bound(&mut options.topic_levels_max, given.topic_levels_max());
    put_bound(&mut options.subscriptions_max, given.subscriptions_max());
    put_bound(&mut options.transmit_bytes_max, given.transmit_bytes_max());
    put(&mut options.connect_timeout, given.connect_timeout().map(|timeout| Duration::from_millis(timeout.into())));
    put(&mut options.keep_alive_max, given.keep_alive_max());
    put(&mut options.session_expiry_max, given.session_expiry_max());
    put(&mut options.retain_available, given.retain_available());
    let bytes = given.maximum_packet_size();
    put_checked(&mut options.packet_bytes_max, bytes, NonZeroU32::new, "maximumPacketSize must not be 0")?;
    let messages = given.receive_maximum();
    put_checked(&mut options.receive_maximum, messages, NonZeroU16::new, "receiveMaximum must not be 0")?;
    let messages = given.in_flight_max();
    put_checked(&mut options.in_flight_max, messages, NonZeroU16::new, "inFlightMax must not be 0")?;
    put_checked(&mut options.maximum_qos, given.maximum_qos(), QoS::from_bits, "maximumQos must be 0, 1 or 2")?;
    if let Some(queue) = given.queue() {
        put_bound(&mut options.queue_messages, queue.messages());
        put_bound(&mut options.queue_bytes, queue.bytes());
        let right = "queue.overflow must be drop-newest, drop-oldest or disconnect";
        put_checked(&mut options.queue_overflow, queue.overflow(), |given| read_overflow(&given), right)?;
    }
    if let Some(retained) = given.retained() {
        put_bound(&mut options.retained_messages, retained.messages());
        put_bound(&mut options.retained_bytes, retained.bytes());
    }
    options.users = given.users().map(|users| users.iter().map(read_user).collect());
    Ok(options)
}

fn read_overflow(given: &str) -> Option<QueueOverflow> {
    match given {
        "drop-newest" => Some(QueueOverflow::DropNewest),
        "drop-oldest" => Some(QueueOverflow::DropOldest),
        "disconnect" => Some(QueueOverflow::Disconnect),
        _ => None,
    }
}

fn read_user(user: &BrokerCoreUser) -> User {
    User { name: user.username().into(), password: user.password().into() }
}

fn put<T>(option: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *option = given;
    }
}

fn put_bound(option: &mut usize, given: Option<u32>) {
    put(option, given.map(|bound| bound as usize));
}

/// Puts what `check` makes of the value; `right` tells what would be right.
fn put_checked<G, T>(
    option: &mut T,
    given: Option<G>,
    check: impl FnOnce(G) -> Option<T>,
    right: &str,
) -> Result<(), JsValue> {
    if let Some(given) = given {
        *option = check(given).ok_or_else(|| failure("option", right, None))?;
    }
    Ok(())
}

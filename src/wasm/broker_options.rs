//! A broker's options as JavaScript gives them: plain objects in camelCase, every field optional.

use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;

use js_sys::{Object, Reflect};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};

use super::failure::failure;
use crate::broker::{BrokerOptions, QueueOverflow, User};
use crate::codec::QoS;

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    connections_max: u32,
    sessions_max: u32,
    /// Milliseconds.
    connect_timeout: u32,
    /// Seconds.
    keep_alive_max: u16,
    /// Seconds.
    session_expiry_max: u32,
    maximum_packet_size: NonZeroU32,
    receive_maximum: NonZeroU16,
    in_flight_max: NonZeroU16,
    maximum_qos: u8,
    retain_available: bool,
    topic_levels_max: u32,
    subscriptions_max: u32,
    queue: GivenQueue,
    transmit_bytes_max: u32,
    retained: GivenRetained,
    users: Option<Vec<GivenUser>>,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct GivenQueue {
    messages: u32,
    bytes: u32,
    overflow: GivenOverflow,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum GivenOverflow {
    DropNewest,
    DropOldest,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct GivenRetained {
    messages: u32,
    bytes: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenUser {
    username: String,
    #[serde(with = "serde_bytes")]
    password: Vec<u8>,
}

impl Default for Given {
    fn default() -> Self {
        let defaults = BrokerOptions::default();
        Self {
            connections_max: saturating(defaults.connections_max),
            sessions_max: saturating(defaults.sessions_max),
            connect_timeout: u32::try_from(defaults.connect_timeout.as_millis()).unwrap_or(u32::MAX),
            keep_alive_max: defaults.keep_alive_max,
            session_expiry_max: defaults.session_expiry_max,
            maximum_packet_size: defaults.packet_bytes_max,
            receive_maximum: defaults.receive_maximum,
            in_flight_max: defaults.in_flight_max,
            maximum_qos: defaults.maximum_qos.bits(),
            retain_available: defaults.retain_available,
            topic_levels_max: saturating(defaults.topic_levels_max),
            subscriptions_max: saturating(defaults.subscriptions_max),
            queue: GivenQueue::default(),
            transmit_bytes_max: saturating(defaults.transmit_bytes_max),
            retained: GivenRetained::default(),
            users: None,
        }
    }
}

impl Default for GivenQueue {
    fn default() -> Self {
        let BrokerOptions { queue_messages, queue_bytes, .. } = BrokerOptions::default();
        Self {
            messages: saturating(queue_messages),
            bytes: saturating(queue_bytes),
            overflow: GivenOverflow::DropNewest,
        }
    }
}

impl Default for GivenRetained {
    fn default() -> Self {
        let BrokerOptions { retained_messages, retained_bytes, .. } = BrokerOptions::default();
        Self { messages: saturating(retained_messages), bytes: saturating(retained_bytes) }
    }
}

fn saturating(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The names of [`Given`], [`GivenQueue`] and [`GivenRetained`] in JavaScript. Serde's own check sees none but these, since
/// it asks the object for each of them.
const NAMES: &[&str] = &[
    "connectionsMax",
    "sessionsMax",
    "connectTimeout",
    "keepAliveMax",
    "sessionExpiryMax",
    "maximumPacketSize",
    "receiveMaximum",
    "inFlightMax",
    "maximumQos",
    "retainAvailable",
    "topicLevelsMax",
    "subscriptionsMax",
    "queue",
    "transmitBytesMax",
    "retained",
    "users",
];
const QUEUE_NAMES: &[&str] = &["messages", "bytes", "overflow"];
const RETAINED_NAMES: &[&str] = &["messages", "bytes"];

fn check_names(given: &JsValue, known: &[&str]) -> Result<(), JsValue> {
    let Some(object) = given.dyn_ref::<Object>() else { return Ok(()) };
    for name in Object::keys(object).iter().filter_map(|name| name.as_string()) {
        if !known.contains(&name.as_str()) {
            let problem = format!("`{name}` is no option of the broker; there are {}", known.join(", "));
            return Err(failure("option", &problem, None));
        }
    }
    Ok(())
}

/// The options as the machine takes them; a failure to throw otherwise.
pub(super) fn read(given: JsValue) -> Result<BrokerOptions, JsValue> {
    check_names(&given, NAMES)?;
    for (name, known) in [("queue", QUEUE_NAMES), ("retained", RETAINED_NAMES)] {
        check_names(&Reflect::get(&given, &name.into()).unwrap_or_default(), known)?;
    }
    let given: Given =
        serde_wasm_bindgen::from_value(given).map_err(|error| failure("option", &error.to_string(), None))?;
    let maximum_qos =
        QoS::from_bits(given.maximum_qos).ok_or_else(|| failure("option", "maximumQos must be 0, 1 or 2", None))?;
    let users = given.users.map(|users| {
        let users = users.into_iter();
        users.map(|user| User { name: user.username.into(), password: user.password.into() }).collect()
    });
    Ok(BrokerOptions {
        connections_max: given.connections_max as usize,
        sessions_max: given.sessions_max as usize,
        connect_timeout: Duration::from_millis(given.connect_timeout.into()),
        keep_alive_max: given.keep_alive_max,
        session_expiry_max: given.session_expiry_max,
        packet_bytes_max: given.maximum_packet_size,
        receive_maximum: given.receive_maximum,
        in_flight_max: given.in_flight_max,
        maximum_qos,
        retain_available: given.retain_available,
        topic_levels_max: given.topic_levels_max as usize,
        subscriptions_max: given.subscriptions_max as usize,
        queue_messages: given.queue.messages as usize,
        queue_bytes: given.queue.bytes as usize,
        queue_overflow: match given.queue.overflow {
            GivenOverflow::DropNewest => QueueOverflow::DropNewest,
            GivenOverflow::DropOldest => QueueOverflow::DropOldest,
        },
        transmit_bytes_max: given.transmit_bytes_max as usize,
        retained_messages: given.retained.messages as usize,
        retained_bytes: given.retained.bytes as usize,
        users,
        events: false,
    })
}

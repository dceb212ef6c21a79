//! The codec: bytes to packets and back, MQTT 3.1.1 and 5.0 in one set of types.
//!
//! Packets borrow from the bytes that they were decoded from. [`Decoder`] takes a byte stream in
//! any split [MQTT-6.0.0-2] and returns whole packets; [`Packet::encode`] appends one packet's
//! bytes to a buffer.

mod decode;
mod decoder;
mod dissect;
mod encode;
mod error;
mod filter;
mod message;
mod packet;
mod packet_id;
mod property;
mod qos;
mod reader;
mod reason;
mod version;
mod writer;

pub use decoder::{Decoder, Located};
pub use dissect::{Dissection, Field, FieldValue, Section, dissect};
pub use encode::{PINGREQ, PINGRESP};
pub use error::{DecodeError, EncodeError};
pub use message::Message;
pub use packet::{
    Ack, Auth, Connack, Connect, Disconnect, Packet, PacketKind, Publish, RetainHandling, Suback, Subscribe,
    Subscription, SubscriptionOptions, Unsuback, Unsubscribe, Will,
};
pub use packet_id::PacketId;
#[cfg(all(target_arch = "wasm32", any(feature = "client", feature = "simulator")))]
pub(crate) use property::ValueKind;
pub use property::{Properties, PropertiesBuf, Property, PropertyId, PropertyPlace, Value};
pub use qos::QoS;
pub use reason::ReasonCode;
pub use version::Version;

pub use crate::memory_meter::Charge;

/// The largest value of a variable byte integer, and so of a packet's remaining length (MQTT 5.0
/// §1.5.5).
pub const VARIABLE_BYTE_INTEGER_MAX: u32 = 268_435_455;

/// The most bytes a packet can have: fixed header of 5 bytes and the largest remaining length.
pub const PACKET_BYTES_MAX: u32 = VARIABLE_BYTE_INTEGER_MAX + 5;

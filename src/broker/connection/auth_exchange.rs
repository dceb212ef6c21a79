//! Enhanced authentication of one connection (MQTT 5.0 §4.12).

use alloc::boxed::Box;

use crate::codec::{EncodeError, PropertiesBuf, PropertyId, Value};
use crate::memory_meter::{ARC_BYTES, block};

/// An exchange of AUTH packets before CONNACK.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// The bytes of the CONNECT that began it.
    pub(crate) connect: Box<[u8]>,
    pub(crate) method: Box<str>,
    /// The client's maximum packet size.
    pub(crate) packet_bytes_max: usize,
}

/// The authentication method of a connected client.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) name: Box<str>,
    /// True during a re-authentication, which the next AUTH continues.
    pub(crate) again: bool,
}

/// The properties of CONNACK for a complete authentication [MQTT-4.12.0-5].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof<'a> {
    pub(crate) method: &'a str,
    pub(crate) data: &'a [u8],
}

impl Exchange {
    /// Returns the bytes of memory that it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        block(ARC_BYTES + size_of::<Self>()) + block(self.connect.len()) + block(self.method.len())
    }
}

impl Method {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into(), again: false }
    }
}

impl Proof<'_> {
    pub(crate) fn write(&self, properties: &mut PropertiesBuf) -> Result<(), EncodeError> {
        properties.push_value(PropertyId::AuthenticationMethod, Value::Text(self.method))?;
        if self.data.is_empty() {
            return Ok(());
        }
        properties.push_value(PropertyId::AuthenticationData, Value::Binary(self.data))
    }
}

//! A client's options, read from a list that the face has checked.

use core::time::Duration;

use wasm_bindgen::JsValue;

use crate::client::{ClientOptions, ClientWill};
use crate::codec::{PacketId, Version};
use crate::wasm::js::Array;
use crate::wasm::js::message::message;
use crate::wasm::js::properties;

/// The options as the machine takes them, from a list of them in the order below; a failure to throw otherwise.
///
/// Numbers, with booleans as 0 and 1, are as large as their options may be.
#[expect(clippy::cast_possible_truncation, reason = "the face has checked them")]
pub(crate) fn read(given: &Array) -> Result<ClientOptions, JsValue> {
    let short = |index| given.number(index) as u16;
    let will = given.list(12);
    Ok(ClientOptions {
        version: if given.number(0) == 4 { Version::V3_1_1 } else { Version::V5 },
        client_id: given.text(1),
        clean_start: given.number(2) != 0,
        keep_alive: short(3),
        username: None,
        password: None,
        first_packet_id: PacketId::new(short(4)).unwrap_or(PacketId::FIRST),
        receive_maximum: short(5),
        packet_bytes_max: given.number(6),
        topic_alias_maximum: short(7),
        connect_timeout: Duration::from_millis(given.number(8).into()),
        queue_messages: given.number(9) as usize,
        queue_bytes: given.number(10) as usize,
        properties: properties::write(Some(given.list(11)))?,
        will: if will.length() == 0 {
            None
        } else {
            let (flags, properties) = (will.number(2) as u8, will.list(3));
            let message = message(&will.text(0), will.bytes(1), flags, Some(properties))?;
            Some(ClientWill { message })
        },
    })
}

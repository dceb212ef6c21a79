//! Client options, from a list that the TypeScript face has checked.

use core::time::Duration;

use wasm_bindgen::JsValue;

use crate::client::{Backoff, ClientOptions, ClientWill, Keep, Overflow};
use crate::codec::{PacketId, Version};
use crate::wasm::js::list;
use crate::wasm::js::message::message;
use crate::wasm::js::properties;
use js_sys::{Array, Math};

/// Returns the options for the machine, from a list in the order below; otherwise a failure to
/// throw.
///
/// Each number is within the limits of its option. Booleans are 0 and 1. Version 0 is 5.0 or 3.1.1.
/// A longest delay of 0 turns reconnecting off.
#[expect(clippy::cast_possible_truncation, reason = "the face has checked them")]
pub(crate) fn read(given: &Array) -> Result<ClientOptions, JsValue> {
    let short = |index| list::number(given, index) as u16;
    let life = list::list(given, 17);
    let millis = |list: &Array, index| Duration::from_millis(list::number(list, index).into());
    let will = list::list(given, 12);
    let offline = list::list(given, 15);
    let method = list::text(given, 16);
    Ok(ClientOptions {
        version: if list::number(given, 0) == 4 { Version::V3_1_1 } else { Version::V5 },
        falls_back: list::number(given, 0) == 0,
        client_id: list::text(given, 1),
        clean_start: list::number(given, 2) != 0,
        keep_alive: short(3),
        username: None,
        password: None,
        authentication_method: (!method.is_empty()).then_some(method),
        authentication_data: None,
        first_packet_id: PacketId::new(short(4)).unwrap_or(PacketId::FIRST),
        receive_maximum: short(5),
        packet_bytes_max: list::number(given, 6),
        topic_alias_maximum: short(7),
        connect_timeout: millis(given, 8),
        assigned_aliases_max: short(13),
        request_filters_max: list::number(given, 14) as usize,
        queue_messages: list::number(given, 9) as usize,
        queue_bytes: list::number(given, 10) as usize,
        offline_messages: list::number(&offline, 0) as usize,
        overflow: match list::number(&offline, 1) {
            0 => Overflow::Reject,
            1 => Overflow::DropOldest,
            _ => Overflow::DropNewest,
        },
        keep: match list::number(&offline, 2) {
            0 => Keep::All,
            1 => Keep::Acknowledged,
            _ => Keep::Nothing,
        },
        request_timeout: Duration::from_millis(list::number(&offline, 3).into()),
        strict: list::number(&offline, 4) != 0,
        reconnect: (list::number(&life, 2) > 0).then(|| Backoff {
            min: millis(&life, 1),
            max: millis(&life, 2),
            stable: millis(&life, 3),
        }),
        servers: list::number(&life, 0) as usize,
        seed: Math::random().to_bits(),
        properties: properties::write(Some(list::list(given, 11)))?,
        will: if will.length() == 0 {
            None
        } else {
            let (flags, properties) = (list::number(&will, 2) as u8, list::list(&will, 3));
            let message = message(&list::text(&will, 0), list::bytes(&will, 1), flags, Some(properties))?;
            Some(ClientWill { message })
        },
    })
}

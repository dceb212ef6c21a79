//! Exported class of the monitors of live traffic.

use core::cell::RefCell;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::state;
use crate::simulator::{Direction, EntryId, LiveMonitors};
use crate::wasm::js::value::to_js;

/// Monitors of the traffic of one client.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct LiveMonitorsCore {
    monitors: RefCell<LiveMonitors>,
}

#[wasm_bindgen]
impl LiveMonitorsCore {
    /// Monitors that have seen nothing.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one packet. True if it breaks a guarantee that was kept until then.
    pub fn packet(&self, is_sent: bool, bytes: &[u8], entry: u32) -> bool {
        let direction = if is_sent { Direction::Up } else { Direction::Down };
        self.monitors.borrow_mut().on_packet(direction, bytes, EntryId(entry))
    }

    /// Returns the guarantees that can be judged, each with its first violation.
    #[must_use]
    pub fn monitors(&self) -> JsValue {
        to_js(&state::monitors(&LiveMonitors::JUDGED, self.monitors.borrow().violations()))
    }
}

//! Sockets of foreign clients, whose code runs in the page.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::WorldCore;
use crate::simulator::{Action, LinkId, SocketEvent};
use crate::wasm::js::value::Value::{self, Bytes, Flag, List, Object, Text};
use crate::wasm::js::value::{number, to_js};

#[wasm_bindgen]
impl WorldCore {
    /// Opens a link of a foreign client, which joins at its first. Returns the link's number.
    ///
    /// # Errors
    /// A failure if a simulated client has the name, or the trace is full.
    #[wasm_bindgen(js_name = openSocket)]
    pub fn open_socket(&self, name: &str) -> Result<u32, JsValue> {
        let is_new = self.timeline.borrow().world().find(name).is_none();
        if is_new {
            self.change(|timeline| timeline.act(Action::Join(name.into())))?;
        }
        let client = self.actor(name)?;
        self.change(|timeline| timeline.act(Action::Open { client }))?;
        Ok(self.timeline.borrow().world().link(client).map_or(0, |link| link.0))
    }

    /// Sends bytes of a foreign client.
    ///
    /// # Errors
    /// A failure if the link is not open, or the trace is full.
    #[wasm_bindgen(js_name = sendBytes)]
    pub fn send_bytes(&self, name: &str, link: u32, bytes: &[u8]) -> Result<(), JsValue> {
        let client = self.actor(name)?;
        self.change(|timeline| timeline.act(Action::Send { client, link: LinkId(link), bytes: bytes.into() }))
    }

    /// Closes a link of a foreign client.
    ///
    /// # Errors
    /// As [`send_bytes`](Self::send_bytes).
    #[wasm_bindgen(js_name = closeSocket)]
    pub fn close_socket(&self, name: &str, link: u32) -> Result<(), JsValue> {
        let client = self.actor(name)?;
        self.change(|timeline| timeline.act(Action::Close { client, link: LinkId(link) }))
    }

    /// Returns what has happened on the links of foreign clients since the last call.
    #[wasm_bindgen(js_name = socketEvents)]
    #[must_use]
    pub fn socket_events(&self) -> JsValue {
        let events = self.events.borrow_mut().read(self.timeline.borrow().world());
        to_js(&List(events.iter().map(event).collect()))
    }

    /// Passes over what has happened on them: the world has gone to another moment.
    #[wasm_bindgen(js_name = skipSocketEvents)]
    pub fn skip_socket_events(&self) {
        self.events.borrow_mut().skip(self.timeline.borrow().world());
    }
}

fn event(event: &SocketEvent) -> Value<'_> {
    let (kind, link, more) = match event {
        SocketEvent::Opened(link) => ("opened", link, None),
        SocketEvent::Bytes(link, bytes) => ("bytes", link, Some(("bytes", Bytes(bytes)))),
        SocketEvent::Closed(link, is_clean) => ("closed", link, Some(("isClean", Flag(*is_clean)))),
    };
    let mut members = vec![("type", Text(kind)), ("link", number(link.0))];
    members.extend(more);
    Object(members)
}

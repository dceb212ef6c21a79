//! Exported broker class, as the TypeScript face sees it.

pub(crate) mod counters;
pub(crate) mod driver;
pub(crate) mod endpoints;
pub(crate) mod hooks;
pub(crate) mod own_subscriptions;
pub(crate) mod peer_socket;
pub(crate) mod restore;
pub(crate) mod rows;
pub(crate) mod storage;
pub(crate) mod to_js;

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::broker::{Broker, Redirect};
use crate::client::Attempt;
use crate::codec::{PacketId, Publish, QoS, ReasonCode, Version};
use crate::router;
use crate::topic::TopicName;
use crate::wasm::broker::driver::BrokerDriver;
use crate::wasm::broker::hooks::Asker;
use crate::wasm::broker::peer_socket::PeerSocket;
use crate::wasm::client::ClientCore;
use crate::wasm::convert::broker_options;
use crate::wasm::js::callbacks::Host;
use crate::wasm::js::clock::now;
use crate::wasm::js::error::{failure, of_topic, parse_filter};
use crate::wasm::js::message::message;
use js_sys::{Array, Function, Math, Uint8Array};

/// A broker in the page. Methods take `&self`, so that a listener may call any of them.
#[wasm_bindgen]
#[expect(missing_debug_implementations, reason = "nothing of it is plain data")]
pub struct BrokerCore {
    pub(crate) driver: Rc<BrokerDriver>,
}

#[wasm_bindgen]
impl ClientCore {
    /// Connects to the broker in the page, without a socket.
    pub fn link(&self, attempt: u32, broker: &BrokerCore) {
        if !self.driver.is_opening(Attempt(attempt)) {
            return;
        }
        let end = Rc::downgrade(&self.driver);
        self.driver.open_link(Attempt(attempt), broker.driver.link(end));
        // The broker may close the link at once, at its limit of connections.
        broker.driver.drain();
    }
}

#[wasm_bindgen]
impl BrokerCore {
    /// Returns a broker that delivers the page's own subscriptions to this host. The options are a
    /// list, as `options` reads it.
    ///
    /// # Errors
    /// A failure that says which option is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(
        host: Host,
        #[wasm_bindgen(unchecked_param_type = "readonly unknown[]")] given: &Array,
    ) -> Result<Self, JsValue> {
        let options = broker_options::read(given)?;
        // Client identifiers must be unlikely to collide, not hard to guess.
        let seed = Math::random().to_bits();
        let mut machine = Broker::new(options, seed);
        // The uptime begins.
        machine.handle_timeout(now());
        machine.begin_short_turns();
        Ok(Self { driver: BrokerDriver::new(host, machine) })
    }

    /// Accepts the peer behind a socket and returns its number. The number is valid until either
    /// side closes the socket.
    ///
    /// Outputs of this and of the calls for that peer wait for [`flush`](Self::flush). So a turn's
    /// packets to a peer share a frame, whichever peers they come from.
    ///
    /// `username` is the user name that the socket has proven, if any.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "JavaScript gives it away")]
    pub fn accept(&self, socket: PeerSocket, username: Option<String>) -> usize {
        self.driver.accept(socket, username.as_deref())
    }

    /// Handles bytes from the peer. True if more may follow; otherwise the socket's `resume` tells
    /// when.
    #[must_use]
    pub fn receive(&self, peer: usize, bytes: &Uint8Array) -> bool {
        let len = bytes.length() as usize;
        let fill = |buffer: &mut [u8]| bytes.copy_to(buffer);
        self.driver.run_for(peer, true, |machine, peer| machine.handle_bytes_with(peer, len, fill, now()))
    }

    /// Handles a text frame from the peer.
    pub fn text(&self, peer: usize) {
        self.driver.run_for(peer, (), |machine, peer| machine.handle_text(peer, now()));
    }

    /// Sets whether the socket takes more; at first it does.
    #[wasm_bindgen(js_name = setWritable)]
    pub fn set_writable(&self, peer: usize, writable: bool) {
        self.driver.run_for(peer, (), |machine, peer| machine.set_writable(peer, writable, now()));
    }

    /// Handles the close of the peer's socket.
    pub fn closed(&self, peer: usize) {
        self.driver.on_closed(peer);
    }

    /// Acts on all outputs of the machine.
    pub fn flush(&self) {
        self.driver.drain();
    }

    /// Sets the asker for questions, which answers each of them once.
    #[wasm_bindgen(js_name = setAsker)]
    pub fn set_asker(&self, asker: Asker) {
        self.driver.set_asker(asker);
    }

    /// Answers a question, now or later. 0 is success, 0x18 continues enhanced authentication, 0x80
    /// and above refuse.
    pub fn answer(&self, question: f64, reason_code: u8, data: Option<Vec<u8>>) {
        let answer = hooks::answer(reason_code, data);
        self.driver.run(|machine| machine.answer(hooks::question(question), answer, now()));
    }

    /// Publishes a message of the page's own and returns the number of subscribers. `flags` are QoS
    /// and RETAIN as in PUBLISH's first byte.
    ///
    /// # Errors
    /// A failure.
    pub fn publish(
        &self,
        topic: &str,
        payload: Vec<u8>,
        flags: u8,
        #[wasm_bindgen(unchecked_optional_param_type = "readonly unknown[]")] properties: Option<Array>,
    ) -> Result<usize, JsValue> {
        let message = message(topic, payload, flags, properties)?;
        let packet_id = (message.qos != QoS::AtMostOnce).then_some(PacketId::FIRST);
        let publish = Publish { packet_id, ..message.as_publish() };
        publish.encoded_len(Version::V5).map_err(|error| failure("encode", &error, None))?;
        Ok(self.driver.run(|machine| machine.publish(message, now())))
    }

    /// Returns the connected clients, as rows.
    #[must_use]
    pub fn clients(&self) -> Array {
        self.driver.read(to_js::clients)
    }

    /// Returns all sessions, as rows.
    #[must_use]
    pub fn sessions(&self) -> Array {
        let now = now();
        self.driver.read(|machine| to_js::sessions(machine, now))
    }

    /// Returns the retained messages, as rows.
    #[must_use]
    pub fn retained(&self) -> Array {
        self.driver.read(to_js::retained)
    }

    /// Returns the counters since the broker began, and the gauges of now.
    #[must_use]
    pub fn counters(&self) -> Vec<f64> {
        let now = now();
        self.driver.read(|machine| counters::list(&machine.counters(), &machine.gauges(now)))
    }

    /// Closes a client's connection with a reason. True if there was one. For 0x9C and 0x9D the
    /// reason comes with the server to use instead.
    #[must_use]
    pub fn disconnect(&self, client_id: &str, reason_code: u8, server_reference: Option<String>) -> bool {
        let reason = ReasonCode::from_value(reason_code).unwrap_or(ReasonCode::AdministrativeAction);
        self.driver.run(|machine| {
            let peer = machine.clients().find(|client| client.client_id == client_id).map(|client| client.peer);
            if let Some(peer) = peer {
                match server_reference {
                    Some(server_reference) => {
                        let permanent = reason == ReasonCode::ServerMoved;
                        let redirect = Redirect { permanent, server_reference: server_reference.into() };
                        machine.redirect(peer, &redirect, now());
                    }
                    None => machine.disconnect(peer, reason, now()),
                }
            }
            peer.is_some()
        })
    }

    /// Sets the listener for all events; without one there are none.
    pub fn listen(&self, listener: Option<Function>) {
        self.driver.listen(listener);
    }

    /// Runs expired timers, since the page was resumed and had throttled them.
    pub fn wake(&self) {
        self.driver.run(|machine| machine.handle_timeout(now()));
    }

    /// Closes all connections, many of them in later turns.
    pub fn close(&self) {
        self.driver.run(|machine| machine.shut_down(now()));
    }

    /// True if connections are still to be closed.
    #[must_use]
    #[wasm_bindgen(js_name = isClosing)]
    pub fn is_closing(&self) -> bool {
        self.driver.read(Broker::is_shutting_down)
    }
}

/// Returns the explanation, level by level, why a filter matches a topic or not.
///
/// # Errors
/// A failure if the filter or the topic is invalid.
#[wasm_bindgen]
pub fn explain(filter: &str, topic: &str) -> Result<JsValue, JsValue> {
    let filter = parse_filter(filter)?;
    let topic = TopicName::parse(topic).map_err(|error| of_topic(&error))?;
    Ok(to_js::explanation(&router::explain(&filter, &topic)))
}

//! The broker as the TypeScript face sees it.

pub(crate) mod counters;
pub(crate) mod driver;
pub(crate) mod endpoints;
pub(crate) mod hooks;
pub(crate) mod options;
pub(crate) mod own_subscriptions;
pub(crate) mod peer_socket;
pub(crate) mod restore;
pub(crate) mod storage;
pub(crate) mod to_js;

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::broker::{Broker, Redirect};
use crate::codec::{PacketId, Publish, QoS, ReasonCode, Version};
use crate::router;
use crate::topic::TopicName;
use crate::wasm::broker::driver::BrokerDriver;
use crate::wasm::broker::hooks::Asker;
use crate::wasm::broker::peer_socket::PeerSocket;
use crate::wasm::client::ClientCore;
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
    pub fn link(&self, broker: &BrokerCore) {
        let end = Rc::downgrade(&self.driver);
        self.driver.open_link(broker.driver.link(end));
        // It may be closed at once, for want of room.
        broker.driver.drain();
    }
}

#[wasm_bindgen]
impl BrokerCore {
    /// A broker that hands what the page subscribes to, to this host. The options are a list, as `options` reads it.
    ///
    /// # Errors
    /// A failure that says which option is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(
        host: Host,
        #[wasm_bindgen(unchecked_param_type = "readonly unknown[]")] given: &Array,
    ) -> Result<Self, JsValue> {
        let options = options::read(given)?;
        // Client identifiers need be unlikely to meet, not hard to guess.
        let seed = Math::random().to_bits();
        let mut machine = Broker::new(options, seed);
        // Its uptime begins.
        machine.handle_timeout(now());
        Ok(Self { driver: BrokerDriver::new(host, machine) })
    }

    /// Lets a peer in that is behind a port, and gives its number, which is good until the port is closed from either side.
    ///
    /// What comes of this and of the calls for that peer waits for [`flush`](Self::flush), so that a turn's packets to a peer
    /// are one frame, from however many others they come.
    #[must_use]
    pub fn accept(&self, port: PeerSocket) -> usize {
        self.driver.accept(port)
    }

    /// Bytes came from the peer. Gives whether more may follow; if not, the port is told once it may.
    #[must_use]
    pub fn receive(&self, peer: usize, bytes: &Uint8Array) -> bool {
        let len = bytes.length() as usize;
        let fill = |buffer: &mut [u8]| bytes.copy_to(buffer);
        self.driver.run_for(peer, true, |machine, peer| machine.handle_bytes_with(peer, len, fill, now()))
    }

    /// A text frame came from the peer.
    pub fn text(&self, peer: usize) {
        self.driver.run_for(peer, (), |machine, peer| machine.handle_text(peer, now()));
    }

    /// Whether the port takes more; at first it does.
    #[wasm_bindgen(js_name = setWritable)]
    pub fn set_writable(&self, peer: usize, writable: bool) {
        self.driver.run_for(peer, (), |machine, peer| machine.set_writable(peer, writable, now()));
    }

    /// The port closed.
    pub fn closed(&self, peer: usize) {
        self.driver.on_closed(peer);
    }

    /// Acts on what has come of the peers' bytes.
    pub fn flush(&self) {
        self.driver.drain();
    }

    /// Questions go to this asker, which answers each of them once.
    #[wasm_bindgen(js_name = setAsker)]
    pub fn set_asker(&self, asker: Asker) {
        self.driver.set_asker(asker);
    }

    /// The answer to a question, now or later: 0 is yes, 0x18 that enhanced authentication goes on, 0x80 and above why not.
    pub fn answer(&self, question: f64, reason_code: u8, data: Option<Vec<u8>>) {
        let answer = hooks::answer(reason_code, data);
        self.driver.run(|machine| machine.answer(hooks::question(question), answer, now()));
    }

    /// Publishes a message of the page's own; `flags` are QoS and RETAIN as in PUBLISH's first byte. Gives the number of
    /// subscribers.
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
        publish.encoded_len(Version::V5).map_err(|error| failure("encode", &error.to_string(), None))?;
        Ok(self.driver.run(|machine| machine.publish(message, now())))
    }

    /// The connected clients.
    #[must_use]
    pub fn clients(&self) -> Array {
        self.driver.read(|machine| to_js::clients(machine.clients()))
    }

    /// All sessions.
    #[must_use]
    pub fn sessions(&self) -> Array {
        let now = now();
        self.driver.read(|machine| to_js::sessions(machine.sessions(), now))
    }

    /// The retained messages.
    #[must_use]
    pub fn retained(&self) -> Array {
        self.driver.read(|machine| to_js::retained(machine.retained()))
    }

    /// What was counted since the broker began, and what there is now.
    #[must_use]
    pub fn counters(&self) -> Vec<f64> {
        let now = now();
        self.driver.read(|machine| counters::list(&machine.counters(), &machine.gauges(now)))
    }

    /// Ends a client's connection with a reason, and for 0x9C and 0x9D with the server to use instead; says whether there
    /// was one.
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

    /// Every event goes to this function from now on; without one there are none.
    pub fn listen(&self, listener: Option<Function>) {
        self.driver.listen(listener);
    }

    /// Runs the timers that are due. The page was resumed, and throttled them meanwhile.
    pub fn wake(&self) {
        self.driver.run(|machine| machine.handle_timeout(now()));
    }

    /// Ends all connections.
    pub fn close(&self) {
        self.driver.run(|machine| machine.shut_down(now()));
    }
}

/// Why a filter matches a topic, or why not, level by level.
///
/// # Errors
/// A failure if one of them is none.
#[wasm_bindgen]
pub fn explain(filter: &str, topic: &str) -> Result<JsValue, JsValue> {
    let filter = parse_filter(filter)?;
    let topic = TopicName::parse(topic).map_err(|error| of_topic(&error))?;
    Ok(to_js::explanation(&router::explain(&filter, &topic)))
}

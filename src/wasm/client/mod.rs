//! Exported client class, as the TypeScript face sees it.

pub(crate) mod driver;
pub(crate) mod failed_call;
pub(crate) mod incoming;
pub(crate) mod outcome;
pub(crate) mod packet_tap;
pub(crate) mod received_properties;
pub(crate) mod request_number;
pub(crate) mod slice;
pub(crate) mod socket;
pub(crate) mod step;
#[cfg(feature = "full")]
pub(crate) mod store;
pub(crate) mod task;
pub(crate) mod transport;
#[cfg(feature = "broker")]
pub(crate) mod yield_to_page;

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(feature = "full")]
use crate::client::ChallengeId;
use crate::client::{Attempt, CallError, Client, HandlerId, RequestId, Ticket};
use crate::codec::{QoS, ReasonCode, SubscriptionOptions, Version};
use crate::time::Time;
use crate::wasm::client::driver::ClientDriver;
use crate::wasm::client::failed_call::of_call;
use crate::wasm::convert::client_options;
use crate::wasm::js::callbacks::Host;
use crate::wasm::js::error::{failure, parse_filter};
use crate::wasm::js::list;
use crate::wasm::js::message::message;
use crate::wasm::js::properties;
use js_sys::Array;
use web_sys::WebSocket;

/// Client with its socket and its timer. Methods take `&self`, so that a handler may call any of
/// them.
///
/// A method that throws, throws a list `[code, message, reasonCode]` and has done nothing.
#[wasm_bindgen]
#[expect(missing_debug_implementations, reason = "nothing of it is plain data")]
pub struct ClientCore {
    pub(crate) driver: Rc<ClientDriver>,
}

#[wasm_bindgen]
impl ClientCore {
    /// Returns a client that calls `host`.
    ///
    /// # Errors
    /// A failure that says which option is wrong.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::needless_pass_by_value, reason = "JavaScript gives it away")]
    pub fn new(
        host: Host,
        #[wasm_bindgen(unchecked_param_type = "readonly unknown[]")] options: Array,
    ) -> Result<Self, JsValue> {
        let options = client_options::read(&options)?;
        Ok(Self { driver: ClientDriver::new(host, Client::new(options)) })
    }

    /// Begins the first attempt: the host is asked for a transport.
    pub fn connect(&self) {
        self.driver.run(Client::connect);
    }

    /// Sets the user name and password of CONNECT, before the socket opens. `lifetime` is in
    /// milliseconds.
    #[wasm_bindgen(js_name = setCredentials)]
    pub fn set_credentials(
        &self,
        attempt: u32,
        username: Option<String>,
        password: Option<Vec<u8>>,
        lifetime: Option<u32>,
    ) {
        self.driver.run(|machine, now| {
            let expires = lifetime.map(|lifetime| now + Duration::from_millis(lifetime.into()));
            machine.handle_credentials(Attempt(attempt), username, password, expires, now);
        });
    }

    /// Answers the challenge of this number in enhanced authentication. Negative numbers are other
    /// steps: -1 begins anew, and returns the request's number.
    ///
    /// Step -2 sets the data of CONNECT, before the socket opens. Step -3 ends the exchange, and
    /// the connection with it.
    ///
    /// # Errors
    /// A failure if the challenge is over, the data are too large, or nothing can begin anew.
    #[cfg(feature = "full")]
    pub fn authenticate(&self, step: i32, data: Option<Vec<u8>>) -> Result<f64, JsValue> {
        self.request(|machine, now| {
            match step {
                -1 => return machine.reauthenticate(data.as_deref(), now),
                -2 => machine.set_authentication_data(data),
                -3 => machine.refuse_authentication(now),
                _ => machine.authenticate(ChallengeId(step.unsigned_abs()), data.as_deref(), now)?,
            }
            Ok(RequestId(0))
        })
    }

    /// Takes a WebSocket, open or about to open, and sends CONNECT once it is open.
    pub fn open(&self, attempt: u32, socket: WebSocket) {
        self.driver.open(Attempt(attempt), socket);
    }

    /// Ends an attempt that got no transport. No other follows if it is final.
    pub fn failed(&self, attempt: u32, is_final: bool) {
        self.driver.run(|machine, now| machine.handle_failed(Attempt(attempt), is_final, now));
    }

    /// Adds this handler for messages that match the filter: mode 1, or 2 if it acknowledges by
    /// hand. Removes it in mode 0.
    ///
    /// # Errors
    /// A failure if the filter is invalid.
    #[wasm_bindgen(js_name = setHandler)]
    pub fn set_handler(&self, filter: &str, handler: u32, mode: u8) -> Result<(), JsValue> {
        let filter = parse_filter(filter)?;
        let change = match mode {
            0 => Client::remove_handler,
            1 => Client::add_handler,
            _ => Client::add_manual_handler,
        };
        self.driver.run(|machine, _| change(machine, &filter, HandlerId(handler)));
        Ok(())
    }

    /// Acknowledges the message with this ticket, above the flags of `message`. Returns false if it
    /// is void.
    #[must_use]
    pub fn acknowledge(&self, ticket: u32, reason_code: u8) -> bool {
        let reason = ReasonCode::from_value(reason_code).unwrap_or(ReasonCode::UnspecifiedError);
        self.driver.run(|machine, now| machine.acknowledge(Ticket(ticket), reason, now))
    }

    /// Begins the next slice of messages.
    pub fn resume(&self) {
        self.driver.slice.begin();
        self.driver.drain();
    }

    /// Sends SUBSCRIBE and returns the request's number. `subscription_options` is the byte of the
    /// wire (§3.8.3.1) for all filters.
    ///
    /// # Errors
    /// A failure.
    pub fn subscribe(
        &self,
        #[wasm_bindgen(unchecked_param_type = "readonly string[]")] filters: &Array,
        subscription_options: u8,
        #[wasm_bindgen(unchecked_optional_param_type = "readonly unknown[]")] properties: Option<Array>,
    ) -> Result<f64, JsValue> {
        let options = SubscriptionOptions::from_byte(subscription_options, Version::V5)
            .ok_or_else(|| failure("option", &"there are no such subscription options", None))?;
        let mut subscriptions = Vec::new();
        for index in 0..filters.length() {
            subscriptions.push((parse_filter(&list::text(filters, index))?, options));
        }
        let properties = properties::write(properties)?;
        self.request(|machine, now| machine.subscribe(&subscriptions, &properties, now))
    }

    /// Sends UNSUBSCRIBE and returns the request's number.
    ///
    /// # Errors
    /// A failure.
    pub fn unsubscribe(
        &self,
        #[wasm_bindgen(unchecked_param_type = "readonly string[]")] filters: &Array,
        #[wasm_bindgen(unchecked_optional_param_type = "readonly unknown[]")] properties: Option<Array>,
    ) -> Result<f64, JsValue> {
        let mut parsed = Vec::new();
        for index in 0..filters.length() {
            parsed.push(parse_filter(&list::text(filters, index))?);
        }
        let properties = properties::write(properties)?;
        self.request(|machine, now| machine.unsubscribe(&parsed, &properties, now))
    }

    /// Publishes a message and returns the request's number. At QoS 0 there is none, unless the
    /// message waits for the broker in the page.
    ///
    /// `flags` are QoS and RETAIN as in PUBLISH's first byte.
    ///
    /// # Errors
    /// A failure.
    pub fn publish(
        &self,
        topic: &str,
        payload: Vec<u8>,
        flags: u8,
        #[wasm_bindgen(unchecked_optional_param_type = "readonly unknown[]")] properties: Option<Array>,
    ) -> Result<Option<f64>, JsValue> {
        let message = message(topic, payload, flags, properties)?;
        if message.qos == QoS::AtMostOnce {
            let sent = self.driver.run(|machine, now| {
                let properties = message.properties.as_properties();
                machine.publish_at_most_once(&message.topic, &message.payload, message.retain, properties, now)
            });
            #[cfg(feature = "broker")]
            if sent.is_ok() {
                return Ok(self.driver.wait().map(|number| number.to_js()));
            }
            match sent {
                // It waits for a connection, as far as it may.
                Err(CallError::NotConnected) => {}
                sent => return sent.map(|()| None).map_err(|error| of_call(&error)),
            }
        }
        self.request(|machine, now| machine.publish(message, now)).map(Some)
    }

    /// Takes a request out of the queue, unless it was sent.
    pub fn withdraw(&self, request: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of `request`")]
        self.driver.run(|machine, now| machine.withdraw(RequestId(request as u64), now));
    }

    /// Returns the number of waiting requests, their bytes, and the number of unacknowledged
    /// messages.
    #[must_use]
    pub fn queue(&self) -> Vec<f64> {
        #[expect(clippy::cast_precision_loss, reason = "no memory has 2^53 bytes")]
        self.driver.look(|machine| {
            [machine.queued() as f64, machine.queued_bytes() as f64, machine.in_flight() as f64].to_vec()
        })
    }

    /// Ends the client for good, with DISCONNECT if there is a connection.
    pub fn disconnect(
        &self,
        reason_code: u8,
        #[wasm_bindgen(unchecked_optional_param_type = "readonly unknown[]")] properties: Option<Array>,
    ) {
        let reason = ReasonCode::from_value(reason_code).unwrap_or(ReasonCode::Success);
        // The face has checked them.
        let properties = properties::write(properties).unwrap_or_default();
        self.driver.run(|machine, now| machine.disconnect(reason, &properties, now));
    }

    /// Closes the transport as a crash would, without DISCONNECT. The broker then publishes the
    /// will.
    pub fn kill(&self) {
        self.driver.kill();
    }

    /// Tests the connection, or connects at once: the page is back, or the network is. If `online`
    /// is false, the network was lost.
    pub fn wake(&self, online: bool) {
        self.driver.check(if online { Client::handle_wake } else { Client::handle_offline });
    }

    /// Starts or stops reporting every packet to the host.
    pub fn watch(&self, on: bool) {
        self.driver.watch(on);
    }

    fn request(&self, action: impl FnOnce(&mut Client, Time) -> Result<RequestId, CallError>) -> Result<f64, JsValue> {
        #[expect(clippy::cast_precision_loss, reason = "no page makes 2^53 requests")]
        self.driver.run(action).map(|id| id.0 as f64).map_err(|error| of_call(&error))
    }
}

impl Drop for ClientCore {
    fn drop(&mut self) {
        // The driver itself lives on while handlers run or a microtask is queued.
        self.driver.free();
    }
}

//! A broker in the page, and its events.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasmqtt::wasm::BrokerCore;

use super::page::{Host, Page, get, json, set, text, turn};

#[wasm_bindgen]
extern "C" {
    /// The class that the module exports.
    #[derive(Clone)]
    pub(crate) type Broker;
    #[wasm_bindgen(method, catch, js_name = publish)]
    fn publish_bytes(
        this: &Broker,
        topic: &str,
        payload: &Uint8Array,
        flags: u8,
        properties: &JsValue,
    ) -> Result<u32, JsValue>;
    #[wasm_bindgen(method, catch, js_name = setHandler)]
    fn set_handler(this: &Broker, filter: &str, handler: u32, options: Option<u8>) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    pub(crate) fn clients(this: &Broker) -> JsValue;
    #[wasm_bindgen(method)]
    pub(crate) fn sessions(this: &Broker) -> JsValue;
    #[wasm_bindgen(method)]
    pub(crate) fn retained(this: &Broker) -> JsValue;
    #[wasm_bindgen(method)]
    pub(crate) fn counters(this: &Broker) -> Vec<f64>;
    #[wasm_bindgen(method)]
    pub(crate) fn disconnect(this: &Broker, client_id: &str, reason: u8) -> bool;
    #[wasm_bindgen(method)]
    pub(crate) fn listen(this: &Broker, listener: &JsValue);
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Broker);
    #[wasm_bindgen(method, js_name = setAsker)]
    pub(crate) fn set_asker(this: &Broker, asker: &JsValue);
    #[wasm_bindgen(method)]
    pub(crate) fn answer(this: &Broker, question: f64, reason: u8, data: Option<Vec<u8>>);
    #[wasm_bindgen(method, catch)]
    pub(crate) fn free(this: &Broker) -> Result<(), JsValue>;
}

impl Broker {
    /// Publishes a copy in JavaScript. A view of the module's memory is lost as that grows.
    pub(crate) fn publish_with(
        &self,
        topic: &str,
        payload: &[u8],
        flags: u8,
        properties: &JsValue,
    ) -> Result<u32, JsValue> {
        self.publish_bytes(topic, &Uint8Array::new_from_slice(payload), flags, properties)
    }

    pub(crate) fn subscribe(&self, filter: &str, handler: u32, options: u8) -> Result<(), JsValue> {
        self.set_handler(filter, handler, Some(options))
    }

    pub(crate) fn unsubscribe(&self, filter: &str, handler: u32) {
        self.set_handler(filter, handler, None).expect("it was a filter");
    }
}

/// The options in the order in which the module reads them.
const OPTIONS: [&str; 32] = [
    "connectionsMaximum",
    "sessionsMaximum",
    "connectTimeout",
    "serverKeepAlive",
    "sessionExpiryMaximum",
    "maximumPacketSize",
    "receiveMaximum",
    "inFlightMaximum",
    "maximumQos",
    "retainAvailable",
    "topicLevelsMaximum",
    "subscriptionsMaximum",
    "queueMessages",
    "queueBytes",
    "queueOverflow",
    "transmitBytesMaximum",
    "retainedMessages",
    "retainedBytes",
    "storeBytesMaximum",
    "topicAliasMaximum",
    "sysInterval",
    "wildcardSubscriptionAvailable",
    "subscriptionIdentifiersAvailable",
    "sharedSubscriptionAvailable",
    "responseInformation",
    "redirectPermanent",
    "serverReference",
    "asks",
    "answerTimeout",
    "inputBytesMaximum",
    "acl",
    "memoryMaximum",
];

/// A broker whose events are lines. Freed with the home.
pub(crate) struct Home {
    pub(crate) broker: Broker,
    /// The host that the broker calls with messages.
    pub(crate) host: Host,
    events: Host,
    /// Not left to the garbage collector, which would come too late for those who count.
    _listener: Closure<dyn Fn(JsValue)>,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::with("{}")
    }

    /// A broker of these options, which are JSON.
    pub(crate) fn with(options: &str) -> Self {
        Self::with_options(&json(options))
    }

    pub(crate) fn with_options(options: &JsValue) -> Self {
        let host = Host::new(&wasm_bindgen::memory());
        let list: js_sys::Array = OPTIONS.iter().map(|name| get(options, name)).collect();
        let broker: Broker =
            JsValue::from(BrokerCore::new(host.clone().unchecked_into(), list.unchecked_ref()).unwrap())
                .unchecked_into();
        let events = Host::new(&JsValue::UNDEFINED);
        let lines = events.clone();
        let listener = Closure::<dyn Fn(JsValue)>::new(move |event| lines.write(&text(&event)));
        broker.listen(listener.as_ref());
        Self { broker, host, events, _listener: listener }
    }

    pub(crate) fn listen(&self, listener: impl FnMut(JsValue) + 'static) {
        self.broker.listen(&Closure::<dyn FnMut(JsValue)>::new(listener).into_js_value());
    }

    /// Runs the action at each event that starts so.
    pub(crate) fn on(&self, start: &str, mut action: impl FnMut(&Broker) + 'static) {
        let broker = self.broker.clone();
        let action = Closure::<dyn FnMut(String)>::new(move |_| action(&broker));
        self.events.on(start, action.into_js_value().unchecked_ref::<Function>());
    }

    /// A client that is connected, with handler 1 for all topics. Its lines begin after that.
    pub(crate) async fn client(&self, name: &str) -> Page {
        self.client_with(name, "{}").await
    }

    pub(crate) async fn client_with(&self, name: &str, options: &str) -> Page {
        let options = json(options);
        set(&options, "clientId", name);
        let page = Page::with_options(&options);
        page.core.add_handler("#", 1).expect("a filter");
        page.core.link(&self.broker);
        page.until("connected").await;
        turn().await;
        page.forget();
        page
    }

    /// The events so far, once this turn has ended.
    pub(crate) async fn events(&self) -> Vec<String> {
        turn().await;
        self.events.lines()
    }

    /// Resolves once an event starts so.
    pub(crate) async fn until(&self, start: &str) {
        JsFuture::from(self.events.until(start, 1)).await.expect(start);
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // One that the test has freed already throws; it may live on for its clients, with nobody
        // to listen.
        let _ = self.broker.free();
    }
}

/// Sends SUBSCRIBE and awaits that it is granted.
pub(crate) async fn subscribe(page: &Page, filter: &str, options: u8) {
    let request = page.core.subscribe(filter, options, &JsValue::UNDEFINED).expect("a subscription");
    page.until(&format!("done {request} ")).await;
    turn().await;
}

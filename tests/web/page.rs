//! A page: one client as JavaScript sees it, the host that it calls, and the socket whose other end
//! is the test.

use js_sys::{Array, Float64Array, JSON, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasmqtt::codec::Version;
use wasmqtt::wasm::ClientCore;

use super::packets::{CONNACK, V4, V5, bytes_in, describe};

#[wasm_bindgen(module = "/tests/web/page.js")]
extern "C" {
    pub(crate) fn uncaught() -> Vec<String>;
    /// Joins a client with its host.
    fn attend(core: &Core, host: &Host);
    #[wasm_bindgen(js_name = turn)]
    fn turn_promise() -> Promise;

    #[derive(Clone)]
    pub(crate) type Host;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(memory: &JsValue) -> Host;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn lines(this: &Host) -> Vec<String>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn messages(this: &Host) -> Vec<HostMessage>;
    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &Host, line: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn forget(this: &Host);
    #[wasm_bindgen(method)]
    pub(crate) fn on(this: &Host, start: &str, action: &JsValue);
    #[wasm_bindgen(method)]
    pub(crate) fn until(this: &Host, start: &str, count: u32) -> Promise;

    /// The arguments of one call of `host.message`.
    #[derive(Clone)]
    pub(crate) type HostMessage;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn topic(this: &HostMessage) -> String;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn handlers(this: &HostMessage) -> String;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn flags(this: &HostMessage) -> u8;
    #[wasm_bindgen(method, getter)]
    fn offset(this: &HostMessage) -> i32;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn payload(this: &HostMessage) -> Vec<u8>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn properties(this: &HostMessage) -> Vec<u8>;

    #[derive(Clone)]
    pub(crate) type FakeSocket;
    #[wasm_bindgen(constructor)]
    fn new(host: &Host, describe: &JsValue) -> FakeSocket;
    #[wasm_bindgen(method)]
    pub(crate) fn open(this: &FakeSocket);
    #[wasm_bindgen(method)]
    pub(crate) fn receive(this: &FakeSocket, frame: &[u8]);
    #[wasm_bindgen(method, js_name = receiveText)]
    pub(crate) fn receive_text(this: &FakeSocket, text: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn lose(this: &FakeSocket);
    #[wasm_bindgen(method, getter)]
    pub(crate) fn slots(this: &FakeSocket) -> String;
    #[wasm_bindgen(method, getter, js_name = closeCalls)]
    pub(crate) fn close_calls(this: &FakeSocket) -> u32;
    #[wasm_bindgen(method, getter, js_name = binaryType)]
    pub(crate) fn binary_type(this: &FakeSocket) -> String;
    /// The bytes of a frame that the client sent.
    #[wasm_bindgen(method)]
    pub(crate) fn sent(this: &FakeSocket, index: u32) -> Vec<u8>;
    #[wasm_bindgen(method, setter)]
    fn set_answer(this: &FakeSocket, answer: &JsValue);

    pub(crate) type Timers;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Timers;
    #[wasm_bindgen(static_method_of = Timers, js_name = heldBack)]
    pub(crate) fn held_back() -> Timers;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn running(this: &Timers) -> u32;
    #[wasm_bindgen(method)]
    pub(crate) fn restore(this: &Timers);
}

#[wasm_bindgen]
extern "C" {
    /// Milliseconds.
    #[wasm_bindgen(js_namespace = performance)]
    pub(crate) fn now() -> f64;

    /// The class that the module exports.
    #[derive(Clone)]
    pub(crate) type Core;
    #[wasm_bindgen(method)]
    pub(crate) fn opening(this: &Core);
    #[wasm_bindgen(method, js_name = setCredentials)]
    pub(crate) fn set_credentials(this: &Core, username: &str, password: &[u8]);
    #[wasm_bindgen(method)]
    pub(crate) fn open(this: &Core, socket: &FakeSocket);
    #[cfg(feature = "broker")]
    #[wasm_bindgen(method)]
    pub(crate) fn link(this: &Core, broker: &JsValue);
    #[wasm_bindgen(method, catch, js_name = setHandler)]
    fn set_handler(this: &Core, filter: &str, handler: u32, mode: u8) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = subscribe)]
    fn subscribe_all(this: &Core, filters: &Array, options: u8, properties: &JsValue) -> Result<f64, JsValue>;
    #[wasm_bindgen(method, catch, js_name = unsubscribe)]
    fn unsubscribe_all(this: &Core, filters: &Array) -> Result<f64, JsValue>;
    #[wasm_bindgen(method, catch, js_name = publish)]
    fn publish_bytes(
        this: &Core,
        topic: &str,
        payload: &Uint8Array,
        flags: u8,
        properties: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method)]
    pub(crate) fn disconnect(this: &Core, reason: u8);
    #[wasm_bindgen(method)]
    pub(crate) fn kill(this: &Core);
    #[wasm_bindgen(method)]
    pub(crate) fn wake(this: &Core);
    #[wasm_bindgen(method)]
    pub(crate) fn watch(this: &Core, on: bool);
    #[wasm_bindgen(method, catch)]
    pub(crate) fn free(this: &Core) -> Result<(), JsValue>;
}

/// Flags of a publish.
pub(crate) const QOS0: u8 = 0;
pub(crate) const QOS1: u8 = 2;
pub(crate) const QOS2: u8 = 4;

impl Core {
    /// Publishes a copy in JavaScript. A view of the module's memory is lost as that grows.
    pub(crate) fn publish_with(
        &self,
        topic: &str,
        payload: &[u8],
        flags: u8,
        properties: &JsValue,
    ) -> Result<JsValue, JsValue> {
        self.publish_bytes(topic, &Uint8Array::new_from_slice(payload), flags, properties)
    }

    pub(crate) fn add_handler(&self, filter: &str, handler: u32) -> Result<(), JsValue> {
        self.set_handler(filter, handler, 1)
    }

    pub(crate) fn subscribe(&self, filter: &str, options: u8, properties: &JsValue) -> Result<f64, JsValue> {
        self.subscribe_all(&Array::of1(&filter.into()), options, properties)
    }

    pub(crate) fn unsubscribe(&self, filter: &str) -> Result<f64, JsValue> {
        self.unsubscribe_all(&Array::of1(&filter.into()))
    }

    pub(crate) fn remove_handler(&self, filter: &str, handler: u32) -> Result<(), JsValue> {
        self.set_handler(filter, handler, 0)
    }

    /// Publishes text; gives the request's number.
    pub(crate) fn publish(&self, topic: &str, payload: &str, flags: u8) -> Option<f64> {
        self.publish_with(topic, payload.as_bytes(), flags, &JsValue::UNDEFINED).expect("a publish").as_f64()
    }
}

impl HostMessage {
    /// Where in the frame that came last the payload begins, if it is all there.
    pub(crate) fn place(&self) -> Option<usize> {
        usize::try_from(self.offset()).ok()
    }
}

/// Resolves when this turn's microtasks have run.
pub(crate) async fn turn() {
    JsFuture::from(turn_promise()).await.expect("a turn ends");
}

/// A plain object: its JSON.
pub(crate) fn json(text: &str) -> JsValue {
    JSON::parse(text).expect("a test's JSON is well formed")
}

pub(crate) fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) {
    Reflect::set(object, &name.into(), &value.into()).expect("plain objects take fields");
}

pub(crate) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("an object has fields")
}

/// The only part of the rows of a view: numbers, texts and bytes.
pub(crate) fn rows(parts: &JsValue) -> (Vec<f64>, String, Vec<u8>) {
    assert_eq!(get(parts, "length"), 1);
    let part = get(parts, "0");
    let texts = get(&part, "1").as_string().expect("a text");
    (Float64Array::new(&get(&part, "0")).to_vec(), texts, Uint8Array::new(&get(&part, "2")).to_vec())
}

/// A plain object as JSON.
pub(crate) fn text(object: &JsValue) -> String {
    JSON::stringify(object).expect("plain data").into()
}

pub(crate) fn array(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// Code and message of what was thrown, which must be a list of them and of a reason code, if there
/// is one.
pub(crate) fn failure<T>(result: Result<T, JsValue>) -> (String, String) {
    let (code, message, _) = failure_with_reason(result);
    (code, message)
}

/// The same with the reason code.
pub(crate) fn failure_with_reason<T>(result: Result<T, JsValue>) -> (String, String, Option<u8>) {
    let Err(thrown) = result else { panic!("nothing was thrown") };
    serde_wasm_bindgen::from_value(thrown).expect("a failure")
}

/// The options as the module takes them: a list.
fn in_order(options: &JsValue) -> Array {
    const NAMES: [&str; 18] = [
        "version",
        "clientId",
        "cleanStart",
        "keepAlive",
        "firstPacketId",
        "receiveMaximum",
        "maximumPacketSize",
        "topicAliasMaximum",
        "connectTimeout",
        "queueMessages",
        "queueBytes",
        "properties",
        "will",
        "assignedAliases",
        "requestFilters",
        "offline",
        "authenticationMethod",
        "life",
    ];
    NAMES.iter().map(|name| get(options, name)).collect()
}

/// One client between its host and its socket. Freed with the page.
pub(crate) struct Page {
    pub(crate) core: Core,
    pub(crate) host: Host,
    pub(crate) socket: FakeSocket,
    version: Version,
}

impl Page {
    /// A client of these options, which are JSON; the version is 5.0 if they do not tell.
    pub(crate) fn with(options: &str) -> Self {
        Self::with_options(&json(options))
    }

    pub(crate) fn with_options(given: &JsValue) -> Self {
        Self::try_with_options(given).expect("good options")
    }

    pub(crate) fn try_with_options(given: &JsValue) -> Result<Self, JsValue> {
        let options = json(
            r#"{
                "version": 5, "clientId": "page", "cleanStart": 1, "keepAlive": 0, "receiveMaximum": 65535,
                "maximumPacketSize": 4294967295, "topicAliasMaximum": 0, "connectTimeout": 30000, "queueMessages": 1000,
                "queueBytes": 16777216, "firstPacketId": 1, "properties": [], "will": [], "assignedAliases": 0,
                "requestFilters": 4294967295, "authenticationMethod": "",
                "offline": [4294967295, 0, 1, 0, 0], "life": [1, 0, 0, 0]
            }"#,
        );
        Object::<JsValue>::assign(options.unchecked_ref(), given.unchecked_ref());
        let version = if get(&options, "version") == 4 { V4 } else { V5 };
        let host = Host::new(&wasm_bindgen::memory());
        let core = ClientCore::new(host.clone().unchecked_into(), in_order(&options).unchecked_into())?;
        let core: Core = JsValue::from(core).unchecked_into();
        set(&host, "core", &core);
        attend(&core, &host);
        Ok(Self { core, socket: socket(&host, version), host, version })
    }

    /// A client that has sent CONNECT.
    pub(crate) async fn asking(options: &str) -> Self {
        let page = Self::with(options);
        page.begin().await;
        page
    }

    /// Opens the socket and awaits CONNECT.
    pub(crate) async fn begin(&self) {
        self.core.open(&self.socket);
        self.socket.open();
        self.until("> CONNECT").await;
    }

    /// A client that is connected. Its lines begin after that.
    pub(crate) async fn connected(options: &str) -> Self {
        let page = Self::asking(options).await;
        page.accept().await;
        page
    }

    /// CONNACK.
    pub(crate) async fn accept(&self) {
        self.socket.receive(&bytes_in(self.version, &CONNACK));
        self.until("connected").await;
        turn().await;
        self.forget();
    }

    /// Another socket for the same client.
    pub(crate) fn another_socket(&self) -> FakeSocket {
        socket(&self.host, self.version)
    }

    /// Drops the lines and messages so far.
    pub(crate) fn forget(&self) {
        self.host.forget();
    }

    /// The lines so far, once this turn has ended.
    pub(crate) async fn lines(&self) -> Vec<String> {
        turn().await;
        self.host.lines()
    }

    /// The messages so far, once this turn has ended.
    pub(crate) async fn messages(&self) -> Vec<HostMessage> {
        turn().await;
        self.host.messages()
    }

    /// Resolves once a line starts so.
    pub(crate) async fn until(&self, start: &str) {
        self.until_all(start, 1).await;
    }

    /// Resolves once so many lines start so.
    pub(crate) async fn until_all(&self, start: &str, count: u32) {
        JsFuture::from(self.host.until(start, count)).await.unwrap_or_else(|error| {
            panic!("{}", get(&error, "message").as_string().unwrap_or_default());
        });
    }

    /// Runs the action at each line that starts so.
    pub(crate) fn on(&self, start: &str, action: impl FnMut(String) + 'static) {
        self.host.on(start, &function(action));
    }

    /// As [`on`](Self::on), with the client.
    pub(crate) fn on_core(&self, start: &str, mut action: impl FnMut(&Core) + 'static) {
        let core = self.core.clone();
        self.on(start, move |_| action(&core));
    }

    /// The socket answers the client's frames at once, inside `send`.
    pub(crate) fn answer(&self, mut answer: impl FnMut(&FakeSocket, &str) + 'static) {
        let socket = self.socket.clone();
        self.socket.set_answer(&function(move |line| answer(&socket, &line)));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // One that the test has freed already throws.
        let _ = self.core.free();
        assert_eq!(uncaught(), [""; 0], "thrown where nobody could catch it");
    }
}

fn socket(host: &Host, version: Version) -> FakeSocket {
    // They capture nothing: what a closure captures is freed when the browser collects garbage.
    let describe = match version {
        Version::V3_1_1 => {
            Closure::<dyn Fn(Uint8Array) -> String>::new(|frame: Uint8Array| describe(&frame.to_vec(), Version::V3_1_1))
        }
        Version::V5 => Closure::new(|frame: Uint8Array| describe(&frame.to_vec(), Version::V5)),
    };
    FakeSocket::new(host, &describe.into_js_value())
}

fn function(action: impl FnMut(String) + 'static) -> JsValue {
    Closure::<dyn FnMut(String)>::new(action).into_js_value()
}

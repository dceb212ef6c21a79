//! The page as a subscriber of its own broker: handlers that the module calls, and that call it
//! back.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_test::wasm_bindgen_test;

use super::home::{Home, subscribe};
use super::page::{QOS0, QOS1, QOS2, Timers, failure, json, turn};

const NONE: JsValue = JsValue::UNDEFINED;
const NO_LOCAL: u8 = 4;
const RETAIN_AS_PUBLISHED: u8 = 8;
const DO_NOT_SEND: u8 = 0x20;

impl Home {
    fn publish(&self, topic: &str, payload: &str, flags: u8) -> u32 {
        self.broker.publish_with(topic, payload.as_bytes(), flags, &NONE).expect("a publish")
    }

    /// Returns the messages that the page was called with, once this turn has ended.
    async fn received(&self) -> Vec<String> {
        turn().await;
        let text = |payload: Vec<u8>| String::from_utf8(payload).expect("text was published");
        let messages = self.host.messages().into_iter();
        let lines = messages.map(|message| {
            format!("{} {} {} {}", message.handlers(), message.topic(), text(message.payload()), message.flags())
        });
        let lines = lines.collect();
        self.host.forget();
        lines
    }

    /// Runs the action at each message that starts so.
    fn on_message(&self, start: &str, mut action: impl FnMut() + 'static) {
        let action = Closure::<dyn FnMut(String)>::new(move |_| action());
        self.host.on(&format!("message {start}"), &action.into_js_value());
    }
}

#[wasm_bindgen_test]
async fn messages_of_each_quality_come_from_clients_and_from_the_page() {
    let home = Home::new();
    let page = home.client("ann").await;
    home.broker.subscribe("a/#", 7, 0).expect("a filter");
    for (payload, flags) in [("0", QOS0), ("1", QOS1), ("2", QOS2)] {
        page.core.publish("a/client", payload, flags);
        assert_eq!(home.publish("a/page", payload, flags), 1);
    }
    page.until_all("done", 2).await;
    let mut messages = home.received().await;
    // What the client sends waits for the end of the turn.
    assert_eq!(messages[..3], ["7 a/page 0 0", "7 a/page 1 2", "7 a/page 2 4"]);
    assert_eq!(messages.split_off(3), ["7 a/client 0 0", "7 a/client 1 2", "7 a/client 2 4"]);
    home.broker.unsubscribe("a/#", 7);
    assert_eq!((home.publish("a/page", "", QOS0), home.received().await.len()), (0, 0));
}

#[wasm_bindgen_test]
async fn payloads_are_whole_and_have_their_properties() {
    let home = Home::new();
    home.broker.subscribe("#", 0, 0).expect("a filter");
    let large: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
    let properties = json(r#"[3, "text/plain", 38, ["name", "value"]]"#);
    home.broker.publish_with("large", &large, QOS2, &properties).expect("a publish");
    home.broker.publish_with("empty", b"", QOS0, &NONE).expect("a publish");
    turn().await;
    let messages = home.host.messages();
    assert_eq!((messages[0].payload() == large, messages[1].payload().len()), (true, 0));
    let expected = [&b"\x03\x00\x0Atext/plain"[..], b"\x26\x00\x04name\x00\x05value"].concat();
    assert_eq!((messages[0].properties(), messages[1].properties().len()), (expected, 0));
}

#[wasm_bindgen_test]
async fn the_options_are_those_of_the_wire() {
    let home = Home::new();
    home.publish("t", "kept", QOS1 | 1);
    home.broker.subscribe("t", 1, 0).expect("a filter");
    assert_eq!(home.host.messages().len(), 1, "before the call returns");
    home.broker.subscribe("t", 2, DO_NOT_SEND | RETAIN_AS_PUBLISHED).expect("a filter");
    home.broker.subscribe("t", 3, NO_LOCAL).expect("a filter");
    assert_eq!(home.publish("t", "new", 1), 1);
    assert_eq!(home.received().await, ["1 t kept 3", "1 t new 0", "2 t new 1"]);
}

#[wasm_bindgen_test]
async fn a_wrong_filter_throws() {
    let home = Home::new();
    let (code, message) = failure(home.broker.subscribe("a/#/b", 0, 0));
    assert_eq!((code.as_str(), message.starts_with("`a/#/b` ")), ("filter", true), "{message}");
    let shared = failure(home.broker.subscribe("$share/g/a", 0, 0));
    assert_eq!(
        shared,
        ("filter".to_owned(), "a broker's own subscription cannot be shared; leave out `$share/group/`".to_owned())
    );
    assert_eq!(home.publish("a", "", QOS0), 0);
}

/// A call in between ends before the next message, and what it brings comes behind what waits.
#[wasm_bindgen_test]
async fn a_handler_may_publish_subscribe_unsubscribe_and_close() {
    let home = Home::new();
    let page = home.client("ann").await;
    subscribe(&page, "#", 0).await;
    home.publish("kept", "x", 1);
    page.until("message kept").await;
    page.forget();
    home.broker.subscribe("a", 1, 0).expect("a filter");
    let broker = home.broker.clone();
    home.on_message("a first", move || {
        broker.publish_with("a", b"second", QOS0, &NONE).expect("a publish");
        broker.subscribe("kept", 2, 0).expect("a filter");
        broker.unsubscribe("a", 1);
    });
    let broker = home.broker.clone();
    home.on_message("kept", move || broker.close());
    home.publish("a", "first", QOS0);
    page.until("closed").await;
    assert_eq!(home.received().await, ["1 a first 0", "1 a second 0", "2 kept x 1"]);
    assert_eq!(page.lines().await, ["message a first", "message a second", "closed disconnected 139 undefined"]);
}

/// Many rounds in one call of the module, however deep a handler that called itself would be. A
/// turn's work is bounded, so that the page runs too before the rest.
#[wasm_bindgen_test]
async fn a_handler_that_publishes_to_itself_goes_round_without_a_deeper_stack() {
    const ROUNDS: u32 = 100_000;
    let home = Home::new();
    home.broker.subscribe("round", 1, 0).expect("a filter");
    let broker = home.broker.clone();
    let rounds = Rc::new(Cell::new(0));
    let counted = Rc::clone(&rounds);
    home.on_message("round", move || {
        counted.set(counted.get() + 1);
        if counted.get() < ROUNDS {
            broker.publish_with("round", b"", QOS0, &NONE).expect("a publish");
        }
    });
    home.publish("round", "", QOS0);
    assert!((10_000..ROUNDS).contains(&rounds.get()), "{} in one turn", rounds.get());
    while rounds.get() < ROUNDS {
        turn().await;
    }
    assert_eq!(home.received().await.len(), ROUNDS as usize);
}

#[wasm_bindgen_test]
async fn the_brokers_own_values_come_by_its_timer_until_nobody_wants_them() {
    let timers = Timers::new();
    let home = Home::with(r#"{"sysInterval": 1}"#);
    home.broker.subscribe("$SYS/broker/clients/connected", 1, 0).expect("a filter");
    assert_eq!(timers.running(), 1);
    let page = home.client("ann").await;
    let running = timers.running();
    wasm_bindgen_futures::JsFuture::from(home.host.until("message $SYS/broker/clients/connected 1", 1))
        .await
        .expect("a value");
    assert_eq!(home.received().await, ["1 $SYS/broker/clients/connected 0 1", "1 $SYS/broker/clients/connected 1 0"]);
    home.broker.unsubscribe("$SYS/broker/clients/connected", 1);
    assert_eq!(timers.running(), running - 1);
    drop(page);
    timers.restore();
}

#[wasm_bindgen_test]
async fn a_subscriber_leaves_nothing_behind() {
    let mut before = 0;
    for round in 0..40 {
        turn().await;
        if round == 20 {
            before = wasm_bindgen::externref_heap_live_count();
        }
        let home = Home::new();
        home.broker.subscribe("#", 1, 0).expect("a filter");
        home.publish("a", "x", QOS2);
        assert_eq!(home.received().await, ["1 a x 4"]);
    }
    turn().await;
    assert_eq!(wasm_bindgen::externref_heap_live_count(), before, "values of JavaScript");
}

//! The end of a client: everything is freed, and nothing is called any more.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::allocator::allocated;
use super::packets::{CONNACK, bytes, message};
use super::page::{Core, FakeSocket, Page, QOS0, QOS1, Timers, now, turn};

const NONE: JsValue = JsValue::UNDEFINED;

#[wasm_bindgen_test]
async fn disconnect_closes_the_socket_and_empties_its_slots() {
    let page = Page::connected("{}").await;
    assert_eq!(page.socket.slots(), "function function function");
    page.core.disconnect(0);
    assert_eq!(page.lines().await, ["> DISCONNECT 0", "socket closed", "closed requested undefined undefined"]);
    assert_eq!(page.socket.slots(), "null null null");
    assert_eq!(page.socket.close_calls(), 1);
}

#[wasm_bindgen_test]
async fn disconnect_before_the_socket_opens_closes_it_without_a_packet() {
    let page = Page::with("{}");
    page.core.open(&page.socket);
    turn().await;
    page.core.disconnect(0);
    assert_eq!(page.lines().await, ["socket closed", "closed requested undefined undefined"]);
    assert_eq!(page.socket.slots(), "null null null");
}

#[wasm_bindgen_test]
async fn a_client_that_has_ended_stays_so() {
    let page = Page::connected("{}").await;
    page.core.disconnect(0);
    page.until("closed").await;
    page.forget();
    let next = page.another_socket();
    page.core.disconnect(0);
    page.core.kill();
    page.core.opening();
    page.core.open(&next);
    next.open();
    assert_eq!(page.lines().await, [""; 0]);
}

#[wasm_bindgen_test]
async fn kill_closes_the_socket_without_a_packet() {
    let page = Page::connected("{}").await;
    page.core.publish("a", "x", QOS0);
    page.core.kill();
    assert_eq!(page.lines().await, ["socket closed", "closed lost undefined undefined"]);
    assert_eq!(page.socket.slots(), "null null null");
}

#[wasm_bindgen_test]
async fn free_closes_the_socket_and_empties_its_slots() {
    let page = Page::connected("{}").await;
    page.core.free().expect("a free");
    assert_eq!(page.socket.slots(), "null null null");
    assert_eq!(page.lines().await, ["socket closed"]);
}

#[wasm_bindgen_test]
async fn late_events_after_free_do_nothing() {
    let page = Page::connected(r#"{"keepAlive": 1}"#).await;
    page.core.add_handler("#", 1).expect("a filter");
    page.core.free().expect("a free");
    page.forget();
    page.socket.open();
    page.socket.receive(&message("a", "late"));
    page.socket.receive_text("late");
    page.socket.lose();
    assert_eq!(page.lines().await, [""; 0]);
}

/// A look-alike that kept the functions it was given, as one that queues its events may.
#[wasm_bindgen_test]
async fn free_takes_what_was_to_be_sent_with_it() {
    let page = Page::connected("{}").await;
    page.core.publish("a", "x", QOS1);
    page.core.publish("a", "y", QOS0);
    page.core.free().expect("a free");
    assert_eq!(page.lines().await, ["socket closed"]);
}

#[wasm_bindgen_test]
async fn nothing_is_called_after_free_inside_a_message() {
    let page = Page::connected("{}").await;
    page.core.add_handler("#", 1).expect("a filter");
    page.on_core("message a one", |core| core.free().expect("a free"));
    page.socket.receive(&[message("a", "one"), message("a", "two")].concat());
    assert_eq!(page.lines().await, ["message a one", "socket closed"]);
}

#[wasm_bindgen_test]
async fn nothing_is_called_after_free_inside_connected() {
    let page = Page::asking("{}").await;
    page.on_core("connected", |core| {
        core.publish("a", "x", QOS1);
        core.free().expect("a free");
    });
    page.forget();
    page.socket.receive(&[bytes(&CONNACK), message("a", "x")].concat());
    assert_eq!(page.lines().await, ["connected false []", "socket closed"]);
}

#[wasm_bindgen_test]
async fn a_client_may_be_freed_inside_closed() {
    let page = Page::connected("{}").await;
    page.on_core("closed", |core| {
        core.kill();
        core.free().expect("a free");
    });
    page.core.disconnect(0);
    assert_eq!(page.lines().await, ["> DISCONNECT 0", "socket closed", "closed requested undefined undefined"]);
}

#[wasm_bindgen_test]
async fn a_client_may_be_freed_when_a_request_fails() {
    let page = Page::connected("{}").await;
    page.core.subscribe("a", 0, &NONE).expect("a subscription");
    page.core.publish("a", "x", QOS1);
    turn().await;
    page.forget();
    page.on_core("failed 0", |core| core.free().expect("a free"));
    page.core.disconnect(0);
    assert_eq!(page.lines().await, ["failed 0 connection-closed undefined", "socket closed"]);
}

#[wasm_bindgen_test]
async fn a_client_has_one_timer_and_ends_without_one() {
    let timers = Timers::new();
    let page = Page::with(r#"{"keepAlive": 1}"#);
    page.core.opening();
    turn().await;
    assert_eq!(timers.running(), 1, "for the connect timeout");
    page.begin().await;
    page.accept().await;
    for _ in 0..10 {
        page.core.publish("a", "x", QOS0);
        turn().await;
    }
    assert_eq!(timers.running(), 1, "for the keep alive");
    page.core.disconnect(0);
    page.until("closed").await;
    turn().await;
    assert_eq!(timers.running(), 0);
    timers.restore();
}

#[wasm_bindgen_test]
async fn free_stops_the_timer() {
    let timers = Timers::new();
    let page = Page::with("{}");
    page.core.opening();
    turn().await;
    assert_eq!(timers.running(), 1);
    page.core.free().expect("a free");
    assert_eq!(timers.running(), 0);
    timers.restore();
}

/// Browsers hold timers back while nobody looks at the page.
#[wasm_bindgen_test]
async fn wake_does_what_a_timer_that_was_held_back_would_have_done() {
    let timers = Timers::held_back();
    let page = Page::with(r#"{"connectTimeout": 60}"#);
    page.core.opening();
    page.core.wake();
    assert_eq!(page.lines().await, [""; 0], "it is too early");
    pass(90.0);
    page.core.wake();
    assert_eq!(page.lines().await, [""; 0], "a late look gives one grace");
    pass(90.0);
    page.core.wake();
    assert_eq!(page.lines().await, ["closed connect-timeout undefined undefined"]);
    timers.restore();
}

/// Spends milliseconds without letting the page's timers run.
fn pass(milliseconds: f64) {
    let due = now() + milliseconds;
    while now() < due {}
}

/// One life of a client, with handlers, requests, and bytes both ways; freed before it has ended.
async fn live(core: &Core, socket: &FakeSocket) {
    core.opening();
    core.open(socket);
    socket.open();
    core.watch(true);
    core.add_handler("a/+", 1).expect("a filter");
    turn().await;
    socket.receive(&bytes(&CONNACK));
    core.subscribe("a/+", 1, &NONE).expect("a subscription");
    core.publish("a/b", "up", QOS1);
    socket.receive(&[message("a/b", "down"), message("a/c", "down")].concat());
    core.free().expect("a free");
}

#[wasm_bindgen_test]
async fn a_thousand_clients_leave_nothing_behind() {
    let timers = Timers::new();
    let mut before = (0, 0);
    for round in 0..1_100 {
        turn().await;
        if round == 100 {
            before = (allocated(), wasm_bindgen::externref_heap_live_count());
        }
        let page = Page::with(r#"{"keepAlive": 1}"#);
        live(&page.core, &page.socket).await;
        assert_eq!(page.socket.slots(), "null null null");
    }
    turn().await;
    // Fewer is well: a test before this one may have left values that end with its timers.
    let after = (allocated(), wasm_bindgen::externref_heap_live_count());
    assert!(after.0 <= before.0 && after.1 <= before.1, "bytes and values of JavaScript: {before:?}, then {after:?}");
    assert_eq!(timers.running(), 0);
    timers.restore();
}

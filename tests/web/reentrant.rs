//! Handlers that call back: their calls are done in order, and nothing is borrowed twice.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use wasmqtt::codec::{QoS, ReasonCode};

use super::packets::{CONNACK, bytes, message, message_of, puback, suback};
use super::page::{HostMessage, Page, QOS0, QOS1, QOS2, failure, turn};

const NONE: JsValue = JsValue::UNDEFINED;

/// A client that is connected and has handler 1 for all topics.
async fn listening() -> Page {
    let page = Page::connected("{}").await;
    page.core.add_handler("#", 1).expect("a filter");
    page
}

#[wasm_bindgen_test]
async fn what_a_message_handler_sends_keeps_its_order_on_the_wire() {
    let page = listening().await;
    page.on_core("message", |core| {
        core.publish("answer", "0", QOS0);
        core.subscribe("more/#", 1, &NONE).expect("a subscription");
        core.publish("answer", "2", QOS2);
    });
    page.socket.receive(&message_of(QoS::AtLeastOnce, 7, "ask", "x"));
    let frame = "> PUBACK 7 + PUBLISH q0 answer 0 + SUBSCRIBE 1 more/# q1 + PUBLISH q2 2 answer 2";
    assert_eq!(page.lines().await, ["message ask x", frame]);
}

#[wasm_bindgen_test]
async fn a_handler_may_subscribe_and_publish_as_soon_as_it_is_connected() {
    let page = Page::asking("{}").await;
    page.on_core("connected", |core| {
        core.subscribe("a", 2, &NONE).expect("a subscription");
        core.publish("a", "hello", QOS0);
    });
    page.forget();
    page.socket.receive(&bytes(&CONNACK));
    assert_eq!(page.lines().await, ["connected false []", "> SUBSCRIBE 1 a q2 + PUBLISH q0 a hello"]);
}

#[wasm_bindgen_test]
async fn each_done_may_publish_the_next() {
    let page = Page::connected("{}").await;
    let left = Cell::new(3_u8);
    page.on_core("done", move |core| {
        if left.replace(left.get().saturating_sub(1)) > 0 {
            core.publish("chain", "next", QOS1);
        }
    });
    page.answer(|socket, line| {
        let id = line.split(' ').nth(2).and_then(|id| id.parse().ok()).expect("a packet identifier");
        socket.receive(&puback(id));
    });
    page.core.publish("chain", "first", QOS1);
    page.until_all("done", 4).await;
    let expected = [
        "> PUBLISH q1 1 chain first",
        "done 0 0",
        "> PUBLISH q1 2 chain next",
        "done 1 0",
        "> PUBLISH q1 3 chain next",
        "done 2 0",
        "> PUBLISH q1 4 chain next",
        "done 3 0",
    ];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn handlers_that_come_and_go_inside_a_handler_count_from_the_next_message() {
    let page = listening().await;
    page.on_core("message a one", |core| {
        core.remove_handler("#", 1).expect("a filter");
        core.add_handler("a", 2).expect("a filter");
        core.add_handler("+", 3).expect("a filter");
    });
    page.socket.receive(&[message("a", "one"), message("a", "two"), message("b", "three")].concat());
    let handlers: Vec<_> = page.messages().await.iter().map(HostMessage::handlers).collect();
    assert_eq!(handlers, ["1", "2 3", "3"]);
}

#[wasm_bindgen_test]
async fn disconnect_inside_a_handler_is_the_last_packet_and_no_message_follows() {
    let page = listening().await;
    page.on_core("message a one", |core| {
        core.publish("last", "words", QOS0);
        core.disconnect(0);
        assert_eq!(failure(core.subscribe("a", 0, &NONE)).0, "ended");
    });
    page.socket.receive(&[message("a", "one"), message("a", "two")].concat());
    let expected = [
        "message a one",
        "> PUBLISH q0 last words + DISCONNECT 0",
        "socket closed",
        "closed requested undefined undefined",
    ];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn kill_inside_a_handler_sends_nothing_more() {
    let page = Page::connected(r#"{"offline": [4294967295, 0, 2, 0, 0]}"#).await;
    page.core.add_handler("#", 1).expect("a filter");
    page.on_core("message a one", |core| {
        core.publish("never", "sent", QOS0);
        core.kill();
        assert_eq!(failure(core.subscribe("a", 0, &NONE)).0, "not-connected");
    });
    page.socket.receive(&[message_of(QoS::AtLeastOnce, 1, "a", "one"), message("a", "two")].concat());
    assert_eq!(page.lines().await, ["message a one", "socket closed", "closed lost undefined undefined"]);
}

#[wasm_bindgen_test]
async fn requests_that_the_end_fails_may_call_back() {
    let page = Page::connected("{}").await;
    page.core.subscribe("a", 0, &NONE).expect("a subscription");
    page.core.publish("a", "x", QOS1);
    page.on_core("failed", |core| {
        core.kill();
        core.disconnect(0);
        assert_eq!(failure(core.unsubscribe("a")).0, "ended");
    });
    turn().await;
    page.forget();
    page.core.disconnect(4);
    let expected = [
        "failed 0 connection-closed undefined",
        "failed 1 connection-closed undefined",
        "> DISCONNECT 4",
        "socket closed",
        "closed requested undefined undefined",
    ];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn a_closed_client_may_publish_and_connect_again_at_once() {
    let page = Page::connected("{}").await;
    let next = page.another_socket();
    let socket = next.clone();
    page.on_core("closed lost", move |core| {
        core.publish("waits", "x", QOS1);
        assert_eq!(failure(core.publish_with("a", b"", QOS0, &NONE)).0, "not-connected");
        core.open(&socket);
        socket.open();
    });
    page.socket.lose();
    page.until("> CONNECT").await;
    next.receive(&bytes(&CONNACK));
    let expected = [
        "socket closed",
        "closed lost undefined undefined",
        "> CONNECT page",
        "connected false []",
        "> PUBLISH q1 1 waits x",
    ];
    assert_eq!(page.lines().await, expected);
}

/// The old socket's end must not be taken for the new one's.
#[wasm_bindgen_test]
async fn a_socket_that_ends_inside_send_does_not_end_the_next_one() {
    let page = Page::connected("{}").await;
    let next = page.another_socket();
    page.answer(|socket, line| {
        if line.starts_with("DISCONNECT") {
            socket.lose();
        }
    });
    let socket = next.clone();
    page.on_core("closed protocol", move |core| {
        core.open(&socket);
        socket.open();
    });
    page.socket.receive_text("not MQTT");
    page.until("> CONNECT").await;
    next.receive(&bytes(&CONNACK));
    let expected = [
        "> DISCONNECT 130",
        "socket closed",
        "closed protocol 130 MQTT-6.0.0-1",
        "> CONNECT page",
        "connected false []",
    ];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn a_socket_may_answer_inside_send() {
    let page = Page::with("{}");
    page.core.add_handler("echo", 1).expect("a filter");
    page.answer(|socket, line| match line {
        "CONNECT page" => socket.receive(&bytes(&CONNACK)),
        "SUBSCRIBE 1 echo q1" => socket.receive(&suback(1, ReasonCode::GrantedQoS1)),
        "PUBLISH q1 2 echo x" => {
            socket.receive(&[puback(2), message_of(QoS::AtLeastOnce, 1, "echo", "x")].concat());
        }
        _ => {}
    });
    page.on_core("connected", |core| {
        core.subscribe("echo", 1, &NONE).expect("a subscription");
    });
    page.on_core("done 0", |core| {
        core.publish("echo", "x", QOS1);
    });
    page.on_core("message", |core| core.disconnect(0));
    page.core.open(&page.socket);
    page.socket.open();
    page.until("closed").await;
    let expected = [
        "> CONNECT page",
        "connected false []",
        "> SUBSCRIBE 1 echo q1",
        "done 0 1",
        "> PUBLISH q1 2 echo x",
        "done 1 0",
        "message echo x",
        "> PUBACK 1 + DISCONNECT 0",
        "socket closed",
        "closed requested undefined undefined",
    ];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn a_frame_that_comes_while_a_message_is_handled_waits_its_turn() {
    let page = listening().await;
    let socket = page.socket.clone();
    page.on("message a one", move |_| socket.receive(&message("a", "three")));
    page.socket.receive(&[message("a", "one"), message("a", "two")].concat());
    assert_eq!(page.lines().await, ["message a one", "message a two", "message a three"]);
    // The host keeps the frame that came last, so places in the one before are not told.
    let places: Vec<_> = page.messages().await.iter().map(HostMessage::place).collect();
    assert_eq!(places, [Some(6), None, Some(6)]);
}

#[wasm_bindgen_test]
async fn large_frames_that_come_while_a_message_is_handled_arrive_whole() {
    let page = listening().await;
    let (socket, payloads) = (page.socket.clone(), ["x", "y", "z"].map(|letter| letter.repeat(20_000)));
    let frames = payloads.clone().map(|payload| message("a", &payload));
    page.on("message a one", move |_| frames.iter().for_each(|frame| socket.receive(frame)));
    page.socket.receive(&message("a", "one"));
    let messages = page.messages().await;
    assert_eq!(messages.len(), 4);
    for (message, payload) in messages[1..].iter().zip(&payloads) {
        assert!(message.payload() == payload.as_bytes(), "{} is not all there", &payload[..1]);
    }
}

#[wasm_bindgen_test]
async fn a_watcher_may_call_back() {
    let page = listening().await;
    let calls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&calls);
    page.on_core("packet", move |core| {
        counted.set(counted.get() + 1);
        if counted.get() == 1 {
            core.publish("seen", "one", QOS0);
        } else {
            core.watch(false);
        }
    });
    page.core.watch(true);
    page.socket.receive(&message("a", "x"));
    page.socket.receive(&message("a", "y"));
    page.until("> PUBLISH").await;
    turn().await;
    page.socket.receive(&message("a", "z"));
    page.until("message a z").await;
    assert_eq!(calls.get(), 2);
}

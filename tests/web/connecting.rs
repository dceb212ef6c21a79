//! A connection from CONNECT to its end, over a socket.

use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use wasmqtt::codec::{Connack, Packet, Properties, Property, QoS, ReasonCode};
use web_sys::WebSocket;

use super::packets::{CONNACK, V4, bytes, bytes_in, connack, disconnect, list, message, message_of, puback};
use super::page::{FakeSocket, Page, QOS0, QOS1, array, json, now, set, turn};

#[wasm_bindgen_test]
async fn connect_goes_out_when_the_socket_opens() {
    let page = Page::with("{}");
    page.core.open(&page.socket);
    turn().await;
    assert_eq!(page.socket.binary_type(), "arraybuffer");
    assert_eq!(page.lines().await, [""; 0], "before it opens");
    page.socket.open();
    assert_eq!(page.lines().await, ["> CONNECT page"]);
}

#[wasm_bindgen_test]
async fn connect_goes_out_at_once_on_a_socket_that_is_open_already() {
    let page = Page::with("{}");
    page.socket.open();
    page.core.open(&page.socket);
    assert_eq!(page.lines().await, ["> CONNECT page"]);
}

#[wasm_bindgen_test]
async fn connect_carries_credentials_and_will() {
    let will = json(r#"["gone", null, 3, [24, 9]]"#);
    set(&will, "1", array(b"bye"));
    let options = json(r#"{"keepAlive": 300, "properties": [17, 7], "receiveMaximum": 20}"#);
    set(&options, "will", will);
    let page = Page::with_options(&options);
    page.core.set_credentials("user", b"secret");
    page.begin().await;
    let sent = page.socket.sent(0);
    // Flags: user name, password, will retain, will QoS 1, will, clean start (§3.1.2.3).
    let connect = [
        &b"\x10\x38\x00\x04MQTT\x05\xee\x01\x2c"[..],
        b"\x08\x11\x00\x00\x00\x07\x21\x00\x14",
        b"\x00\x04page",
        b"\x05\x18\x00\x00\x00\x09\x00\x04gone\x00\x03bye",
        b"\x00\x04user\x00\x06secret",
    ];
    assert_eq!(sent, connect.concat());
}

#[wasm_bindgen_test]
async fn connack_connects_and_tells_its_properties() {
    let page = Page::asking(r#"{"clientId": ""}"#).await;
    let properties = [Property::AssignedClientIdentifier("given"), Property::MaximumQoS(true)];
    page.socket.receive(&connack(&list(&properties)));
    let line = r#"connected false [18,"given",36,true]"#;
    assert_eq!(page.lines().await, ["> CONNECT ", line]);
}

#[wasm_bindgen_test]
async fn connack_that_refuses_closes_with_its_reason() {
    let page = Page::asking("{}").await;
    let (reason, properties) = (ReasonCode::NotAuthorized, Properties::EMPTY);
    page.socket.receive(&bytes(&Packet::Connack(Connack { session_present: false, reason, properties })));
    let expected = ["> CONNECT page", "socket closed", "closed refused 135 undefined"];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn packets_are_found_in_any_split_of_the_stream() {
    let stream = [bytes(&CONNACK), message("a", "one"), message("a", "two"), message("b", "three")].concat();
    for size in [1, 2, 3, 5, 7, 11, stream.len()] {
        let page = Page::asking("{}").await;
        page.core.add_handler("#", 1).expect("a filter");
        page.forget();
        for frame in stream.chunks(size) {
            page.socket.receive(frame);
        }
        let expected = ["connected false []", "message a one", "message a two", "message b three"];
        assert_eq!(page.lines().await, expected, "in frames of {size} bytes");
    }
}

#[wasm_bindgen_test]
async fn a_text_frame_ends_the_connection_with_disconnect_first() {
    let page = Page::connected("{}").await;
    page.socket.receive_text("hello");
    let expected = ["> DISCONNECT 130", "socket closed", "closed protocol 130 MQTT-6.0.0-1"];
    assert_eq!(page.lines().await, expected);
    assert_eq!(page.socket.slots(), "null null null");
}

#[wasm_bindgen_test]
async fn a_text_frame_ends_a_connection_of_3_1_1_without_a_word() {
    let page = Page::connected(r#"{"version": 4}"#).await;
    page.socket.receive_text("hello");
    assert_eq!(page.lines().await, ["socket closed", "closed protocol 130 MQTT-6.0.0-1"]);
}

#[wasm_bindgen_test]
async fn a_malformed_packet_ends_the_connection_with_its_rule() {
    let page = Page::connected("{}").await;
    page.core.add_handler("a", 1).expect("a filter");
    // What came before it counts, what comes behind it does not; 0x36 is a PUBLISH of QoS 3.
    page.socket.receive(&[&message("a", "good")[..], b"\x36\x05\x00\x01a\x00\x00", &message("a", "late")].concat());
    page.socket.receive(&message("a", "later"));
    let expected = ["message a good", "> DISCONNECT 129", "socket closed", "closed malformed 129 MQTT-3.3.1-4"];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn a_malformed_packet_ends_a_connection_of_3_1_1_with_its_rule() {
    let page = Page::connected(r#"{"version": 4}"#).await;
    page.socket.receive(b"\x36\x05\x00\x01a\x00\x01");
    assert_eq!(page.lines().await, ["socket closed", "closed malformed 129 MQTT-3.3.1-4"]);
}

#[wasm_bindgen_test]
async fn a_packet_at_the_wrong_time_breaks_the_protocol() {
    let page = Page::asking("{}").await;
    page.socket.receive(&message("a", "early"));
    let expected = ["> CONNECT page", "> DISCONNECT 130", "socket closed", "closed protocol 130 MQTT-3.2.0-1"];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn disconnect_from_the_broker_closes_with_its_reason() {
    let page = Page::connected("{}").await;
    page.socket.receive(&disconnect(ReasonCode::ServerShuttingDown));
    assert_eq!(page.lines().await, ["socket closed", "closed disconnected 139 undefined"]);
}

#[wasm_bindgen_test]
async fn a_lost_socket_closes_and_fails_what_was_asked() {
    let page = Page::connected(r#"{"offline": [4294967295, 0, 2, 0, 0]}"#).await;
    let request = page.core.subscribe("a", 1, &wasm_bindgen::JsValue::UNDEFINED).expect("a subscription");
    page.socket.lose();
    let failed = format!("failed {request} connection-closed undefined");
    let expected = [failed.as_str(), "socket closed", "closed lost undefined undefined"];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn what_came_before_the_loss_is_read_first() {
    let page = Page::connected("{}").await;
    let socket = page.socket.clone();
    page.core.add_handler("a", 1).expect("a filter");
    page.on("message a one", move |_| socket.lose());
    page.socket.receive(&[message("a", "one"), message("a", "two")].concat());
    let expected = ["message a one", "message a two", "socket closed", "closed lost undefined undefined"];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn a_socket_that_never_opens_times_out() {
    let page = Page::with(r#"{"connectTimeout": 50}"#);
    let start = now();
    page.core.opening();
    page.core.open(&page.socket);
    page.until("closed").await;
    assert!(now() - start >= 50.0, "after {} ms", now() - start);
    assert_eq!(page.lines().await, ["socket closed", "closed connect-timeout undefined undefined"]);
}

#[wasm_bindgen_test]
async fn a_socket_that_is_never_made_times_out() {
    let page = Page::with(r#"{"connectTimeout": 50}"#);
    page.core.opening();
    page.until("closed").await;
    assert_eq!(page.lines().await, ["closed connect-timeout undefined undefined"]);
}

#[wasm_bindgen_test]
async fn a_broker_that_does_not_answer_times_out() {
    let page = Page::asking(r#"{"connectTimeout": 50}"#).await;
    page.until("closed").await;
    let expected = ["> CONNECT page", "socket closed", "closed connect-timeout undefined undefined"];
    assert_eq!(page.lines().await, expected);
}

/// Nothing listens there; the events are the browser's own.
#[wasm_bindgen_test]
async fn a_websocket_of_the_browser_that_cannot_connect_is_lost() {
    let page = Page::with("{}");
    page.core.open(&browser_socket());
    page.until("closed").await;
    assert_eq!(page.lines().await, ["closed lost undefined undefined"]);
}

#[wasm_bindgen_test]
async fn a_websocket_of_the_browser_is_let_go_while_it_connects() {
    let page = Page::with("{}");
    let socket = browser_socket();
    page.core.open(&socket);
    turn().await;
    page.core.free().expect("a free");
    let socket: WebSocket = socket.unchecked_into();
    assert!(socket.onopen().is_none() && socket.onmessage().is_none() && socket.onclose().is_none());
    assert_eq!(socket.ready_state(), WebSocket::CLOSING);
}

fn browser_socket() -> FakeSocket {
    WebSocket::new("ws://127.0.0.1:65535/").expect("a URL").unchecked_into()
}

#[wasm_bindgen_test]
async fn a_quiet_connection_is_pinged_and_a_silent_broker_given_up() {
    let start = now();
    let page = Page::connected(r#"{"keepAlive": 1}"#).await;
    page.until_all("> PINGREQ", 1).await;
    assert!(now() - start >= 999.0, "after {} ms", now() - start);
    page.socket.receive(b"\xd0\x00");
    page.until_all("> PINGREQ", 2).await;
    assert!(now() - start >= 1998.0, "after {} ms", now() - start);
    page.until("closed").await;
    assert!(now() - start >= 2997.0, "after {} ms", now() - start);
    let lines = page.lines().await;
    // A machine that slept pings once more before it gives up.
    let end: Vec<_> = lines.iter().filter(|line| *line != "> PINGREQ").collect();
    assert_eq!(end, ["> DISCONNECT 128", "socket closed", "closed keep-alive 141 undefined"]);
}

#[wasm_bindgen_test]
async fn packets_of_one_turn_share_a_frame() {
    let page = Page::connected("{}").await;
    page.core.publish("a", "0", QOS0);
    page.core.publish("b", "1", QOS1);
    page.core.publish("c", "2", QOS0);
    assert_eq!(page.host.lines(), [""; 0], "before the turn ends");
    assert_eq!(page.lines().await, ["> PUBLISH q0 a 0 + PUBLISH q1 1 b 1 + PUBLISH q0 c 2"]);
    page.forget();
    // What a frame asks for goes out in one as well.
    page.socket
        .receive(&[message_of(QoS::AtLeastOnce, 9, "d", "3"), message_of(QoS::ExactlyOnce, 8, "d", "4")].concat());
    page.socket.receive(&puback(1));
    let last = page.lines().await;
    assert_eq!(last.last().map(String::as_str), Some("> PUBACK 9 + PUBREC 8"));
}

#[wasm_bindgen_test]
async fn a_client_connects_again_with_its_session() {
    let page = Page::connected(r#"{"cleanStart": 0, "properties": [17, 60]}"#).await;
    page.core.publish("a", "kept", QOS1);
    turn().await;
    page.socket.lose();
    page.until("closed").await;
    let socket = page.another_socket();
    page.forget();
    page.core.open(&socket);
    socket.open();
    page.until("> CONNECT").await;
    let (reason, properties) = (ReasonCode::Success, Properties::EMPTY);
    socket.receive(&bytes(&Packet::Connack(Connack { session_present: true, reason, properties })));
    socket.receive(&puback(1));
    // What comes with CONNACK is read in the next task.
    let expected = ["> CONNECT page", "connected true []", "> PUBLISH q1 1 a kept", "done 0 0"];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn all_qualities_pass_in_3_1_1() {
    let page = Page::connected(r#"{"version": 4}"#).await;
    page.core.add_handler("#", 1).expect("a filter");
    page.core.publish("a", "up", QOS1);
    page.until("> PUBLISH q1 1 a up").await;
    page.socket.receive(b"\x40\x02\x00\x01");
    let publish = super::packets::publish("a", "down");
    page.socket.receive(&bytes_in(V4, &Packet::Publish(publish)));
    assert_eq!(page.lines().await, ["> PUBLISH q1 1 a up", "done 0 0", "message a down"]);
}

/// It has no event any more.
#[wasm_bindgen_test]
async fn a_socket_that_is_closed_when_it_is_given_ends_the_connection() {
    let page = Page::with("{}");
    page.socket.lose();
    page.core.open(&page.socket);
    assert_eq!(page.lines().await, ["socket closed", "closed lost undefined undefined"]);
}

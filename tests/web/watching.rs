//! A watched client tells every packet that passes.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use wasmqtt::codec::{PacketKind, PropertiesBuf, QoS, ReasonCode};

use super::packets::{ack, connack, disconnect, message, message_of, suback, unsuback};
use super::page::{Page, QOS0, QOS1, QOS2};

const NONE: JsValue = JsValue::UNDEFINED;

/// The lines that tell packets: outgoing, first byte, packet identifier, reason code, topic, length
/// of the payload, bytes.
async fn packets(page: &Page) -> Vec<String> {
    let lines = page.lines().await;
    lines.iter().filter_map(|line| line.strip_prefix("packet ")).map(str::to_owned).collect()
}

#[wasm_bindgen_test]
async fn packets_are_told_both_ways_with_their_fields() {
    let page = Page::with(r#"{"clientId": "w"}"#);
    page.core.watch(true);
    page.begin().await;
    page.socket.receive(&connack(&PropertiesBuf::new()));
    page.core.subscribe("a", 1, &NONE).expect("a request");
    page.core.publish("t", "0", QOS0);
    page.core.publish("t", "2", QOS2 | 1);
    page.until("> SUBSCRIBE").await;
    page.socket.receive(&suback(1, ReasonCode::GrantedQoS1));
    page.socket.receive(&ack(PacketKind::Pubrec, 2, ReasonCode::Success));
    page.until("> PUBREL").await;
    page.socket.receive(&ack(PacketKind::Pubcomp, 2, ReasonCode::Success));
    page.socket.receive(&message_of(QoS::AtLeastOnce, 513, "a/b", "hey"));
    page.until("> PUBACK").await;
    page.core.unsubscribe("a").expect("a request");
    page.until("> UNSUBSCRIBE").await;
    page.socket.receive(&unsuback(3, ReasonCode::NoSubscriptionExisted));
    page.socket.receive(&disconnect(ReasonCode::AdministrativeAction));
    let expected = [
        "true 16 0 -1 undefined -1 100e00044d5154540502000000000177",
        "false 32 0 0 undefined -1 2003000000",
        "true 130 1 -1 undefined -1 820700010000016101",
        "true 48 0 -1 t 1 30050001740030",
        "true 53 2 -1 t 1 350700017400020032",
        "false 144 1 1 undefined -1 900400010001",
        "false 80 2 0 undefined -1 50020002",
        "true 98 2 0 undefined -1 62020002",
        "false 112 2 0 undefined -1 70020002",
        "false 50 513 -1 a/b 3 320b0003612f62020100686579",
        "true 64 513 0 undefined -1 40020201",
        "true 162 3 -1 undefined -1 a206000300000161",
        "false 176 3 17 undefined -1 b00400030011",
        "false 224 0 152 undefined -1 e00198",
    ];
    assert_eq!(packets(&page).await, expected);
}

#[wasm_bindgen_test]
async fn packets_of_3_1_1_are_told_as_well() {
    let page = Page::with(r#"{"clientId": "w", "version": 4}"#);
    page.core.watch(true);
    page.begin().await;
    page.accept().await;
    page.core.unsubscribe("a").expect("a request");
    page.core.disconnect(0);
    assert_eq!(packets(&page).await, ["true 162 1 -1 undefined -1 a2050001000161", "true 224 0 0 undefined -1 e000"]);
}

#[wasm_bindgen_test]
async fn a_packet_is_told_before_what_comes_of_it() {
    let page = Page::connected("{}").await;
    page.core.add_handler("#", 1).expect("a filter");
    page.core.watch(true);
    page.core.publish("b", "out", QOS1);
    page.socket.receive(&[message("a", "one"), message("a", "two")].concat());
    let expected = [
        "packet false 48 0 -1 a 3 3007000161006f6e65",
        "packet false 48 0 -1 a 3 30070001610074776f",
        "message a one",
        "message a two",
        "packet true 50 1 -1 b 3 32090001620001006f7574",
        "> PUBLISH q1 1 b out",
    ];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn a_packet_over_several_frames_is_told_whole_to_who_watches_since_its_middle() {
    let page = Page::connected("{}").await;
    let publish = message("a", "split");
    for cut in 1..publish.len() {
        page.forget();
        page.socket.receive(&publish[..cut]);
        page.core.watch(true);
        page.socket.receive(&publish[cut..]);
        assert_eq!(packets(&page).await, ["false 48 0 -1 a 5 30090001610073706c6974"], "cut at {cut}");
        page.core.watch(false);
    }
}

#[wasm_bindgen_test]
async fn nothing_is_told_before_and_after_the_watch() {
    let page = Page::connected("{}").await;
    page.socket.receive(&message("a", "before"));
    page.core.watch(true);
    page.core.watch(true);
    page.socket.receive(&message("a", "while"));
    page.core.watch(false);
    page.socket.receive(&message("a", "after"));
    page.core.publish("a", "after", QOS0);
    let lines = packets(&page).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].ends_with("7768696c65"), "{lines:?}");
}

#[wasm_bindgen_test]
async fn what_comes_before_a_malformed_packet_is_told() {
    let page = Page::connected("{}").await;
    page.core.watch(true);
    page.socket.receive(&[&message("a", "x")[..], b"\xf1\x00", &message("a", "y")].concat());
    let expected = ["false 48 0 -1 a 1 30050001610078", "true 224 0 129 undefined -1 e00181"];
    assert_eq!(packets(&page).await, expected);
}

#[wasm_bindgen_test]
async fn another_connection_begins_with_its_first_packet() {
    let page = Page::connected("{}").await;
    page.core.watch(true);
    page.socket.receive(&message("a", "half")[..5]);
    page.socket.lose();
    page.until("closed").await;
    let next = page.another_socket();
    page.forget();
    page.core.open(&next);
    next.open();
    page.until("> CONNECT").await;
    next.receive(&connack(&PropertiesBuf::new()));
    let lines = packets(&page).await;
    assert_eq!(lines[1..], ["false 32 0 0 undefined -1 2003000000"], "{lines:?}");
}

//! Requests and how they end, and calls that throw.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use wasmqtt::codec::{PacketKind, PropertiesBuf, Property, ReasonCode};
use wasmqtt::wasm::check;

use super::packets::{ack, connack, list, puback, suback, unsuback};
use super::page::{Page, QOS0, QOS1, QOS2, array, failure, failure_with_reason, get, json, set, turn};

const NONE: JsValue = JsValue::UNDEFINED;

/// A client whose broker said this in CONNACK.
async fn with_broker(properties: &[Property<'_>]) -> Page {
    let page = Page::asking("{}").await;
    page.socket.receive(&connack(&list(properties)));
    page.until("connected").await;
    turn().await;
    page.forget();
    page
}

#[wasm_bindgen_test]
async fn subscribe_sends_its_options_and_ends_with_what_was_granted() {
    let page = Page::connected("{}").await;
    let properties = json(r#"[11, 7, 38, ["k", "v"]]"#);
    // Retain handling 2, retain as published, no local, QoS 2.
    let first = page.core.subscribe("a/+", 0b10_1110, &properties).expect("a subscription");
    let second = page.core.subscribe("b", 2, &NONE).expect("a subscription");
    assert!(second > first);
    page.until("> SUBSCRIBE").await;
    let sent = [
        &b"\x82\x12\x00\x01\x09\x0b\x07\x26\x00\x01k\x00\x01v\x00\x03a/+\x2e"[..],
        b"\x82\x07\x00\x02\x00\x00\x01b\x02",
    ];
    assert_eq!(page.socket.sent(1), sent.concat());
    page.forget();
    page.socket.receive(&suback(2, ReasonCode::NotAuthorized));
    page.socket.receive(&suback(1, ReasonCode::GrantedQoS1));
    assert_eq!(page.lines().await, [format!("failed {second} filter-refused 135"), format!("done {first} 1")]);
}

#[wasm_bindgen_test]
async fn unsubscribe_ends_with_the_reason() {
    let page = Page::connected("{}").await;
    let requests = ["a/#", "b", "c"].map(|filter| page.core.unsubscribe(filter).expect("a request"));
    page.until("> UNSUBSCRIBE 1 a/# + UNSUBSCRIBE 2 b + UNSUBSCRIBE 3 c").await;
    page.forget();
    page.socket.receive(&unsuback(1, ReasonCode::Success));
    page.socket.receive(&unsuback(2, ReasonCode::NoSubscriptionExisted));
    page.socket.receive(&unsuback(3, ReasonCode::NotAuthorized));
    let [first, second, third] = requests;
    let expected =
        [format!("done {first} 0"), format!("done {second} 17"), format!("failed {third} filter-refused 135")];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn publishing_ends_with_the_last_acknowledgement() {
    let page = Page::connected("{}").await;
    assert_eq!(page.core.publish("a", "0", QOS0), None);
    let once = page.core.publish("a", "1", QOS1 | 1).expect("a request");
    let twice = page.core.publish("a", "2", QOS2).expect("a request");
    page.until("> PUBLISH q0 a 0 + PUBLISH q1 1 a 1 + PUBLISH q2 2 a 2").await;
    page.forget();
    page.socket.receive(&ack(PacketKind::Pubrec, 2, ReasonCode::Success));
    page.socket.receive(&ack(PacketKind::Puback, 1, ReasonCode::NoMatchingSubscribers));
    page.until("> PUBREL 2").await;
    page.socket.receive(&ack(PacketKind::Pubcomp, 2, ReasonCode::Success));
    assert_eq!(page.lines().await, [format!("done {once} 16"), "> PUBREL 2".to_owned(), format!("done {twice} 0")]);
}

#[wasm_bindgen_test]
async fn a_message_that_the_broker_refuses_fails() {
    let page = Page::connected("{}").await;
    let once = page.core.publish("a", "1", QOS1).expect("a request");
    let twice = page.core.publish("a", "2", QOS2).expect("a request");
    page.until("> PUBLISH").await;
    page.forget();
    page.socket.receive(&ack(PacketKind::Puback, 1, ReasonCode::QuotaExceeded));
    page.socket.receive(&ack(PacketKind::Pubrec, 2, ReasonCode::NotAuthorized));
    assert_eq!(page.lines().await, [format!("failed {once} refused 151"), format!("failed {twice} refused 135")]);
}

#[wasm_bindgen_test]
async fn no_more_is_in_flight_than_the_broker_takes() {
    let page = with_broker(&[Property::ReceiveMaximum(2)]).await;
    for payload in ["1", "2", "3"] {
        page.core.publish("a", payload, QOS1);
    }
    page.until("> PUBLISH q1 1 a 1 + PUBLISH q1 2 a 2").await;
    assert_eq!(page.lines().await.len(), 1);
    page.socket.receive(&puback(2));
    page.until("> PUBLISH q1 3 a 3").await;
}

#[wasm_bindgen_test]
async fn a_lost_session_fails_what_was_in_flight() {
    let page = Page::connected(r#"{"cleanStart": 0}"#).await;
    let sent = page.core.publish("a", "sent", QOS1).expect("a request");
    page.until("> PUBLISH").await;
    page.socket.lose();
    page.until("closed").await;
    let queued = page.core.publish("a", "queued", QOS1).expect("a request");
    page.forget();
    let next = page.another_socket();
    page.core.open(&next);
    next.open();
    page.until("> CONNECT").await;
    next.receive(&connack(&PropertiesBuf::new()));
    page.until("> PUBLISH q1 2 a queued").await;
    next.receive(&puback(2));
    let lines = page.lines().await;
    assert!(lines.contains(&format!("failed {sent} session-lost undefined")), "{lines:?}");
    assert!(lines.contains(&format!("done {queued} 0")), "{lines:?}");
}

#[wasm_bindgen_test]
async fn a_message_that_waited_and_is_too_large_fails() {
    let page = Page::with("{}");
    let request = page.core.publish("a", &"x".repeat(100), QOS1).expect("a request");
    page.begin().await;
    page.forget();
    page.socket.receive(&connack(&list(&[Property::MaximumPacketSize(50)])));
    let lines = page.lines().await;
    assert_eq!(lines[1..], [format!("failed {request} too-large 149")], "{lines:?}");
}

#[wasm_bindgen_test]
async fn what_the_broker_does_not_support_throws_with_its_reason() {
    let page = with_broker(&[
        Property::MaximumQoS(true),
        Property::RetainAvailable(false),
        Property::MaximumPacketSize(100),
        Property::WildcardSubscriptionAvailable(false),
        Property::SubscriptionIdentifierAvailable(false),
        Property::SharedSubscriptionAvailable(false),
    ])
    .await;
    let identifier = json("[11, 1]");
    let core = &page.core;
    let rows = [
        (core.publish_with("a", b"", QOS2, &NONE).map(drop), ReasonCode::QoSNotSupported),
        (core.publish_with("a", b"", 1, &NONE).map(drop), ReasonCode::RetainNotSupported),
        (core.publish_with("a", &[0; 100], QOS0, &NONE).map(drop), ReasonCode::PacketTooLarge),
        (core.publish_with("a", &[0; 100], QOS1, &NONE).map(drop), ReasonCode::PacketTooLarge),
        (core.subscribe("a/+", 0, &NONE).map(drop), ReasonCode::WildcardSubscriptionsNotSupported),
        (core.subscribe("$share/g/a", 0, &NONE).map(drop), ReasonCode::SharedSubscriptionsNotSupported),
        (core.subscribe("a", 0, &identifier).map(drop), ReasonCode::SubscriptionIdentifiersNotSupported),
        (core.unsubscribe(&"x".repeat(100)).map(drop), ReasonCode::PacketTooLarge),
    ];
    for (result, reason) in rows {
        let (kind, message, given) = failure_with_reason(result);
        assert_eq!((kind.as_str(), given), ("not-supported", Some(reason.value())), "{message}");
    }
    assert_eq!(page.lines().await, [""; 0], "something was sent");
}

#[wasm_bindgen_test]
async fn a_wrong_argument_throws_and_is_named() {
    let page = Page::connected("{}").await;
    let core = &page.core;
    let rows = [
        (core.publish_with("a/+", b"", QOS0, &NONE).map(drop), "topic", "a/+"),
        (core.publish_with("", b"", QOS1, &NONE).map(drop), "topic", "at least one character"),
        (core.publish_with("a\0", b"", QOS1, &NONE).map(drop), "topic", "U+0000"),
        (core.publish_with("a", b"", 6, &NONE).map(drop), "option", "0, 1 or 2"),
        (core.subscribe("a/#/b", 0, &NONE).map(drop), "filter", "a/#/b"),
        (core.subscribe("a", 3, &NONE).map(drop), "option", "options"),
        (core.subscribe("a", 0x80, &NONE).map(drop), "option", "options"),
        (core.unsubscribe("a+").map(drop), "filter", "a+"),
        (core.add_handler("$share/g", 1), "filter", "$share/g"),
        (core.remove_handler("", 1), "filter", "at least one character"),
        (check("a/#", false), "topic", "a/#"),
        (check("#/a", true), "filter", "#/a"),
    ];
    for (result, code, says) in rows {
        let (thrown, message) = failure(result);
        assert_eq!(thrown, code, "{message}");
        assert!(message.contains(says), "{message} lacks {says}");
    }
    check("$SYS//ü", false).expect("a topic name");
    check("$share/g/+/#", true).expect("a filter");
    assert_eq!(page.lines().await, [""; 0], "something was sent");
}

#[wasm_bindgen_test]
async fn calls_at_the_wrong_time_throw() {
    let page = Page::with(r#"{"queueMessages": 2, "queueBytes": 10}"#);
    let core = &page.core;
    let keeps_nothing = Page::with(r#"{"offline": [4294967295, 0, 2, 0, 0]}"#);
    for core in [&keeps_nothing.core, core] {
        assert_eq!(failure(core.publish_with("a", b"", QOS0, &NONE)).0, "not-connected");
    }
    assert_eq!(failure(keeps_nothing.core.subscribe("a", 0, &NONE)).0, "not-connected");
    assert_eq!(failure(keeps_nothing.core.unsubscribe("a")).0, "not-connected");
    core.publish_with("a", b"", QOS1, &NONE).expect("room for one");
    assert_eq!(failure(core.publish_with("a", &[0; 10], QOS1, &NONE)).0, "queue-full");
    core.publish_with("a", b"", QOS2, &NONE).expect("room for two");
    let result = core.publish_with("a", b"", QOS1, &NONE);
    let (kind, _, reason) = failure_with_reason(result);
    assert_eq!((kind.as_str(), reason), ("queue-full", Some(0x97)));
    core.disconnect(0);
    for result in [core.publish_with("a", b"", QOS0, &NONE), core.publish_with("a", b"", QOS1, &NONE)] {
        assert_eq!(failure(result).0, "ended");
    }
    let expected = ["failed 0 connection-closed undefined", "failed 1 connection-closed undefined"];
    assert_eq!(page.lines().await, expected);
}

#[wasm_bindgen_test]
async fn all_packet_identifiers_can_be_under_way_and_no_more() {
    let page = Page::connected("{}").await;
    for _ in 0..65_535 {
        page.core.unsubscribe("a").expect("a request");
    }
    assert_eq!(failure(page.core.unsubscribe("a")).0, "no-packet-id");
    page.core.free().expect("a free");
}

#[wasm_bindgen_test]
fn a_wrong_will_throws() {
    let will = |text: &str| {
        let options = json(&format!(r#"{{"will": {text}}}"#));
        set(&get(&options, "will"), "1", array(b"x"));
        failure(Page::try_with_options(&options)).0
    };
    assert_eq!(will(r#"["a/#", null, 0, []]"#), "topic");
    assert_eq!(will(r#"["a", null, 6, []]"#), "option");
}

#[wasm_bindgen_test]
async fn options_that_make_no_connect_close_before_anything_is_sent() {
    let options = json("{}");
    set(&options, "clientId", "x".repeat(65_536));
    let page = Page::with_options(&options);
    page.core.open(&page.socket);
    page.socket.open();
    assert_eq!(page.lines().await, ["socket closed", "closed options undefined undefined"]);
}

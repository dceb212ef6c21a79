//! Properties as plain objects, on the way out and on the way in.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use wasmqtt::codec::{Packet, Property, Publish};
use wasmqtt::wasm::read_properties;

use super::packets::{bytes, connack, list, publish};
use super::page::{Page, QOS0, array, failure, get, json, set, text};

/// Every property that a PUBLISH may have on its way to a broker.
fn of_a_message() -> JsValue {
    let properties = json(
        r#"{
            "payloadFormatIndicator": true,
            "messageExpiryInterval": 4294967295,
            "contentType": "text/plain; ü",
            "responseTopic": "answers/1",
            "userProperties": [["a", "1"], ["b", ""], ["a", "2"]]
        }"#,
    );
    set(&properties, "correlationData", array(&[0, 255, 7]));
    properties
}

#[wasm_bindgen_test]
async fn all_properties_of_a_message_come_back_as_they_were_given() {
    let page = Page::connected("{}").await;
    page.core.add_handler("#", 1).expect("a filter");
    page.core.publish_with("a", b"x", QOS0, &of_a_message()).expect("a publish");
    page.until("> PUBLISH").await;
    page.socket.receive(&page.socket.sent(1));
    let back = read_properties(&page.messages().await[0].properties()).into();
    let (there, data) = (of_a_message(), "correlationData");
    assert_eq!(js_sys::Uint8Array::new(&get(&back, data)).to_vec(), [0, 255, 7]);
    for name in ["payloadFormatIndicator", "messageExpiryInterval", "contentType", "responseTopic", "userProperties"] {
        assert_eq!(text(&get(&back, name)), text(&get(&there, name)), "{name}");
    }
    assert_eq!(js_sys::Object::keys(&back.into()).length(), 6);
}

#[wasm_bindgen_test]
async fn what_only_a_broker_says_of_a_message_is_told() {
    let page = Page::connected(r#"{"topicAliasMaximum": 9}"#).await;
    let list = list(&[
        Property::SubscriptionIdentifier(1),
        Property::TopicAlias(9),
        Property::SubscriptionIdentifier(268_435_455),
    ]);
    page.socket.receive(&bytes(&Packet::Publish(Publish { properties: list.as_properties(), ..publish("a", "x") })));
    let told = text(&read_properties(&page.messages().await[0].properties()));
    assert_eq!(told, r#"{"topicAlias":9,"subscriptionIdentifiers":[1,268435455]}"#);
}

#[wasm_bindgen_test]
async fn all_properties_of_connack_are_told() {
    let page = Page::asking("{}").await;
    let list = list(&[
        Property::SessionExpiryInterval(0),
        Property::ReceiveMaximum(65_535),
        Property::MaximumQoS(false),
        Property::RetainAvailable(false),
        Property::MaximumPacketSize(4_294_967_295),
        Property::AssignedClientIdentifier("name"),
        Property::TopicAliasMaximum(65_535),
        Property::ReasonString("why"),
        Property::UserProperty("k", "v"),
        Property::WildcardSubscriptionAvailable(true),
        Property::SubscriptionIdentifierAvailable(false),
        Property::SharedSubscriptionAvailable(true),
        Property::ServerKeepAlive(0),
        Property::ResponseInformation("info"),
        Property::ServerReference("there"),
        Property::AuthenticationMethod("method"),
        Property::AuthenticationData(b"\x01"),
    ]);
    page.socket.receive(&connack(&list));
    let told = concat!(
        r#"connected false {"sessionExpiryInterval":0,"receiveMaximum":65535,"maximumQos":0,"retainAvailable":false,"#,
        r#""maximumPacketSize":4294967295,"assignedClientIdentifier":"name","topicAliasMaximum":65535,"#,
        r#""reasonString":"why","wildcardSubscriptionAvailable":true,"subscriptionIdentifierAvailable":false,"#,
        r#""sharedSubscriptionAvailable":true,"serverKeepAlive":0,"responseInformation":"info","#,
        r#""serverReference":"there","authenticationMethod":"method","authenticationData":{"0":1},"#,
        r#""userProperties":[["k","v"]]}"#,
    );
    assert_eq!(page.lines().await[1], told);
}

/// Name, value, and what is said besides the name. The rest the face has checked.
fn wrong_values() -> Vec<(&'static str, JsValue, &'static str)> {
    let type_of_another = "a value that the property's type does not have";
    vec![
        ("contentTyp", "x".into(), "is no property"),
        ("subscriptionIdentifiers", 1.into(), "is no property"),
        ("payloadFormatIndicator", 1.into(), type_of_another),
        ("requestProblemInformation", "yes".into(), type_of_another),
        ("messageExpiryInterval", "1".into(), type_of_another),
        ("contentType", 7.into(), type_of_another),
        ("contentType", array(b"x"), type_of_another),
        ("correlationData", "x".into(), type_of_another),
        ("userProperties", true.into(), type_of_another),
        ("subscriptionIdentifier", 268_435_456.into(), type_of_another),
        ("contentType", "a\0b".into(), "U+0000"),
        ("contentType", "x".repeat(65_536).into(), "65,535"),
        ("correlationData", array(&[0; 65_536]), "65,535"),
        ("userProperties", json(r#"[["a", "\u0000"]]"#), "U+0000"),
    ]
}

#[wasm_bindgen_test]
async fn a_wrong_property_throws_and_is_named() {
    let page = Page::connected("{}").await;
    for (name, value, problem) in wrong_values() {
        let properties = json("{}");
        set(&properties, name, value.clone());
        let (code, message) = failure(page.core.publish_with("a", b"x", QOS0, &properties));
        assert_eq!(code, "property", "{name}: {value:?}");
        assert!(message.starts_with(&format!("{name}: ")) && message.contains(problem), "{name}: {message}");
        assert_eq!(failure(page.core.subscribe("a", 0, &properties)), (code, message));
    }
    assert_eq!(page.lines().await, [""; 0], "something was sent");
}

#[wasm_bindgen_test]
async fn a_wrong_property_of_the_options_throws_and_is_named() {
    let options = json(r#"{"properties": {"sessionExpiryInterval": "1"}}"#);
    let (code, message) = failure(Page::try_with_options(&options));
    assert_eq!((code.as_str(), message.starts_with("sessionExpiryInterval: ")), ("property", true), "{message}");
    let options = json(r#"{"will": {"topic": "a", "flags": 0, "properties": {"wildDelay": 1}}}"#);
    set(&get(&options, "will"), "payload", array(b""));
    let (code, message) = failure(Page::try_with_options(&options));
    assert_eq!((code.as_str(), message.as_str()), ("property", "wildDelay: is no property"));
}

#[wasm_bindgen_test]
async fn a_property_that_belongs_elsewhere_is_not_sent() {
    let page = Page::connected("{}").await;
    for properties in [
        r#"{"willDelayInterval": 1}"#,
        r#"{"responseTopic": "a/#"}"#,
        r#"{"maximumQos": true}"#,
        r#"{"subscriptionIdentifier": 0}"#,
    ] {
        for flags in [0, 2, 4] {
            let (code, message) = failure(page.core.publish_with("a", b"x", flags, &json(properties)));
            assert_eq!(code, "encode", "{properties}: {message}");
        }
    }
    assert_eq!(failure(page.core.subscribe("a", 0, &json(r#"{"contentType": "x"}"#))).0, "encode");
    assert_eq!(page.lines().await, [""; 0], "something was sent");
}

#[wasm_bindgen_test]
async fn what_is_undefined_is_left_out() {
    let page = Page::connected("{}").await;
    let properties = json("{}");
    for name in ["contentType", "messageExpiryInterval", "userProperties", "unknown"] {
        set(&properties, name, JsValue::UNDEFINED);
    }
    page.core.publish_with("a", b"x", QOS0, &properties).expect("a publish");
    page.until("> PUBLISH").await;
    assert_eq!(page.socket.sent(1), b"\x30\x05\x00\x01a\x00x");
}

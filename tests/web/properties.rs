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
        r#"[1, 1, 2, 4294967295, 3, "text/plain; ü", 8, "answers/1", 38, ["a", "1"], 38, ["b", ""], 38, ["a", "2"], 9]"#,
    );
    set(&properties, "15", array(&[0, 255, 7]));
    properties
}

#[wasm_bindgen_test]
async fn all_properties_of_a_message_come_back_as_they_were_given() {
    let page = Page::connected("{}").await;
    page.core.add_handler("#", 1).expect("a filter");
    page.core.publish_with("a", b"x", QOS0, &of_a_message()).expect("a publish");
    page.until("> PUBLISH").await;
    page.socket.receive(&page.socket.sent(1));
    let back = read_properties(&page.messages().await[0].properties());
    // Booleans go out as numbers.
    assert_eq!(text(&back), text(&of_a_message()).replacen("[1,1,", "[1,true,", 1));
    assert_eq!(js_sys::Uint8Array::new(&get(&back, "15")).to_vec(), [0, 255, 7]);
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
    assert_eq!(told, "[11,1,35,9,11,268435455]");
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
        r#"connected false [17,0,33,65535,36,false,37,false,39,4294967295,18,"name",34,65535,31,"why",38,["k","v"],"#,
        r#"40,true,41,false,42,true,19,0,26,"info",28,"there",21,"method",22,{"0":1}]"#,
    );
    assert_eq!(page.lines().await[1], told);
}

/// A property and what is said of it. The rest the face has checked.
fn wrong_values() -> Vec<(u8, JsValue, &'static str)> {
    let type_of_another = "a value that does not fit the property's type";
    vec![
        (0, "x".into(), "there is no such property"),
        (255, "x".into(), "there is no such property"),
        (11, 268_435_456.into(), type_of_another),
        (3, "a\0b".into(), "U+0000"),
        (3, "x".repeat(65_536).into(), "65,535"),
        (9, array(&[0; 65_536]), "65,535"),
        (38, json(r#"["a", "\u0000"]"#), "U+0000"),
    ]
}

#[wasm_bindgen_test]
async fn a_wrong_property_throws() {
    let page = Page::connected("{}").await;
    for (id, value, problem) in wrong_values() {
        let properties = json(&format!("[{id}]"));
        set(&properties, "1", value.clone());
        let (code, message) = failure(page.core.publish_with("a", b"x", QOS0, &properties));
        assert_eq!(code, "property", "{id}: {value:?}");
        assert!(message.contains(problem), "{id}: {message}");
        assert_eq!(failure(page.core.subscribe("a", 0, &properties)), (code, message));
    }
    assert_eq!(page.lines().await, [""; 0], "something was sent");
}

#[wasm_bindgen_test]
async fn a_wrong_property_of_the_options_throws() {
    let options = json(r#"{"properties": [255, 1]}"#);
    assert_eq!(failure(Page::try_with_options(&options)).0, "property");
    let options = json(r#"{"will": ["a", null, 0, [0, 1]]}"#);
    set(&get(&options, "will"), "1", array(b""));
    let (code, message) = failure(Page::try_with_options(&options));
    assert_eq!((code.as_str(), message.as_str()), ("property", "there is no such property"));
}

#[wasm_bindgen_test]
async fn a_property_that_belongs_elsewhere_is_not_sent() {
    let page = Page::connected("{}").await;
    for properties in ["[24, 1]", r#"[8, "a/#"]"#, "[36, 1]", "[11, 0]"] {
        for flags in [0, 2, 4] {
            let (code, message) = failure(page.core.publish_with("a", b"x", flags, &json(properties)));
            assert_eq!(code, "encode", "{properties}: {message}");
        }
    }
    assert_eq!(failure(page.core.subscribe("a", 0, &json(r#"[3, "x"]"#))).0, "encode");
    assert_eq!(page.lines().await, [""; 0], "something was sent");
}

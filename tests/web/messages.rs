//! Messages for the host: numbers that lead to their parts.

use wasm_bindgen_test::wasm_bindgen_test;
use wasmqtt::codec::{Packet, PacketId, Property, Publish, QoS};
use wasmqtt::wasm::read_properties;

use super::packets::{bytes, list, message, message_of, publish};
use super::page::{HostMessage, Page, text};

async fn listening(options: &str) -> Page {
    let page = Page::connected(options).await;
    page.core.add_handler("#", 1).expect("a filter");
    page
}

#[wasm_bindgen_test]
async fn each_message_of_a_frame_tells_where_its_payload_is() {
    let page = listening("{}").await;
    let properties = list(&[Property::ContentType("text"), Property::MessageExpiryInterval(60)]);
    let with_properties = Publish { properties: properties.as_properties(), ..publish("b", "two") };
    let frame = [
        message("a", "one"),
        bytes(&Packet::Publish(with_properties)),
        message("a/long/topic", ""),
        message("a", "four"),
    ];
    page.socket.receive(&frame.concat());
    let messages = page.messages().await;
    let payloads: Vec<_> =
        messages.iter().map(|message| String::from_utf8_lossy(&message.payload()).into_owned()).collect();
    assert_eq!(payloads, ["one", "two", "", "four"]);
    let ends: Vec<_> = frame
        .iter()
        .scan(0, |end, packet| {
            *end += packet.len();
            Some(Some(*end))
        })
        .collect();
    let told: Vec<_> =
        messages.iter().map(|message| message.place().map(|place| place + message.payload().len())).collect();
    assert_eq!(told, ends, "a payload is the end of its packet");
    let properties: Vec<_> = messages.iter().map(|message| text(&read_properties(&message.properties()))).collect();
    assert_eq!(properties, ["[]", r#"[3,"text",2,60]"#, "[]", "[]"]);
}

#[wasm_bindgen_test]
async fn a_message_over_several_frames_has_no_place_in_the_last() {
    let page = listening("{}").await;
    let properties = list(&[Property::UserProperty("k", "v")]);
    let split = bytes(&Packet::Publish(Publish { properties: properties.as_properties(), ..publish("a", "split") }));
    let next = message("a", "whole");
    for cut in 1..split.len() {
        page.socket.receive(&split[..cut]);
        page.socket.receive(&[&split[cut..], &next].concat());
        let messages = page.messages().await;
        let [first, second] = &messages[..] else { panic!("{} messages", messages.len()) };
        assert_eq!((first.place(), first.payload()), (None, b"split".to_vec()), "cut at {cut}");
        assert_eq!(text(&read_properties(&first.properties())), r#"[38,["k","v"]]"#, "cut at {cut}");
        let end = split.len() - cut + next.len();
        assert_eq!((second.place(), second.payload()), (Some(end - 5), b"whole".to_vec()), "cut at {cut}");
        page.forget();
    }
}

#[wasm_bindgen_test]
async fn flags_are_the_low_bits_of_publish() {
    let page = listening("{}").await;
    let id = PacketId::new(1);
    let base = publish("a", "x");
    let rows = [
        (base, 0b0000),
        (Publish { retain: true, ..base }, 0b0001),
        (Publish { qos: QoS::AtLeastOnce, packet_id: id, ..base }, 0b0010),
        (Publish { qos: QoS::AtLeastOnce, packet_id: id, dup: true, retain: true, ..base }, 0b1011),
        (Publish { qos: QoS::ExactlyOnce, packet_id: PacketId::new(2), ..base }, 0b0100),
    ];
    for (publish, flags) in rows {
        page.socket.receive(&bytes(&Packet::Publish(publish)));
        assert_eq!(page.messages().await[0].flags(), flags, "{publish:?}");
        page.forget();
    }
}

#[wasm_bindgen_test]
async fn a_large_payload_arrives_whole_though_memory_grows() {
    let page = listening("{}").await;
    let payload = "0123456789abcdef".repeat(1 << 17);
    let large = message("large", &payload);
    page.socket.receive(&large);
    page.socket.receive(&large[..1_000_000]);
    page.socket.receive(&large[1_000_000..]);
    let messages = page.messages().await;
    let [whole, split] = &messages[..] else { panic!("{} messages", messages.len()) };
    assert!(whole.payload() == payload.as_bytes() && whole.place().is_some());
    assert!(split.payload() == payload.as_bytes() && split.place().is_none());
}

#[wasm_bindgen_test]
async fn more_topics_than_slots_keep_their_names_and_handlers() {
    let page = listening("{}").await;
    page.core.add_handler("t/+/odd", 2).expect("a filter");
    for round in 0..2 {
        let topics: Vec<_> =
            (0..600).map(|number| format!("t/{number}/{}", if number % 2 == 0 { "even" } else { "odd" })).collect();
        for frame in topics.chunks(7) {
            page.socket.receive(&frame.iter().flat_map(|topic| message(topic, topic)).collect::<Vec<_>>());
        }
        // A slow machine delivers them in several slices.
        page.until_all("message", 600).await;
        let messages = page.messages().await;
        assert_eq!(messages.len(), topics.len());
        for (message, topic) in messages.iter().zip(&topics) {
            let handlers = if topic.ends_with("odd") { "1 2" } else { "1" };
            assert_eq!((message.topic(), message.handlers()), (topic.clone(), handlers.to_owned()), "in round {round}");
            assert_eq!(message.payload(), topic.as_bytes());
        }
        page.forget();
    }
}

#[wasm_bindgen_test]
async fn handlers_are_told_in_their_order_and_once_each() {
    let page = Page::connected("{}").await;
    for (filter, handler) in [("a/#", u32::MAX), ("#", 3), ("a/+", 3), ("b", 1), ("a/b", 2)] {
        page.core.add_handler(filter, handler).expect("a filter");
    }
    page.socket.receive(&[message("a/b", ""), message("c", ""), message("$SYS/x", "")].concat());
    let handlers: Vec<_> = page.messages().await.iter().map(HostMessage::handlers).collect();
    assert_eq!(handlers, ["2 3 4294967295", "3", ""]);
}

#[wasm_bindgen_test]
async fn a_topic_alias_stands_for_its_topic() {
    let page = listening(r#"{"topicAliasMaximum": 5}"#).await;
    let alias = list(&[Property::TopicAlias(5)]);
    let properties = alias.as_properties();
    page.socket.receive(&bytes(&Packet::Publish(Publish { properties, ..publish("a/ü/日本", "one") })));
    page.socket.receive(&bytes(&Packet::Publish(Publish { properties, ..publish("", "two") })));
    assert_eq!(page.lines().await, ["message a/ü/日本 one", "message a/ü/日本 two"]);
}

#[wasm_bindgen_test]
async fn a_qos_2_message_is_told_once() {
    let page = listening("{}").await;
    let publish = message_of(QoS::ExactlyOnce, 3, "a", "once");
    page.socket.receive(&publish);
    page.until("> PUBREC 3").await;
    page.socket.receive(&publish);
    page.until_all("> PUBREC 3", 2).await;
    page.socket.receive(b"\x62\x02\x00\x03");
    page.until("> PUBCOMP 3").await;
    page.socket.receive(&publish);
    let expected = ["message a once", "> PUBREC 3", "> PUBREC 3", "> PUBCOMP 3", "message a once", "> PUBREC 3"];
    assert_eq!(page.lines().await, expected);
}

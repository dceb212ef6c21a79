//! Clients linked to the broker in the same page.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use wasmqtt::wasm::read_properties;

use super::home::{Home, subscribe};
use super::page::{Core, Page, QOS0, QOS1, QOS2, array, failure, get, json, rows, set, text, turn};

const NONE: JsValue = JsValue::UNDEFINED;
const CONNECTED: &str = "connected false [39,1048576,34,16]";

/// Options of a client with a will of this topic.
fn will(topic: &str, options: &str) -> JsValue {
    let options = json(options);
    set(&options, "will", json(&format!(r#"["{topic}", null, 2, []]"#)));
    set(&get(&options, "will"), "1", array(b"bye"));
    options
}

#[wasm_bindgen_test]
async fn messages_pass_both_ways_at_each_quality() {
    let home = Home::new();
    let (ann, bob) = (home.client("ann").await, home.client("bob").await);
    subscribe(&ann, "to/ann", 2).await;
    subscribe(&bob, "to/bob", 2).await;
    ann.forget();
    bob.forget();
    for flags in [QOS0, QOS1, QOS2] {
        ann.core.publish("to/bob", "ping", flags);
        bob.until("message to/bob ping").await;
        bob.core.publish("to/ann", "pong", flags);
        ann.until("message to/ann pong").await;
        for page in [&ann, &bob] {
            let messages = page.messages().await;
            let told: Vec<_> = messages.iter().map(|message| (message.flags(), message.place())).collect();
            assert_eq!(told, [(flags, None)], "there is no frame of the host's to be in");
            let lines = page.lines().await;
            let ends = lines.iter().filter(|line| line.starts_with("done")).count();
            assert_eq!((lines.len(), ends), (1 + usize::from(flags > 0), usize::from(flags > 0)), "{lines:?}");
            page.forget();
        }
    }
}

#[wasm_bindgen_test]
async fn each_quality_has_its_packets_on_the_link() {
    let home = Home::new();
    let page = home.client("ann").await;
    subscribe(&page, "a", 2).await;
    page.core.watch(true);
    let rows = [
        (QOS0, vec!["true 48", "false 48"]),
        (QOS1, vec!["true 50", "false 64", "false 50", "true 64"]),
        (QOS2, vec!["true 52", "false 80", "true 98", "false 112", "false 52", "true 80", "false 98", "true 112"]),
    ];
    for (flags, expected) in rows {
        page.forget();
        page.core.publish("a", "x", flags);
        let lines = page.lines().await;
        let mut told: Vec<_> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("packet "))
            .map(|packet| packet.split(' ').take(2).collect::<Vec<_>>().join(" "))
            .collect();
        // Both hops of one client: their packets may come between each other.
        let mut expected: Vec<_> = expected.into_iter().map(str::to_owned).collect();
        told.sort();
        expected.sort();
        assert_eq!(told, expected, "{lines:?}");
    }
}

#[wasm_bindgen_test]
async fn versions_meet() {
    let home = Home::new();
    let old = home.client_with("old", r#"{"version": 4}"#).await;
    let new = home.client("new").await;
    subscribe(&old, "a", 1).await;
    subscribe(&new, "a", 2).await;
    let properties = json(r#"[3, "t", 38, ["k", "v"]]"#);
    new.core.publish_with("a", b"5.0", QOS2, &properties).expect("a publish");
    old.until("message a 5.0").await;
    new.until("message a 5.0").await;
    let told =
        new.messages().await.iter().map(|message| text(&read_properties(&message.properties()))).collect::<Vec<_>>();
    assert_eq!(told, [r#"[3,"t",38,["k","v"]]"#]);
    assert_eq!(old.messages().await[0].properties(), b"");
    assert_eq!(old.messages().await[0].flags(), QOS1);
    old.core.publish("a", "3.1.1", QOS1);
    new.until("message a 3.1.1").await;
}

#[wasm_bindgen_test]
async fn a_retained_message_comes_with_the_subscription() {
    let home = Home::new();
    let ann = home.client("ann").await;
    ann.core.publish("kept", "old", QOS1 | 1);
    ann.core.publish("kept", "new", QOS1 | 1);
    ann.until("done 1").await;
    let bob = home.client("bob").await;
    subscribe(&bob, "#", 1).await;
    bob.until("message").await;
    assert_eq!(bob.messages().await[0].flags(), QOS1 | 1);
    ann.core.publish("kept", "", QOS0 | 1);
    bob.until_all("message", 2).await;
    assert_eq!(rows(&home.broker.retained()), (vec![], String::new(), vec![]));
    assert_eq!(bob.lines().await[1..], ["message kept new", "message kept "], "done, then what is kept, then its end");
}

/// A broker, a subscriber of wills, and a client with these options, which have a will.
async fn with_will_of_ann(options: &JsValue) -> (Home, Page, Page) {
    let home = Home::new();
    let bob = home.client("bob").await;
    subscribe(&bob, "gone/#", 1).await;
    let ann = Page::with_options(options);
    ann.core.link(&home.broker);
    ann.until("connected").await;
    (home, bob, ann)
}

#[wasm_bindgen_test]
async fn the_will_is_published_on_kill() {
    let (_home, bob, ann) = with_will_of_ann(&will("gone/ann", r#"{"clientId": "ann"}"#)).await;
    ann.core.kill();
    bob.until("message gone/ann bye").await;
    assert_eq!(ann.lines().await[1..], ["closed lost undefined undefined"]);
}

#[wasm_bindgen_test]
async fn the_will_is_published_on_free() {
    let (home, bob, ann) = with_will_of_ann(&will("gone/ann", r#"{"clientId": "ann"}"#)).await;
    ann.core.free().expect("a free");
    bob.until("message gone/ann bye").await;
    assert_eq!(rows(&home.broker.clients()), (vec![3.0, 5.0], "bob".into(), vec![]));
}

#[wasm_bindgen_test]
async fn the_will_is_not_published_on_disconnect() {
    let (home, bob, ann) = with_will_of_ann(&will("gone/ann", r#"{"clientId": "ann"}"#)).await;
    ann.core.disconnect(0);
    home.until(r#"{"type":"will","clientId":"ann","topic":"gone/ann","fate":"cleared"}"#).await;
    home.until(r#"{"type":"disconnected","clientId":"ann""#).await;
    // What comes behind it shows that nothing else did.
    bob.forget();
    home.broker.publish_with("gone/last", b"", QOS1, &NONE).expect("a publish");
    bob.until("message").await;
    assert_eq!(bob.lines().await, ["message gone/last "]);
}

#[wasm_bindgen_test]
async fn disconnect_with_will_publishes_it() {
    let (_home, bob, ann) = with_will_of_ann(&will("gone/ann", r#"{"clientId": "ann"}"#)).await;
    ann.core.disconnect(4);
    bob.until("message gone/ann bye").await;
}

#[wasm_bindgen_test]
async fn a_delayed_will_waits_for_its_time() {
    let options = will("gone/ann", r#"{"clientId": "ann", "properties": [17, 60]}"#);
    set(&get(&options, "will"), "3", json("[24, 1]"));
    let (home, bob, ann) = with_will_of_ann(&options).await;
    let start = super::page::now();
    ann.core.kill();
    home.until(r#"{"type":"will","clientId":"ann","topic":"gone/ann","fate":"delayed"}"#).await;
    bob.until("message gone/ann bye").await;
    assert!(super::page::now() - start >= 990.0, "after {} ms", super::page::now() - start);
}

#[wasm_bindgen_test]
async fn a_second_client_of_the_name_takes_over() {
    let home = Home::new();
    let options = r#"{"cleanStart": 0, "properties": [17, 60]}"#;
    let first = home.client_with("ann", options).await;
    subscribe(&first, "a", 1).await;
    first.forget();
    let second = Page::with(&options.replacen('{', r#"{"clientId": "ann", "#, 1));
    second.core.link(&home.broker);
    second.until("connected true").await;
    assert_eq!(first.lines().await, ["closed disconnected 142 undefined"]);
    home.broker.publish_with("a", b"x", QOS1, &NONE).expect("a publish");
    second.until("message a x").await;
    assert_eq!(first.lines().await.len(), 1);
}

#[wasm_bindgen_test]
async fn a_session_waits_for_its_client() {
    let home = Home::new();
    let page = home.client_with("ann", r#"{"cleanStart": 0, "properties": [17, 60]}"#).await;
    subscribe(&page, "a", 2).await;
    page.core.kill();
    page.until("closed").await;
    home.broker.publish_with("a", b"1", QOS1, &NONE).expect("a publish");
    home.broker.publish_with("a", b"2", QOS2, &NONE).expect("a publish");
    page.forget();
    page.core.link(&home.broker);
    page.until("message a 2").await;
    assert_eq!(page.lines().await, [CONNECTED.replace("false", "true").as_str(), "message a 1", "message a 2"]);
}

#[wasm_bindgen_test]
async fn a_client_may_link_again_as_soon_as_it_is_closed() {
    let home = Home::new();
    let page = home.client("ann").await;
    let broker = home.broker.clone();
    let left = Cell::new(3_u8);
    page.on_core("closed", move |core| {
        if left.replace(left.get().saturating_sub(1)) > 0 {
            core.link(&broker);
        }
    });
    page.on_core("connected", Core::kill);
    page.core.kill();
    page.until_all("closed", 4).await;
    let lost = "closed lost undefined undefined";
    assert_eq!(page.lines().await, [lost, CONNECTED, lost, CONNECTED, lost, CONNECTED, lost]);
}

#[wasm_bindgen_test]
async fn a_thousand_messages_go_back_and_forth_without_recursion() {
    let home = Home::new();
    let (ann, bob) = (home.client("ann").await, home.client("bob").await);
    subscribe(&ann, "ping", 2).await;
    subscribe(&bob, "pong", 2).await;
    for flags in [QOS0, QOS1, QOS2] {
        ann.forget();
        bob.forget();
        for (page, topic) in [(&ann, "pong"), (&bob, "ping")] {
            let left = Cell::new(500_u16);
            page.on_core("message", move |core| {
                if left.replace(left.get().saturating_sub(1)) > 0 {
                    core.publish(topic, "x", flags);
                }
            });
        }
        bob.core.publish("ping", "x", flags);
        ann.until_all("message", 501).await;
        bob.until_all("message", 500).await;
        turn().await;
    }
}

#[wasm_bindgen_test]
async fn clients_that_answer_each_other_for_ever_leave_the_page_its_turn() {
    let home = Home::new();
    let (ann, bob) = (home.client("ann").await, home.client("bob").await);
    subscribe(&ann, "ping", 2).await;
    subscribe(&bob, "pong", 2).await;
    let is_over = Rc::new(Cell::new(false));
    for (page, topic) in [(&ann, "pong"), (&bob, "ping")] {
        let is_over = Rc::clone(&is_over);
        page.on_core("message", move |core| {
            if !is_over.get() {
                core.publish(topic, "x", QOS0);
            }
        });
    }
    bob.core.publish("ping", "x", QOS0);
    for _ in 0..3 {
        turn().await;
    }
    is_over.set(true);
    turn().await;
}

#[wasm_bindgen_test]
async fn a_client_that_hears_itself_does_not_recurse() {
    let home = Home::new();
    let page = home.client("echo").await;
    subscribe(&page, "echo", 2).await;
    let left = Cell::new(1_000_u16);
    page.on_core("message", move |core| {
        if left.replace(left.get().saturating_sub(1)) > 0 {
            core.publish("echo", "x", QOS1);
        }
    });
    page.core.publish("echo", "x", QOS1);
    page.until_all("message", 1_001).await;
}

#[wasm_bindgen_test]
async fn many_messages_of_one_turn_keep_their_order() {
    let home = Home::new();
    let (ann, bob) = (home.client("ann").await, home.client("bob").await);
    subscribe(&bob, "n", 2).await;
    bob.forget();
    for number in 0..1_000 {
        ann.core.publish("n", &number.to_string(), if number % 2 == 0 { QOS1 } else { QOS2 });
    }
    bob.until_all("message", 1_000).await;
    let lines = bob.lines().await;
    // The order holds within a quality [MQTT-4.6.0-6].
    for parity in 0..2 {
        let numbers: Vec<u32> = lines.iter().filter_map(|line| line.strip_prefix("message n ")?.parse().ok()).collect();
        let numbers: Vec<_> = numbers.into_iter().filter(|number| number % 2 == parity).collect();
        assert!(numbers.is_sorted() && numbers.len() == 500, "{numbers:?}");
    }
}

#[wasm_bindgen_test]
async fn a_client_may_be_freed_while_it_is_linked() {
    let home = Home::new();
    let bob = home.client("bob").await;
    let ann = home.client("ann").await;
    subscribe(&bob, "a", 1).await;
    subscribe(&ann, "a", 1).await;
    ann.on_core("message", |core| core.free().expect("a free"));
    ann.forget();
    bob.forget();
    for payload in ["1", "2", "3"] {
        home.broker.publish_with("a", payload.as_bytes(), QOS1, &NONE).expect("a publish");
    }
    bob.until("message a 3").await;
    assert_eq!(ann.lines().await, ["message a 1"]);
    assert_eq!(rows(&home.broker.clients()), (vec![3.0, 5.0], "bob".into(), vec![]));
}

#[wasm_bindgen_test]
async fn a_client_may_be_freed_with_its_connect_under_way() {
    let home = Home::new();
    let page = Page::with("{}");
    page.core.link(&home.broker);
    page.core.free().expect("a free");
    assert_eq!(page.lines().await, [""; 0]);
    assert_eq!(rows(&home.broker.clients()), (vec![], String::new(), vec![]));
}

#[wasm_bindgen_test]
async fn the_broker_pings_nobody_but_hears_those_who_ping() {
    let home = Home::new();
    let page = home.client_with("ann", r#"{"keepAlive": 1}"#).await;
    page.core.watch(true);
    page.until("packet true 192").await;
    page.until("packet false 208").await;
}

#[wasm_bindgen_test]
async fn calls_throw_as_over_a_socket() {
    let home = Home::with(r#"{"maximumQos": 1, "retainAvailable": 0}"#);
    let page = home.client("ann").await;
    let results = [page.core.publish_with("a", b"", QOS2, &NONE), page.core.publish_with("a", b"", 1, &NONE)];
    for result in results {
        assert_eq!(failure(result).0, "not-supported");
    }
}

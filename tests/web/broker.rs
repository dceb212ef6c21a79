//! The broker as the page sees it: its events, its views, its end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_test::wasm_bindgen_test;
use wasmqtt::wasm::explain;

use super::home::{Home, subscribe};
use super::page::{Page, QOS0, QOS1, QOS2, Timers, failure, json, rows, set, text, turn};

const NONE: JsValue = JsValue::UNDEFINED;

#[wasm_bindgen_test]
async fn a_listener_hears_what_happens() {
    let home = Home::new();
    let page = home.client("ann").await;
    subscribe(&page, "a/#", 1).await;
    page.core.publish("a/b", "four", QOS2 | 1);
    page.until("message").await;
    page.core.unsubscribe("a/#").expect("a request");
    page.core.unsubscribe("b").expect("a request");
    page.until_all("done", 4).await;
    home.broker.publish_with("nobody", b"x", QOS0, &NONE).expect("a publish");
    page.core.disconnect(0);
    let expected = [
        r#"{"type":"connected","clientId":"ann","version":5,"sessionPresent":false}"#,
        r#"{"type":"subscribed","clientId":"ann","filter":"a/#","reasonCode":1}"#,
        r#"{"type":"published","clientId":"ann","topic":"a/b","qos":2,"retain":true,"payloadBytes":4,"subscribers":1}"#,
        r#"{"type":"unsubscribed","clientId":"ann","filter":"a/#","reasonCode":0}"#,
        r#"{"type":"unsubscribed","clientId":"ann","filter":"b","reasonCode":17}"#,
        r#"{"type":"published","topic":"nobody","qos":0,"retain":false,"payloadBytes":1,"subscribers":0}"#,
        r#"{"type":"disconnected","clientId":"ann","cause":{"kind":"client","reasonCode":0}}"#,
        r#"{"type":"session-ended","clientId":"ann"}"#,
    ];
    assert_eq!(home.events().await, expected);
}

#[wasm_bindgen_test]
async fn only_the_last_listener_hears_and_none_after_it_is_taken_away() {
    let home = Home::new();
    let heard = Rc::new(Cell::new(0));
    let counted = Rc::clone(&heard);
    home.listen(move |_| counted.set(counted.get() + 1));
    home.broker.publish_with("a", b"", QOS0, &NONE).expect("a publish");
    home.broker.listen(&NONE);
    home.broker.publish_with("a", b"", QOS0, &NONE).expect("a publish");
    assert_eq!((home.events().await, heard.get()), (vec![], 1));
}

#[wasm_bindgen_test]
async fn a_listener_may_call_the_broker() {
    let home = Home::new();
    let page = home.client("ann").await;
    let views = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&views);
    home.on(r#"{"type":"subscribed""#, move |broker| {
        broker.publish_with("a", b"welcome", QOS1, &NONE).expect("a publish");
        seen.borrow_mut().push(format!("{:?}", rows(&broker.clients())));
        seen.borrow_mut().push(format!("{:?}", &broker.counters()[1..3]));
        assert!(broker.disconnect("ann", 0x98));
        assert!(!broker.disconnect("ann", 0x98), "it is disconnected already");
    });
    page.core.subscribe("a", 1, &NONE).expect("a request");
    page.until("closed").await;
    let expected = ["done 0 1", "message a welcome", "closed disconnected 152 undefined"];
    assert_eq!(page.lines().await, expected);
    assert_eq!(*views.borrow(), [r#"([3.0, 5.0], "ann", [])"#, "[1.0, 1.0]"]);
}

#[wasm_bindgen_test]
async fn a_listener_may_close_the_broker_and_take_itself_away() {
    let home = Home::new();
    let (ann, bob) = (home.client("ann").await, home.client("bob").await);
    home.on(r#"{"type":"published""#, |broker| {
        broker.listen(&NONE);
        broker.close();
    });
    ann.core.publish("a", "x", QOS0);
    for page in [&ann, &bob] {
        page.until("closed").await;
        assert_eq!(page.lines().await, ["closed disconnected 139 undefined"]);
    }
    assert_eq!(rows(&home.broker.clients()), (vec![], String::new(), vec![]));
}

#[wasm_bindgen_test]
async fn a_listener_that_throws_harms_nobody() {
    let home = Home::new();
    let page = home.client("ann").await;
    home.broker.listen(&js_sys::Function::new_no_args("throw new Error('a listener')"));
    subscribe(&page, "a", 0).await;
    page.core.publish("a", "x", QOS0);
    page.until("message a x").await;
}

#[wasm_bindgen_test]
async fn the_broker_publishes_to_its_clients_and_says_to_how_many() {
    let home = Home::new();
    let (ann, bob) = (home.client("ann").await, home.client("bob").await);
    subscribe(&ann, "a/+", 2).await;
    subscribe(&bob, "#", 0).await;
    let properties = json(r#"[3, "text"]"#);
    let publish = |topic, flags| home.broker.publish_with(topic, b"x", flags, &properties).expect("a publish");
    assert_eq!((publish("a/b", QOS2), publish("b", QOS1), publish("$SYS/x", QOS0)), (2, 1, 0));
    ann.until("message a/b x").await;
    bob.until_all("message", 2).await;
    assert_eq!(ann.messages().await[0].flags(), QOS2);
    assert_eq!(bob.messages().await[0].flags(), QOS0);
    let counters = home.broker.counters();
    let clients = format!("{:?}", &counters[1..6]);
    assert_eq!(clients, "[2.0, 2.0, 2.0, 2.0, 0.0]", "clients, sessions, the most, accepted, rejected");
    assert_eq!(format!("{:?}", &counters[13..16]), "[3.0, 3.0, 0.0]", "published, delivered, dropped");
}

#[wasm_bindgen_test]
async fn a_wrong_publish_of_the_brokers_throws() {
    let home = Home::new();
    let core = &home.broker;
    let rows = [
        (core.publish_with("a/#", b"", QOS0, &NONE), "topic"),
        (core.publish_with("a", b"", 6, &NONE), "option"),
        (core.publish_with("a", b"", QOS0, &json("[0, 1]")), "property"),
        (core.publish_with("a", b"", QOS0, &json("[24, 1]")), "encode"),
    ];
    for (result, code) in rows {
        assert_eq!(failure(result).0, code);
    }
    assert_eq!(format!("{:?}", &core.counters()[13..16]), "[0.0, 0.0, 0.0]");
}

#[wasm_bindgen_test]
async fn its_views_are_rows() {
    let home = Home::new();
    let page = home.client_with("ann", r#"{"properties": [17, 60]}"#).await;
    let page_of_old = home.client_with("old", r#"{"version": 4}"#).await;
    subscribe(&page, "a", 1).await;
    subscribe(&page, "b/#", 2).await;
    page.core.kill();
    page.until("closed").await;
    home.broker.publish_with("a", b"12345", QOS1 | 1, &NONE).expect("a publish");
    let (mut numbers, texts, bytes) = rows(&home.broker.sessions());
    assert_eq!((&*texts, bytes.len()), ("annab/#old", 0));
    assert!((1.0..=60_000.0).contains(&numbers[0]), "{numbers:?}");
    // The memory of each session.
    for place in [6, 19] {
        assert!(core::mem::take(&mut numbers[place]) > 0.0, "{numbers:?}");
    }
    let ann = [3.0, 0.0, 1.0, 6.0, 0.0, 0.0, 0.0, 2.0, 1.0, 1.0, 3.0, 2.0];
    let old = [-1.0, 3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(numbers[1..], [&ann[..], &old].concat());
    assert_eq!(rows(&home.broker.clients()), (vec![3.0, 4.0], "old".into(), vec![]));
    assert_eq!(rows(&home.broker.retained()), (vec![1.0, 1.0, 5.0], "a".into(), b"12345".to_vec()));
    drop(page_of_old);
}

#[wasm_bindgen_test]
async fn close_disconnects_everybody_and_takes_nobody_more() {
    let home = Home::new();
    let new = home.client("new").await;
    let old = home.client_with("old", r#"{"version": 4}"#).await;
    home.broker.close();
    new.until("closed").await;
    old.until("closed").await;
    assert_eq!(new.lines().await, ["closed disconnected 139 undefined"]);
    assert_eq!(old.lines().await, ["closed lost undefined undefined"]);
    assert_eq!(rows(&home.broker.clients()), (vec![], String::new(), vec![]));
}

#[wasm_bindgen_test]
async fn a_broker_that_is_freed_lives_on_for_its_clients() {
    let home = Home::new();
    let (ann, bob) = (home.client("ann").await, home.client("bob").await);
    subscribe(&bob, "a", 1).await;
    home.broker.free().expect("a free");
    ann.core.publish("a", "x", QOS1);
    bob.until("message a x").await;
    ann.until("done 0 0").await;
}

#[wasm_bindgen_test]
async fn one_client_too_many_is_told_at_once() {
    let home = Home::with(r#"{"connectionsMaximum": 1}"#);
    let first = home.client("first").await;
    let second = Page::with("{}");
    second.core.link(&home.broker);
    second.until("closed").await;
    assert_eq!(second.lines().await, ["closed lost undefined undefined"]);
    home.until(r#"{"type":"rejected","cause":{"kind":"too-many-connections"}}"#).await;
    // Room again.
    first.core.kill();
    first.until("closed").await;
    home.client("third").await;
}

/// At once, and while the module is on the stack; or later, when nothing of it is.
#[wasm_bindgen_test]
async fn a_client_is_let_in_by_an_answer_at_once_or_later() {
    let home = Home::with(r#"{"asks": 1, "acl": [[1, "closed/%c", null, "ann", 135]]}"#);
    let later = Rc::new(Cell::new(None));
    let (broker, kept) = (home.broker.clone(), Rc::clone(&later));
    let authenticate =
        Closure::<dyn FnMut(_, String)>::new(move |question: f64, client_id: String| match client_id.as_str() {
            "at-once" => broker.answer(question, 0, None),
            "never" => broker.answer(question, 134, None),
            _ => kept.set(Some(question)),
        });
    let asker = json("{}");
    set(&asker, "authenticate", authenticate.as_ref());
    home.broker.set_asker(&asker);
    for (client_id, line) in [("never", "closed refused 134"), ("at-once", "connected false")] {
        let page = Page::with(&format!(r#"{{"clientId": "{client_id}"}}"#));
        page.core.link(&home.broker);
        page.until(line).await;
    }
    home.until(r#"{"type":"rejected","cause":{"kind":"refused","reasonCode":134}}"#).await;
    let page = Page::with(r#"{"clientId": "later"}"#);
    page.core.set_credentials("ann", b"");
    page.core.link(&home.broker);
    let question = loop {
        if let Some(question) = later.take() {
            break question;
        }
        turn().await;
    };
    assert_eq!(page.lines().await, Vec::<String>::new());
    home.broker.answer(question, 0, None);
    page.until("connected false").await;
    page.core.publish("closed/later", "x", 2);
    page.until("failed 0 refused 135").await;
    home.until(r#"{"type":"refused","clientId":"later","action":"publish","topic":"closed/later","reasonCode":135}"#)
        .await;
}

#[wasm_bindgen_test]
async fn a_queue_that_is_full_drops_and_says_so() {
    let home = Home::with(r#"{"queueMessages": 2, "queueOverflow": 1}"#);
    let page = home.client_with("ann", r#"{"cleanStart": 0, "properties": [17, 60]}"#).await;
    subscribe(&page, "a", 1).await;
    page.core.kill();
    page.until("closed").await;
    page.forget();
    for payload in ["1", "2", "3"] {
        home.broker.publish_with("a", payload.as_bytes(), QOS1, &NONE).expect("a publish");
    }
    home.until(r#"{"type":"dropped","clientId":"ann","topic":"a","cause":"queue-full"}"#).await;
    page.core.link(&home.broker);
    page.until("message a 3").await;
    assert_eq!(page.lines().await[1..], ["message a 2", "message a 3"]);
}

#[wasm_bindgen_test]
async fn a_client_that_is_killed_before_its_connect_is_gone() {
    let home = Home::new();
    let page = Page::with("{}");
    page.core.opening();
    turn().await;
    // CONNECT waits for the end of the turn.
    page.core.link(&home.broker);
    page.core.kill();
    home.until(r#"{"type":"rejected","cause":{"kind":"transport-closed"}}"#).await;
    assert_eq!(page.lines().await, ["closed lost undefined undefined"]);
}

#[wasm_bindgen_test]
async fn the_broker_ends_sessions_by_its_timer_and_has_no_other() {
    let timers = Timers::new();
    let home = Home::new();
    let page = home.client_with("ann", r#"{"properties": [17, 1]}"#).await;
    page.core.kill();
    page.until("closed").await;
    assert_eq!(timers.running(), 1, "for the session");
    home.until(r#"{"type":"session-ended","clientId":"ann"}"#).await;
    turn().await;
    assert_eq!(timers.running(), 0);
    timers.restore();
}

#[wasm_bindgen_test]
async fn brokers_and_clients_leave_nothing_behind() {
    let timers = Timers::new();
    let mut before = 0;
    for round in 0..40 {
        turn().await;
        if round == 20 {
            before = wasm_bindgen::externref_heap_live_count();
        }
        let home = Home::with(r#"{"connectTimeout": 60000}"#);
        let (ann, bob) = (home.client("ann").await, home.client_with("bob", r#"{"keepAlive": 5}"#).await);
        subscribe(&bob, "#", 1).await;
        ann.core.publish("a", "x", QOS2);
        bob.until("message").await;
        match round % 3 {
            0 => home.broker.close(),
            1 => home.broker.free().expect("a free"),
            _ => {}
        }
    }
    turn().await;
    assert_eq!(wasm_bindgen::externref_heap_live_count(), before, "values of JavaScript");
    assert_eq!(timers.running(), 0);
    timers.restore();
}

#[wasm_bindgen_test]
fn explain_tells_level_by_level() {
    let told = |filter, topic| text(&explain(filter, topic).expect("both are well formed"));
    let expected = concat!(
        r##"{"matches":true,"levels":[{"filter":"a","topic":"a","verdict":"equal"},"##,
        r##"{"filter":"+","topic":"b","verdict":"plus"},{"filter":"#","topic":"c","verdict":"hash"}]}"##,
    );
    assert_eq!(told("a/+/#", "a/b/c"), expected);
    let expected = r#"{"matches":false,"levels":[{"filter":"a","topic":"b","verdict":"differs"}]}"#;
    assert_eq!(told("a", "b"), expected);
    let expected = r##"{"matches":false,"levels":[{"filter":"#","topic":"$SYS","verdict":"dollar-hidden"}]}"##;
    assert_eq!(told("#", "$SYS"), expected);
    assert_eq!(failure(explain("a/#/b", "a")).0, "filter");
    assert_eq!(failure(explain("a", "a/#")).0, "topic");
}

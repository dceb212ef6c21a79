//! Diagrams of a trace: every line and tag is well formed, whatever clients are called and publish.

use wasmqtt::client::ClientOptions;
use wasmqtt::codec::{QoS, Version};
use wasmqtt::simulator::{Action, Direction, Fault, World, WorldOptions};

use super::acts::pair;

/// Text that would be something else in Mermaid or XML.
const HOSTILE: &str = "end; %%{init: {}}%% --> <script>&\"'#35;\u{202E}\u{1}\u{FFFE}";

/// A world with lost, cut and late packets, a will, and a restart.
fn eventful() -> World {
    let (mut world, subscriber, publisher) = pair(WorldOptions::default(), Version::V5, QoS::ExactlyOnce);
    let hostile = ClientOptions::new(&HOSTILE.replace('\u{1}', ""));
    world.act(Action::Add(Box::new(hostile))).expect("a new client");
    world.act(Action::publish(publisher, "t/a", b"1", QoS::ExactlyOnce)).expect("a good topic");
    let cut = Fault::Cut { direction: Direction::Down, after: 3, client_learns: Some(5), broker_learns: Some(5) };
    world.act(Action::Fault { client: subscriber, fault: cut }).expect("it has a link");
    world.run(5_000);
    let topic = format!("t/{}", HOSTILE.replace(['\u{1}', '\u{FFFE}', '#'], ""));
    world.act(Action::publish(publisher, &topic, b"2", QoS::AtLeastOnce)).expect("a good topic");
    world.act(Action::Kill { client: publisher }).expect("a client");
    world.run(30);
    world
}

#[test]
fn each_line_of_mermaid_is_a_statement() {
    let text = eventful().to_mermaid(0, usize::MAX);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    for line in lines {
        let line = line.strip_prefix("  ").expect("two spaces");
        let words = match line.strip_prefix("participant ") {
            Some(rest) => rest.split_once(" as ").map(|(_, name)| name),
            None => line.split_once(": ").map(|(_, words)| words),
        };
        let words = words.unwrap_or_else(|| panic!("{line}"));
        // An entity is a number. Nothing else has a meaning.
        for (index, part) in words.split('#').enumerate() {
            let rest = if index == 0 { part } else { part.trim_start_matches(|one: char| one.is_ascii_digit()) };
            let rest = if index == 0 { rest } else { rest.strip_prefix(';').expect("the end of an entity") };
            assert!(
                rest.chars().all(|one| one.is_ascii_alphanumeric() || !one.is_ascii() || " /_.,".contains(one)),
                "{line}"
            );
        }
    }
    for (what, times) in [("->>", 10), ("-x", 1), (" bytes arrive", 1), ("is cut off", 1), ("is killed", 1)] {
        assert!(text.matches(what).count() >= times, "{what}: {text}");
    }
    assert!(text.contains("  B-xC0: "), "{text}");
}

#[test]
fn each_tag_of_svg_is_closed_and_no_text_is_a_tag() {
    let text = eventful().to_svg(0, usize::MAX);
    let mut open = Vec::new();
    for part in text.split('<').skip(1) {
        let (tag, words) = part.split_once('>').unwrap_or_else(|| panic!("{part}"));
        let name: String = tag.chars().take_while(char::is_ascii_alphabetic).collect();
        assert!(["", "svg", "title", "style", "text", "line", "path"].contains(&&*name), "{part}");
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "{part}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        let entities = ["&amp;", "&lt;", "&gt;", "&quot;"];
        assert!(words.split('&').skip(1).all(|rest| entities.iter().any(|one| rest.starts_with(&one[1..]))), "{part}");
        assert!(words.chars().all(|one| one == '\n' || !one.is_control() && one != '\u{FFFE}'), "{part}");
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(text.contains("class=\"lost\"") && text.contains("class=\"packet\""));
}

/// The box of a text in an SVG picture: left, right, and the line that it stands on.
#[derive(Debug)]
struct TextBox {
    left: f64,
    right: f64,
    y: f64,
}

/// Reads the boxes of all texts, at 7 pixels a letter and 14 for one that is not of ASCII.
fn text_boxes(svg: &str) -> Vec<TextBox> {
    let read = |part: &str| {
        let (tag, words) = part.split_once('>').expect("an end of the tag");
        let words = words.split('<').next().expect("the text").replace("&lt;", "<").replace("&gt;", ">");
        let words = words.replace("&quot;", "\"").replace("&amp;", "&");
        let attribute = |name: &str| {
            let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
            rest.split('"').next()
        };
        let number = |name| attribute(name).map(|text| text.parse::<f64>().expect("a number"));
        let natural = words.chars().map(|one| if one.is_ascii() { 7.0 } else { 14.0 }).sum();
        let (x, width) = (number("x").expect("a place"), number("textLength").unwrap_or(natural));
        let left = match attribute("text-anchor") {
            Some("middle") => x - width / 2.0,
            Some("end") => x - width,
            _ => x,
        };
        TextBox { left, right: left + width, y: number("y").expect("a place") }
    };
    svg.split("<text").skip(1).map(read).collect()
}

#[test]
fn no_text_of_svg_stands_over_another_or_outside() {
    let (mut busy, _, publisher) = pair(WorldOptions::default(), Version::V5, QoS::ExactlyOnce);
    for name in ["\u{6E29}", "\u{5EA6}"] {
        busy.act(Action::Add(Box::new(ClientOptions::new(&name.repeat(30))))).expect("a new client");
    }
    for number in 0..30_usize {
        let topic = ["t/short", "t/a topic that is longer than any picture has room for, and goes on", "t/\u{6E29}"];
        let topic = topic[number % 3].repeat(1 + number % 2);
        busy.act(Action::publish(publisher, &topic, b"1", QoS::ExactlyOnce)).expect("a good topic");
        busy.run(7);
    }
    for world in [eventful(), busy] {
        let svg = world.to_svg(0, usize::MAX);
        let width = svg.split_once("width=\"").and_then(|(_, rest)| rest.split('"').next()?.parse::<f64>().ok());
        let boxes = text_boxes(&svg);
        assert!(boxes.len() > 50, "{}", boxes.len());
        for (index, one) in boxes.iter().enumerate() {
            assert!(one.left >= 0.0 && one.right <= width.expect("a width"), "{one:?}");
            for other in &boxes[index + 1..] {
                let is_beside = one.right < other.left || other.right < one.left;
                assert!(is_beside || (one.y - other.y).abs() >= 12.0, "{one:?} {other:?}");
            }
        }
    }
}

#[test]
fn diagrams_are_bounded_and_say_what_is_left_out() {
    let (mut world, _, publisher) = pair(WorldOptions::default(), Version::V5, QoS::AtLeastOnce);
    let topic = format!("t/{}", "<&\u{202E}".repeat(1_000));
    for _ in 0..400 {
        world.act(Action::publish(publisher, &topic, b"1", QoS::AtLeastOnce)).expect("a good topic");
        world.run(10);
    }
    let (mermaid, svg) = (world.to_mermaid(0, usize::MAX), world.to_svg(0, usize::MAX));
    assert!(mermaid.len() <= 50_000 && svg.len() <= 1_000_000, "{} {}", mermaid.len(), svg.len());
    for text in [&mermaid, &svg] {
        assert!(text.contains(" more are not drawn"));
    }
    // A part is drawn in full.
    let part = world.to_mermaid(0, 20);
    assert!(!part.contains("not drawn") && part.matches("->>").count() >= 4, "{part}");
    assert_eq!(world.to_mermaid(9, 3), world.to_mermaid(usize::MAX, usize::MAX));
}

//! A trace as a sequence diagram of Mermaid.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::{Diagram, MarkKind, fate, label, seconds};
use crate::simulator::{Direction, Fate, PacketRecord, Place, World};

/// Characters of a diagram, at most. Mermaid renders no more unless its options say so.
const CHARACTERS_MAX: usize = 50_000;
/// Room for the words at the end.
const REST_MAX: usize = 200;

impl World {
    /// Returns entries of the trace as the text of a Mermaid sequence diagram.
    ///
    /// The entries are those from one index up to another. It shows each packet at the time of its
    /// sending, by its kind of arrow: arrived, under way, or lost. Beyond 1,000 marks or 50,000
    /// characters it says how many are left out.
    #[must_use]
    pub fn to_mermaid(&self, from: usize, to: usize) -> String {
        let mut diagram = Diagram::new(self, from, to);
        let mut text = String::from("sequenceDiagram\n  participant B as broker\n");
        for client in &diagram.clients {
            let _ = writeln!(text, "  participant C{} as {}", client.0, escaped(&diagram.name(*client)));
        }
        let mut drawn = 0;
        for mark in &diagram.marks {
            let line = match &mark.kind {
                MarkKind::Packet(packet) => arrow(packet, &seconds(mark.at)),
                MarkKind::Note(place, words) => {
                    let over = match place {
                        Place::Broker => "B".into(),
                        Place::Client(client) => format!("C{}", client.0),
                    };
                    format!("  Note over {over}: {} {}\n", seconds(mark.at), escaped(words))
                }
            };
            if text.len() + line.len() + REST_MAX > CHARACTERS_MAX {
                break;
            }
            text += &line;
            drawn += 1;
        }
        diagram.left_out += diagram.marks.len() - drawn;
        if let Some(rest) = diagram.rest() {
            let _ = writeln!(text, "  Note over B: {rest}");
        }
        text
    }
}

fn arrow(packet: &PacketRecord, at: &str) -> String {
    let client = format!("C{}", packet.actor.0);
    let (from, to) = match packet.direction {
        Direction::Up => (&*client, "B"),
        Direction::Down => ("B", &*client),
    };
    let arrow = match packet.fate {
        Fate::Delivered(_) => "->>",
        Fate::InFlight => "-)",
        Fate::Lost(..) | Fate::Truncated(..) => "-x",
    };
    let words = match fate(packet) {
        Some(fate) => format!("{}, {fate}", label(packet)),
        None => label(packet),
    };
    format!("  {from}{arrow}{to}: {at} {}\n", escaped(&words))
}

/// Writes all signs of ASCII but harmless ones as Mermaid's entities: the others begin comments,
/// directives, entities and statements.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for one in text.chars() {
        if one.is_ascii_alphanumeric() || !one.is_ascii() || matches!(one, ' ' | '/' | '_' | '.' | ',') {
            out.push(one);
        } else {
            let _ = write!(out, "#{};", u32::from(one));
        }
    }
    out
}

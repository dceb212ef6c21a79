//! A trace as an SVG picture: time runs down, each host is a line, each packet an arrow.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::{Diagram, Mark, MarkKind, ends_at, fate, label, seconds};
use crate::simulator::sorted_map::SortedMap;
use crate::simulator::{Actor, Direction, Fate, PacketRecord, Place, World};
use crate::time::Time;

/// Pixels between two lines.
const LANE: usize = 260;
/// Pixels left of the first line, for the times.
const LEFT: usize = 100;
/// Pixels above the first moment, for the names.
const TOP: usize = 50;
/// Pixels between two moments. The time between them is not to scale.
const ROW: usize = 26;
/// Half of the width of a letter, about.
const CROSS: usize = 5;
/// Pixels of a label, at most. A longer one is drawn narrower.
const LABEL: usize = 400;
/// Pixels of a letter of ASCII, and of another one, about. A font may have wider ones.
const LETTERS: [usize; 2] = [7, 14];

const STYLE: &str = "svg{color-scheme:light dark;background:light-dark(#fff,#14171c);font:12px system-ui,sans-serif}\
text{fill:light-dark(#1b1f24,#e8eaed)}.time{fill:light-dark(#57606a,#9aa4b0)}.name{font-weight:600}\
line,path{stroke:light-dark(#57606a,#9aa4b0);fill:none}.lane{stroke-dasharray:2 4}\
.packet{stroke:light-dark(#0550ae,#79c0ff);stroke-width:1.5}\
.lost{stroke:light-dark(#b3261e,#ff9d94);stroke-width:1.5;stroke-dasharray:5 3}\
.halo{paint-order:stroke;stroke:light-dark(#fff,#14171c);stroke-width:4px;stroke-linejoin:round}";

impl World {
    /// Returns entries of the trace as an SVG picture.
    ///
    /// The entries are those from one index up to another. Beyond 1,000 marks it says how many are
    /// left out. It has no script and loads nothing.
    #[must_use]
    pub fn to_svg(&self, from: usize, to: usize) -> String {
        Picture::new(Diagram::new(self, from, to)).write()
    }
}

struct Picture<'a> {
    diagram: Diagram<'a>,
    /// Height of each moment.
    rows: SortedMap<Time, usize>,
    height: usize,
}

impl<'a> Picture<'a> {
    fn new(diagram: Diagram<'a>) -> Self {
        let mut rows = SortedMap::default();
        for mark in &diagram.marks {
            // Marks of one moment stand below each other.
            *rows.get_or_default(mark.at) += 1;
            if let MarkKind::Packet(packet) = &mark.kind {
                rows.get_or_insert(ends_at(packet), 1);
            }
        }
        let mut height = TOP;
        rows.for_each_mut(|row| {
            let count = core::mem::replace(row, height);
            height += ROW * count;
        });
        Self { diagram, rows, height: height + ROW }
    }

    fn write(&self) -> String {
        let (width, height) = (LEFT + LANE * (self.diagram.clients.len() + 1), self.height + ROW);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>Packets of MQTT in time</title>\n\
             <style>{STYLE}</style>\n"
        );
        self.lane(&mut out, 0, "broker");
        for (index, client) in self.diagram.clients.iter().enumerate() {
            self.lane(&mut out, index + 1, &self.diagram.name(*client));
        }
        for (at, y) in self.rows.iter() {
            let _ = writeln!(out, "<text class=\"time\" x=\"8\" y=\"{}\">{}</text>", y + 4, seconds(*at));
        }
        let (mut last, mut shift) = (None, 0);
        for mark in &self.diagram.marks {
            shift = if last == Some(mark.at) { shift + ROW } else { 0 };
            last = Some(mark.at);
            self.mark(&mut out, mark, self.row(mark.at) + shift);
        }
        if let Some(rest) = self.diagram.rest() {
            let _ = writeln!(out, "<text x=\"{LEFT}\" y=\"{}\">{rest}</text>", self.height);
        }
        out + "</svg>\n"
    }

    fn row(&self, at: Time) -> usize {
        self.rows.get(&at).copied().unwrap_or(TOP)
    }

    fn x(&self, client: Actor) -> usize {
        let index = self.diagram.clients.iter().position(|other| *other == client);
        LEFT + LANE / 2 + LANE * index.map_or(0, |index| index + 1)
    }

    fn lane(&self, out: &mut String, lane: usize, name: &str) {
        let (x, bottom) = (LEFT + LANE / 2 + LANE * lane, self.height);
        let _ = write!(
            out,
            "<line class=\"lane\" x1=\"{x}\" y1=\"34\" x2=\"{x}\" y2=\"{bottom}\"/>\n\
             <text class=\"name\" x=\"{x}\" y=\"24\" text-anchor=\"middle\"{}>{}</text>\n",
            fit(name, LANE - 2 * CROSS),
            escaped(name)
        );
    }

    fn mark(&self, out: &mut String, mark: &Mark<'_>, y: usize) {
        match &mark.kind {
            MarkKind::Packet(packet) => self.packet(out, packet, y),
            MarkKind::Note(place, words) => {
                // Towards the middle of the picture, so that nothing is cut off.
                let (x, anchor) = match place {
                    Place::Broker => (LEFT + LANE / 2 + 2 * CROSS, "start"),
                    Place::Client(client) => (self.x(*client) - 2 * CROSS, "end"),
                };
                *out += &text(x, y + 4, anchor, words);
            }
        }
    }

    fn packet(&self, out: &mut String, packet: &PacketRecord, y: usize) {
        let (broker, client) = (LEFT + LANE / 2, self.x(packet.actor));
        let (from, to) = match packet.direction {
            Direction::Up => (client, broker),
            Direction::Down => (broker, client),
        };
        let bottom = self.row(ends_at(packet)).max(y);
        let is_lost = matches!(packet.fate, Fate::Lost(..) | Fate::Truncated(..));
        // A lost packet ends on the way.
        let (to, bottom) = if is_lost { ((from + 3 * to) / 4, (y + 3 * bottom) / 4) } else { (to, bottom) };
        let class = if is_lost { "lost" } else { "packet" };
        let _ = writeln!(
            out,
            "<path class=\"{class}\" d=\"M{from} {y}L{to} {bottom}{}\"/>",
            head(is_lost, from, to, bottom)
        );
        let words = match fate(packet) {
            Some(fate) => format!("{}, {fate}", label(packet)),
            None => label(packet),
        };
        // At the moment of its sending, whose row no other mark has.
        *out += &text(client - LANE / 2, y - 3, "middle", &words);
    }
}

/// Returns the path of an arrow's head, or of a cross.
fn head(is_lost: bool, from: usize, x: usize, y: usize) -> String {
    let (left, right, up, down) = (x - CROSS, x + CROSS, y - CROSS, y + CROSS);
    if is_lost {
        return format!("M{left} {up}L{right} {down}M{right} {up}L{left} {down}");
    }
    let back = if from < x { x - 2 * CROSS } else { x + 2 * CROSS };
    format!("M{back} {up}L{x} {y}L{back} {down}")
}

fn text(x: usize, y: usize, anchor: &str, words: &str) -> String {
    let (fit, words) = (fit(words, LABEL), escaped(words));
    format!("<text class=\"halo\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\"{fit}>{words}</text>\n")
}

/// Returns the attributes that draw a text narrower, if it may be wider than so many pixels.
fn fit(words: &str, max: usize) -> String {
    let width: usize = words.chars().map(|one| LETTERS[usize::from(!one.is_ascii())]).sum();
    if width <= max {
        return String::new();
    }
    format!(" textLength=\"{max}\" lengthAdjust=\"spacingAndGlyphs\"")
}

/// Writes the signs of XML as entities.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for one in text.chars() {
        match one {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

//! Acknowledgements that wait for the application, in the order of their messages.
//!
//! PUBACKs leave in the order of the QoS 1 messages [MQTT-4.6.0-2], PUBRECs in that of the QoS 2
//! messages [MQTT-4.6.0-3]. So while one waits, those of later messages wait behind it.
//!
//! A connection that ends takes the held PUBACKs with it: the broker sends those messages again. A
//! QoS 2 message is handed over once for its session [MQTT-4.3.3-10]. So its answer may come
//! between two connections, and is sent when the message comes again.

use super::Ticket;
use crate::codec::{PacketId, QoS, ReasonCode};
use crate::collections::by_id::{ById, Index};
use crate::collections::fifo::Fifo;

/// Numbers of messages go round below this.
const NUMBERS: u32 = 1 << 26;

/// Held acknowledgements of one client.
#[derive(Debug)]
pub(super) struct HeldAcks {
    /// QoS 1 and QoS 2, each with its own order.
    lines: [Line; 2],
    /// The identifiers in the line of QoS 2. A broker may repeat each of 65,535 at any time.
    waiting: Index,
    /// QoS 2 messages that the application has not answered.
    unanswered: Index,
    /// QoS 2 messages of earlier connections whose answer was not sent.
    kept: ById<Kept>,
}

#[derive(Debug)]
struct Line {
    /// Number of the first entry; the others follow.
    first: u32,
    entries: Fifo<Entry>,
}

#[derive(Debug)]
struct Entry {
    packet_id: PacketId,
    /// `None`: the application has not answered.
    answer: Option<ReasonCode>,
}

#[derive(Debug)]
struct Kept {
    /// Number that its ticket has.
    number: u32,
    answer: Option<ReasonCode>,
    /// Its number in the line, once the broker has sent it again.
    again: Option<u32>,
}

impl HeldAcks {
    pub(super) const fn new() -> Self {
        Self { lines: [Line::new(), Line::new()], waiting: Index::new(), unanswered: Index::new(), kept: ById::new() }
    }

    /// True if no message of this quality of service waits.
    pub(super) const fn is_empty(&self, qos: QoS) -> bool {
        self.lines[place(qos)].entries.is_empty()
    }

    /// Adds a message that has come, with its answer if it does not wait for the application.
    pub(super) fn hold(&mut self, qos: QoS, packet_id: PacketId, answer: Option<ReasonCode>) -> Ticket {
        if qos == QoS::ExactlyOnce {
            self.waiting.insert(packet_id);
            if answer.is_none() {
                self.unanswered.insert(packet_id);
            }
        }
        Ticket::new(qos, self.lines[place(qos)].push(packet_id, answer))
    }

    /// Notes that a QoS 2 message has come again. Returns false if none waits under its identifier.
    pub(super) fn repeat(&mut self, packet_id: PacketId) -> bool {
        if self.waiting.contains(packet_id) {
            return true;
        }
        let Some(kept) = self.kept.get_mut(packet_id) else { return false };
        self.waiting.insert(packet_id);
        kept.again = Some(self.lines[1].push(packet_id, kept.answer));
        if kept.answer.is_some() {
            self.kept.remove(packet_id);
        }
        true
    }

    /// True if a QoS 2 message waits for the application's answer.
    pub(super) fn is_unanswered(&self, packet_id: PacketId) -> bool {
        self.unanswered.contains(packet_id)
    }

    /// Notes that a QoS 2 message is answered, or its exchange over.
    pub(super) fn note_answered(&mut self, packet_id: PacketId) {
        self.unanswered.remove(packet_id);
    }

    /// Answers a message. Returns its identifier; `None` if its ticket is not valid any more.
    pub(super) fn settle(&mut self, ticket: Ticket, answer: ReasonCode) -> Option<PacketId> {
        let line = place(ticket.qos());
        let mut number = ticket.number();
        let of_ticket = |(_, kept): &(PacketId, &Kept)| line == 1 && kept.number == number;
        let kept = self.kept.iter().find(of_ticket).map(|(packet_id, _)| packet_id);
        if let Some(packet_id) = kept
            && let Some(kept) = self.kept.get_mut(packet_id)
        {
            let Some(again) = kept.again else {
                return answer_once(&mut kept.answer, answer).then_some(packet_id);
            };
            number = again;
            self.kept.remove(packet_id);
        }
        let line = &mut self.lines[line];
        let entry = line.entries.get_mut(distance(line.first, number))?;
        answer_once(&mut entry.answer, answer).then_some(entry.packet_id)
    }

    /// Takes the next acknowledgement that may be sent.
    pub(super) fn next(&mut self, qos: QoS) -> Option<(PacketId, ReasonCode)> {
        let (packet_id, answer) = self.lines[place(qos)].next()?;
        if qos == QoS::ExactlyOnce {
            self.waiting.remove(packet_id);
        }
        Some((packet_id, answer))
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self) {
        self.lines[0].clear();
        let line = &mut self.lines[1];
        let mut number = line.first;
        for Entry { packet_id, answer } in line.entries.iter() {
            let (packet_id, answer) = (*packet_id, *answer);
            let kept = self.kept.get_mut(packet_id);
            if let Some(kept) = kept.filter(|kept| kept.again == Some(number)) {
                kept.again = None;
            } else if answer.is_none_or(ReasonCode::is_error) {
                // A success is the answer that is sent without an entry too.
                self.kept.insert(packet_id, Kept { number, answer, again: None });
            }
            number = (number + 1) % NUMBERS;
        }
        line.clear();
        self.waiting.clear();
    }

    /// The session is gone.
    pub(super) fn clear(&mut self) {
        self.disconnected();
        self.kept.clear();
        self.unanswered.clear();
    }
}

impl Line {
    const fn new() -> Self {
        Self { first: 0, entries: Fifo::new() }
    }

    fn push(&mut self, packet_id: PacketId, answer: Option<ReasonCode>) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "there are no more than packet identifiers")]
        let number = (self.first + self.entries.len() as u32) % NUMBERS;
        self.entries.push(Entry { packet_id, answer });
        number
    }

    fn next(&mut self) -> Option<(PacketId, ReasonCode)> {
        let Entry { packet_id, answer } = self.entries.get_mut(0)?;
        let next = (*packet_id, (*answer)?);
        self.entries.pop();
        self.first = (self.first + 1) % NUMBERS;
        Some(next)
    }

    fn clear(&mut self) {
        while self.entries.pop().is_some() {
            self.first = (self.first + 1) % NUMBERS;
        }
    }
}

/// Sets an answer; returns false if there is one.
const fn answer_once(place: &mut Option<ReasonCode>, answer: ReasonCode) -> bool {
    let is_first = place.is_none();
    if is_first {
        *place = Some(answer);
    }
    is_first
}

/// How far a number is behind the first one.
const fn distance(first: u32, number: u32) -> usize {
    ((number + NUMBERS - first) % NUMBERS) as usize
}

const fn place(qos: QoS) -> usize {
    matches!(qos, QoS::ExactlyOnce) as usize
}

impl Ticket {
    const fn new(qos: QoS, number: u32) -> Self {
        Self((qos.bits() as u32) << 26 | number)
    }

    const fn number(self) -> u32 {
        self.0 % NUMBERS
    }

    pub(super) const fn qos(self) -> QoS {
        if self.0 >> 26 == 2 { QoS::ExactlyOnce } else { QoS::AtLeastOnce }
    }
}

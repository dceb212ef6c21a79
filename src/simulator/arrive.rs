//! Arrivals: packets and segments that come to the other end of a link, up to a cut.

use alloc::vec::Vec;

use super::World;
use super::action::Direction;
use super::drain::segment;
use super::link::{Cut, End, LinkId};
use super::pipe::Parcel;
use super::trace::{EntryId, Event, Fate, LinkEvent, LossCause};

/// A packet or a part of one, which arrives.
#[derive(Clone, Copy)]
struct Piece {
    entry: EntryId,
    start: usize,
    len: usize,
}

impl World {
    /// The next thing on the link arrives in this direction.
    pub(super) fn arrive(&mut self, id: LinkId, direction: Direction) {
        let Some(link) = self.links.get_mut(&id) else { return };
        match link.pipe(direction).pop() {
            None => {}
            Some(Parcel::End) => {
                let place = self.place(id, direction);
                self.cause = Some(self.note(Event::Link(id, LinkEvent::Closed(place))));
                self.learn(id, direction);
            }
            Some(Parcel::Packet { entry, start, len }) => self.arrive_from(id, direction, Piece { entry, start, len }),
        }
    }

    /// This piece arrives, and the others that have come with it in one segment.
    fn arrive_from(&mut self, id: LinkId, direction: Direction, first: Piece) {
        let len = self.segment_bytes(id);
        let (mut bytes, mut cut, mut next) = (Vec::new(), None, Some(first));
        while let Some(piece) = next.take() {
            let (arrives, snaps) = self.arriving(id, direction, piece.len);
            self.arrive_piece(id, direction, piece, arrives, &mut bytes);
            cut = snaps;
            if cut.is_none() && bytes.len() < len {
                next = self.pop_arrived(id, direction);
            }
        }
        self.hand_over(id, direction, &bytes);
        if let Some(cut) = cut {
            self.snap(id, cut);
        }
    }

    /// Returns how many bytes come at once; 0 if each packet comes on its own.
    fn segment_bytes(&mut self, id: LinkId) -> usize {
        let Some(link) = self.links.get(&id) else { return 0 };
        let longest = self.clients[link.actor.0].conditions.segment_bytes_max;
        if longest.is_none() { 0 } else { segment(&mut self.random, longest, usize::MAX) }
    }

    /// Takes the next piece, if it has arrived by now.
    fn pop_arrived(&mut self, id: LinkId, direction: Direction) -> Option<Piece> {
        let now = self.now;
        let pipe = self.links.get_mut(&id)?.pipe(direction);
        match pipe.pop_if(|at, parcel| at <= now && matches!(parcel, Parcel::Packet { .. }))? {
            Parcel::Packet { entry, start, len } => Some(Piece { entry, start, len }),
            Parcel::End => None,
        }
    }

    /// Returns how many of these bytes arrive, and the cut that comes behind them, if one does.
    fn arriving(&mut self, id: LinkId, direction: Direction, len: usize) -> (usize, Option<Cut>) {
        let cut = self.links.get_mut(&id).and_then(|link| link.cut.as_mut());
        let Some(cut) = cut.filter(|cut| cut.direction == direction) else { return (len, None) };
        if len < cut.after {
            cut.after -= len;
            return (len, None);
        }
        (cut.after, Some(*cut))
    }

    /// Notes what becomes of the packet, and adds the bytes that arrive.
    fn arrive_piece(&mut self, id: LinkId, direction: Direction, piece: Piece, arrives: usize, bytes: &mut Vec<u8>) {
        let now = self.now;
        let Some(link) = self.links.get(&id) else { return };
        let (is_open, actor) = (link.receiver(direction) == End::Open, link.actor);
        let Some(packet) = self.trace.packet(piece.entry) else { return };
        let end = if is_open { piece.start + arrives } else { piece.start };
        let is_whole = is_open && end == packet.bytes.len();
        bytes.extend_from_slice(packet.bytes.get(piece.start..end).unwrap_or_default());
        let fate = if is_whole {
            Fate::Delivered(now)
        } else if is_open && arrives == piece.len {
            // The rest follows.
            Fate::InFlight
        } else if end > 0 {
            Fate::Truncated(now, end)
        } else {
            Fate::Lost(now, if is_open { LossCause::LinkCut } else { LossCause::ReceiverGone })
        };
        self.trace.end(piece.entry, fate);
        self.cause = Some(piece.entry);
        if is_whole && direction == Direction::Down {
            self.note_foreign(actor, id, piece.entry);
        }
    }

    /// Hands the bytes of a segment to the machine at the end of this direction.
    fn hand_over(&mut self, id: LinkId, direction: Direction, bytes: &[u8]) {
        let now = self.now;
        let Some(link) = self.links.get(&id).filter(|_| !bytes.is_empty()) else { return };
        let (actor, attempt, peer) = (link.actor, link.attempt, link.peer);
        match direction {
            Direction::Up => {
                if let Some(peer) = peer {
                    self.broker.handle_bytes(peer, bytes, now);
                    self.drain_broker();
                }
            }
            Direction::Down => {
                self.with_client(actor, |client, now| client.handle_bytes(attempt, bytes, now));
                self.check_writable(id);
            }
        }
    }
}

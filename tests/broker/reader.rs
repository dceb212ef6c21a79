//! A reader: the application of a client, which acknowledges what it reads.

use std::collections::BTreeSet;

use wasmqtt::broker::PeerId;
use wasmqtt::codec::{Ack, Packet};

use crate::room::Room;

/// What a client has heard: topic, payload, quality of service.
pub(crate) type Heard = Vec<(String, String, u8)>;

/// A client's application: it reads what its connection has brought, and acknowledges it.
#[derive(Default)]
pub(crate) struct Reader {
    /// QoS 2 messages that are not released.
    received: BTreeSet<u16>,
}

impl Reader {
    pub(crate) fn read(&mut self, room: &mut Room, peer: PeerId) -> Heard {
        let mut heard = Vec::new();
        for line in room.hear(peer) {
            let words: Vec<_> = line.split(' ').collect();
            let packet_id = words.iter().find_map(|word| word.strip_prefix('#')).and_then(|id| id.parse().ok());
            let ack = |id: Option<u16>| Ack::success(crate::room::id(id.expect(&line)));
            if words[0] == "PUBREL" {
                self.received.remove(&packet_id.expect(&line));
                room.send(peer, &Packet::Pubcomp(ack(packet_id)));
            }
            let Some((topic, payload)) = words[0].split_once('=') else { continue };
            let is_new = words[1] != "q2" || self.received.insert(packet_id.expect(&line));
            if is_new {
                heard.push((topic.into(), payload.into(), words[1].as_bytes()[1] - b'0'));
            }
            match words[1] {
                "q1" => room.send(peer, &Packet::Puback(ack(packet_id))),
                "q2" => room.send(peer, &Packet::Pubrec(ack(packet_id))),
                _ => {}
            }
        }
        heard
    }

    /// Until nothing more comes.
    pub(crate) fn read_all(&mut self, room: &mut Room, peer: PeerId) -> Heard {
        let mut all = Vec::new();
        loop {
            let frames = room.frames(peer);
            all.extend(self.read(room, peer));
            if room.frames(peer) == frames {
                return all;
            }
        }
    }
}

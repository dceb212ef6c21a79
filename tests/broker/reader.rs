//! A reader: the application of a client, which acknowledges what it reads.

use std::collections::BTreeSet;

use wasmqtt::broker::PeerId;
use wasmqtt::codec::{Ack, Packet};

use crate::support::packets;
use crate::support::scenario::Scenario;

/// Messages that a client received: topic, payload, quality of service.
pub(crate) type Heard = Vec<(String, String, u8)>;

/// A client's application: it reads what its connection has brought, and acknowledges it.
#[derive(Default)]
pub(crate) struct Reader {
    /// QoS 2 messages that are not released.
    received: BTreeSet<u16>,
}

impl Reader {
    pub(crate) fn read(&mut self, scenario: &mut Scenario, peer: PeerId) -> Heard {
        let mut heard = Vec::new();
        for line in scenario.hear(peer) {
            let words: Vec<_> = line.split(' ').collect();
            let packet_id = words.iter().find_map(|word| word.strip_prefix('#')).and_then(|id| id.parse().ok());
            let ack = |id: Option<u16>| Ack::success(packets::id(id.expect(&line)));
            if words[0] == "PUBREL" {
                self.received.remove(&packet_id.expect(&line));
                scenario.send(peer, &Packet::Pubcomp(ack(packet_id)));
            }
            let Some((topic, payload)) = words[0].split_once('=') else { continue };
            let is_new = words[1] != "q2" || self.received.insert(packet_id.expect(&line));
            if is_new {
                heard.push((topic.into(), payload.into(), words[1].as_bytes()[1] - b'0'));
            }
            match words[1] {
                "q1" => scenario.send(peer, &Packet::Puback(ack(packet_id))),
                "q2" => scenario.send(peer, &Packet::Pubrec(ack(packet_id))),
                _ => {}
            }
        }
        heard
    }

    /// Until nothing more comes.
    pub(crate) fn read_all(&mut self, scenario: &mut Scenario, peer: PeerId) -> Heard {
        let mut all = Vec::new();
        loop {
            let frames = scenario.frames(peer);
            all.extend(self.read(scenario, peer));
            if scenario.frames(peer) == frames {
                return all;
            }
        }
    }
}

//! Properties of the client over any split of the stream, any bytes and any cuts.

use proptest::prelude::*;
use wasmqtt::client::{ClientOptions, HandlerId, Output, Phase};
use wasmqtt::codec::{Ack, Packet, PropertiesBuf, QoS, ReasonCode, Version};

use super::script::{NOW, Script, Seen, bytes, connack, filter, message, publish, resuming};
use crate::support::packets::id;

fn stream(version: Version) -> Vec<u8> {
    let none = PropertiesBuf::new();
    let packets = [
        connack(false, &none),
        publish("a/b", QoS::AtMostOnce, 0),
        publish("a/c", QoS::AtLeastOnce, 1),
        publish("a/d", QoS::ExactlyOnce, 2),
        Packet::Pubrel(Ack::success(id(2))),
        Packet::Pingresp,
        publish("a/b", QoS::ExactlyOnce, 2),
        publish("x", QoS::AtMostOnce, 0),
    ];
    packets.iter().flat_map(|packet| bytes(packet, version)).collect()
}

/// Outputs without the borders of frames, in which a turn's answers are gathered.
fn outputs(version: Version, pieces: &[&[u8]]) -> (Vec<Seen>, Vec<Seen>) {
    let mut script = Script::opening(ClientOptions { version, ..ClientOptions::new("c") });
    script.client.add_handler(&filter("a/#"), HandlerId(1));
    let all: Vec<Seen> = pieces.iter().flat_map(|piece| script.receive_bytes(piece)).collect();
    all.into_iter().partition(|seen| matches!(seen, Seen::Sent(_)))
}

proptest! {
    #[test]
    fn any_split_of_the_stream_gives_the_same(cuts in prop::collection::vec(0..100_usize, 0..20), v5: bool) {
        let version = if v5 { Version::V5 } else { Version::V3_1_1 };
        let stream = stream(version);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % stream.len()).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        prop_assert_eq!(outputs(version, &pieces), outputs(version, &[&stream[..]]));
    }

    #[test]
    fn arbitrary_bytes_end_in_a_close_or_in_silence(
        noise in prop::collection::vec(any::<u8>(), 0..200), connected: bool,
    ) {
        let mut script = if connected { Script::connected() } else { Script::opening(ClientOptions::new("c")) };
        script.client.handle_bytes(script.attempt, &noise, NOW);
        let mut closed = false;
        while let Some(output) = script.client.poll_output() {
            prop_assert!(!closed, "Closed comes last");
            closed = matches!(output, Output::Closed(_));
        }
        prop_assert_eq!(closed, script.client.phase() == Phase::Idle);
    }

    /// Every request ends exactly once, whatever the broker answers and whenever the connection is
    /// cut.
    #[test]
    fn every_request_ends_once(steps in prop::collection::vec((0..8_u8, 1..6_u16), 0..60)) {
        let mut script = Script::connected_with(resuming(), &[]);
        let mut begun = Vec::new();
        let mut ended = Vec::new();
        for (step, number) in steps {
            let none = PropertiesBuf::new();
            let seen = match step {
                0..=2 => {
                    let qos = QoS::from_bits(step).expect("0 to 2");
                    begun.extend(script.client.publish(message("a", qos), NOW).map(|request| request.0));
                    script.drain()
                }
                3 => {
                    begun.extend(script.client.unsubscribe(&[filter("a")], &none, NOW).map(|request| request.0));
                    script.drain()
                }
                4 => script.receive(&Packet::Puback(Ack::success(id(number)))),
                5 => script.receive(&Packet::Pubrec(Ack::success(id(number)))),
                6 => script.receive(&Packet::Pubcomp(Ack::success(id(number)))),
                _ => script.cut(),
            };
            ended.extend(ends(&seen));
            if script.client.phase() == Phase::Idle {
                ended.extend(ends(&script.reopen(number % 2 == 0)));
            }
        }
        script.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), NOW);
        ended.extend(ends(&script.drain()));
        ended.sort_unstable();
        prop_assert_eq!(ended, begun);
    }
}

fn ends(seen: &[Seen]) -> Vec<u64> {
    seen.iter()
        .filter_map(|seen| match seen {
            Seen::Done(request, _) => Some(*request),
            _ => None,
        })
        .collect()
}

//! Every packet follows from another, or from an action or a timer.

use wasmqtt::codec::PacketKind::{self, Puback, Pubcomp, Publish, Pubrec, Pubrel};
use wasmqtt::codec::{QoS, Version};
use wasmqtt::simulator::Direction::{self, Down, Up};
use wasmqtt::simulator::{ClientEvent, Event, Fate, WorldOptions};

use super::acts::{EACH_QOS, packets_from, pair, publish};

/// §4.3: the packets of each quality of service, over both hops.
#[test]
fn a_message_takes_the_packets_of_its_qos_over_both_hops() {
    const ZERO: &[(usize, Direction, PacketKind)] = &[(1, Up, Publish), (0, Down, Publish)];
    const ONE: &[(usize, Direction, PacketKind)] =
        &[(1, Up, Publish), (0, Down, Publish), (1, Down, Puback), (0, Up, Puback)];
    for (qos, expected) in EACH_QOS.into_iter().zip([ZERO, ONE, &[]]) {
        let (mut world, ..) = pair(WorldOptions::default(), Version::V5, qos);
        let start = world.trace().entries().len();
        publish(&mut world, wasmqtt::simulator::Actor(1), "x", qos);
        world.run(1_000);
        let mut packets: Vec<_> =
            packets_from(&world, start).into_iter().map(|(actor, way, kind)| (actor.0, way, kind)).collect();
        if qos == QoS::ExactlyOnce {
            for actor in [0, 1] {
                let (there, back) = if actor == 0 { (Down, Up) } else { (Up, Down) };
                let own: Vec<_> =
                    packets.iter().filter(|(other, ..)| *other == actor).map(|(_, way, kind)| (*way, *kind)).collect();
                assert_eq!(own, [(there, Publish), (back, Pubrec), (there, Pubrel), (back, Pubcomp)]);
            }
        } else {
            packets.sort();
            let mut expected = expected.to_vec();
            expected.sort();
            assert_eq!(packets, expected, "{qos:?}");
        }
    }
}

#[test]
fn each_effect_can_be_followed_to_the_call_that_it_comes_from() {
    for qos in EACH_QOS {
        let (mut world, subscriber, publisher) = pair(WorldOptions::default(), Version::V5, qos);
        publish(&mut world, publisher, "x", qos);
        let call = world.actions().len() - 1;
        world.run(1_000);
        let trace = world.trace();
        let heard = trace.entries().iter().position(
            |entry| matches!(&entry.event, Event::Client(actor, ClientEvent::Message { .. }) if *actor == subscriber),
        );
        let heard = wasmqtt::simulator::EntryId(u32::try_from(heard.expect("a message")).expect("few entries"));
        let path: Vec<String> = trace
            .causes(heard)
            .map(|id| match &trace.get(id).expect("an entry").event {
                Event::Client(_, ClientEvent::Message { .. }) => "message".into(),
                Event::Packet(packet) => format!("{:?} {:?}", packet.direction, packet.kind.expect("a kind")),
                Event::Action(index) => format!("action {index}"),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(path, ["message", "Down Publish", "Up Publish", &format!("action {call}")], "{qos:?}");
        assert!(trace.packets().all(|(_, _, packet)| matches!(packet.fate, Fate::Delivered(_))));
    }
}

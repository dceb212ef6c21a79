//! Topic aliases (§3.3.2.3.4).

use wasmqtt::broker::BrokerOptions;
use wasmqtt::codec::{Connect, Properties, Property, Publish, QoS};

use crate::room::{QOS, Room, V4, V5, connect, properties, publish};
use crate::scene::{BOTH, lasting};

/// [MQTT-3.3.2-12], [MQTT-3.3.2-8]: at each border, each with a topic of its own; 0 and the one above are refused with 0x94.
#[test]
fn every_alias_up_to_the_brokers_maximum_is_taken() {
    for maximum in [1, 2, 16, 65_534, 65_535_u16] {
        let options = BrokerOptions { topic_alias_maximum: maximum, ..BrokerOptions::default() };
        let aliases = (1..=maximum.min(20)).chain((maximum.saturating_sub(20).max(21)..=maximum).skip(1));
        let mut room = Room::with(options.clone());
        let peer = room.connect(&connect(V5, "a"));
        assert!(room.hear(peer)[0].contains(&format!("TopicAliasMaximum({maximum})")), "{maximum}");
        room.subscribe(peer, "#", QoS::AtMostOnce);
        for topic in [true, false] {
            for alias in aliases.clone() {
                let list = properties(&[Property::TopicAlias(alias)]);
                let name = format!("t/{alias}");
                let message = publish(if topic { &name } else { "" }, "x", QoS::AtMostOnce);
                let heard = room.publish_with(peer, Publish { properties: list.as_properties(), ..message });
                assert_eq!(heard, [format!("{name}=x q0")], "{maximum} {topic}");
            }
        }
        for (alias, body) in [(Some(0), [0, 0]), (maximum.checked_add(1), (maximum.wrapping_add(1)).to_be_bytes())] {
            if alias.is_some() {
                let mut room = Room::with(options.clone());
                let peer = room.join(V5, "a");
                room.send_bytes(peer, &[0x30, 7, 0, 1, b't', 3, 0x23, body[0], body[1]]);
                assert_eq!(room.hear(peer), ["DISCONNECT 94"], "{alias:?} of {maximum}");
                assert!(room.is_closed(peer));
            }
        }
    }
}

/// [MQTT-3.3.2-11], [MQTT-3.1.2-26], [MQTT-3.1.2-27]: of more topics than there are aliases, at each quality; a client
/// without the property, with 0, or of 3.1.1 gets none.
#[test]
fn no_alias_is_sent_above_the_clients_maximum() {
    for maximum in [None, Some(0), Some(1), Some(3)] {
        for version in BOTH {
            let list = maximum.map(|maximum| properties(&[Property::TopicAliasMaximum(maximum)])).unwrap_or_default();
            let properties = if version == V5 { list.as_properties() } else { Properties::EMPTY };
            let mut room = Room::new();
            let peer = room.join_with(&Connect { properties, ..connect(version, "a") });
            let other = room.join(V4, "other");
            room.subscribe(peer, "#", QoS::ExactlyOnce);
            let mut seen = 0;
            for round in 0..4 {
                for topic in ["a/long/topic/1", "a/long/topic/2", "a/long/topic/3", "a/long/topic/4", "a/long/topic/5"]
                {
                    room.publish(other, topic, "x", QOS[round % 3]);
                    for line in room.hear(peer) {
                        let Some((_, rest)) = line.split_once("TopicAlias(") else {
                            assert!(line.starts_with(topic), "{line}");
                            continue;
                        };
                        let alias: u16 = rest.split(')').next().expect("it ends").parse().expect("a number");
                        assert!(alias > 0 && version == V5 && alias <= maximum.unwrap_or(0), "{line}");
                        seen += 1;
                    }
                }
            }
            assert_eq!(seen > 0, version == V5 && maximum.unwrap_or(0) > 0, "{maximum:?} {version:?}");
        }
    }
}

/// [MQTT-3.3.2-7]: on the next connection of the session an alias of neither side stands for anything.
#[test]
fn aliases_end_with_the_connection() {
    let mut room = Room::new();
    let list = properties(&[Property::TopicAliasMaximum(10), Property::SessionExpiryInterval(100)]);
    let client = Connect { properties: list.as_properties(), ..lasting(V5, "a") };
    let mut peer = room.join_with(&client);
    room.subscribe(peer, "t/#", QoS::AtLeastOnce);
    let other = room.join(V5, "other");
    for _ in 0..2 {
        room.publish(other, "t/long/topic", "x", QoS::AtMostOnce);
        room.publish(other, "t/long/topic", "x", QoS::AtMostOnce);
        let heard = room.hear(peer);
        assert!(heard[0].starts_with("t/long/topic=") && heard[1].starts_with("=x"), "{heard:?}");
        let alias = properties(&[Property::TopicAlias(1)]);
        let named = Publish { properties: alias.as_properties(), ..publish("own", "", QoS::AtMostOnce) };
        assert!(room.publish_with(peer, named).is_empty());
        room.cut(peer);
        peer = room.join_with(&client);
        let nameless = Publish { topic: "", ..named };
        room.publish_with(peer, nameless);
        assert!(room.is_closed(peer), "the alias is not known any more");
        peer = room.join_with(&client);
    }
}

//! Topic aliases (§3.3.2.3.4).

use wasmqtt::broker::BrokerOptions;
use wasmqtt::codec::{Connect, Properties, Property, Publish, QoS};

use crate::support::packets::{BOTH, QOS, V4, V5, connect, lasting, properties, publish};
use crate::support::scenario::Scenario;

/// [MQTT-3.3.2-12], [MQTT-3.3.2-8]: at each border, each with a topic of its own; 0 and the one
/// above are refused with 0x94.
#[test]
fn every_alias_up_to_the_brokers_maximum_is_taken() {
    for maximum in [1, 2, 16, 65_534, 65_535_u16] {
        let options = BrokerOptions { topic_alias_maximum: maximum, ..BrokerOptions::default() };
        let aliases = (1..=maximum.min(20)).chain((maximum.saturating_sub(20).max(21)..=maximum).skip(1));
        let mut scenario = Scenario::with(options.clone());
        let peer = scenario.connect(&connect(V5, "a"));
        assert!(scenario.hear(peer)[0].contains(&format!("TopicAliasMaximum({maximum})")), "{maximum}");
        scenario.subscribe(peer, "#", QoS::AtMostOnce);
        for topic in [true, false] {
            for alias in aliases.clone() {
                let list = properties(&[Property::TopicAlias(alias)]);
                let name = format!("t/{alias}");
                let message = publish(if topic { &name } else { "" }, "x", QoS::AtMostOnce);
                let heard = scenario.publish_with(peer, Publish { properties: list.as_properties(), ..message });
                assert_eq!(heard, [format!("{name}=x q0")], "{maximum} {topic}");
            }
        }
        for (alias, body) in [(Some(0), [0, 0]), (maximum.checked_add(1), (maximum.wrapping_add(1)).to_be_bytes())] {
            if alias.is_some() {
                let mut scenario = Scenario::with(options.clone());
                let peer = scenario.join(V5, "a");
                scenario.send_bytes(peer, &[0x30, 7, 0, 1, b't', 3, 0x23, body[0], body[1]]);
                assert_eq!(scenario.hear(peer), ["DISCONNECT 94"], "{alias:?} of {maximum}");
                assert!(scenario.is_closed(peer));
            }
        }
    }
}

/// [MQTT-3.3.2-11], [MQTT-3.1.2-26], [MQTT-3.1.2-27]: more topics than there are aliases, at each
/// quality. A client without the property, with 0, or of 3.1.1 gets none.
#[test]
fn no_alias_is_sent_above_the_clients_maximum() {
    for maximum in [None, Some(0), Some(1), Some(3)] {
        for version in BOTH {
            let list = maximum.map(|maximum| properties(&[Property::TopicAliasMaximum(maximum)])).unwrap_or_default();
            let properties = if version == V5 { list.as_properties() } else { Properties::EMPTY };
            let mut scenario = Scenario::new();
            let peer = scenario.join_with(&Connect { properties, ..connect(version, "a") });
            let other = scenario.join(V4, "other");
            scenario.subscribe(peer, "#", QoS::ExactlyOnce);
            let mut seen = 0;
            for round in 0..4 {
                for topic in ["a/long/topic/1", "a/long/topic/2", "a/long/topic/3", "a/long/topic/4", "a/long/topic/5"]
                {
                    scenario.publish(other, topic, "x", QOS[round % 3]);
                    for line in scenario.hear(peer) {
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

/// [MQTT-3.3.2-7]: on the next connection of the session an alias of neither side stands for
/// anything.
#[test]
fn aliases_end_with_the_connection() {
    let mut scenario = Scenario::new();
    let list = properties(&[Property::TopicAliasMaximum(10), Property::SessionExpiryInterval(100)]);
    let client = Connect { properties: list.as_properties(), ..lasting(V5, "a") };
    let mut peer = scenario.join_with(&client);
    scenario.subscribe(peer, "t/#", QoS::AtLeastOnce);
    let other = scenario.join(V5, "other");
    for _ in 0..2 {
        scenario.publish(other, "t/long/topic", "x", QoS::AtMostOnce);
        scenario.publish(other, "t/long/topic", "x", QoS::AtMostOnce);
        let heard = scenario.hear(peer);
        assert!(heard[0].starts_with("t/long/topic=") && heard[1].starts_with("=x"), "{heard:?}");
        let alias = properties(&[Property::TopicAlias(1)]);
        let named = Publish { properties: alias.as_properties(), ..publish("own", "", QoS::AtMostOnce) };
        assert!(scenario.publish_with(peer, named).is_empty());
        scenario.cut(peer);
        peer = scenario.join_with(&client);
        let nameless = Publish { topic: "", ..named };
        scenario.publish_with(peer, nameless);
        assert!(scenario.is_closed(peer), "the alias is not known any more");
        peer = scenario.join_with(&client);
    }
}

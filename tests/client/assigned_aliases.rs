//! Topic aliases that the client assigns, read as a broker reads them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wasmqtt::client::{CallError, Client, ClientOptions, Completion, Output, RequestError};
use wasmqtt::codec::{Decoder, Message, Packet, Property, PropertyId, QoS, ReasonCode, Version};
use wasmqtt::topic::TopicName;

use super::script::{NOW, begin, bytes, connack, message, resuming};
use crate::support::packets::properties;

/// A broker that resolves aliases by the letter, and keeps PUBLISH as `topic` and `alias`.
#[derive(Default)]
struct Reader {
    aliases: BTreeMap<u32, String>,
    maximum: u32,
    /// Topics as a subscriber gets them.
    topics: Vec<String>,
    /// Topic and alias as they were sent; alias 0 is none.
    wire: Vec<(String, u32)>,
    largest: usize,
}

impl Reader {
    fn read(&mut self, frame: &[u8]) {
        let mut decoder = Decoder::new(u32::MAX);
        decoder.feed(frame);
        while let Some(located) = decoder.advance(Version::V5).expect("well formed") {
            let Packet::Publish(publish) = decoder.packet(&located, Version::V5).expect("well formed") else {
                continue;
            };
            let alias = publish.properties.number(PropertyId::TopicAlias).unwrap_or(0);
            assert!(alias <= self.maximum, "[MQTT-3.3.2-9]");
            self.largest = self.largest.max(decoder.bytes(&located).len());
            self.wire.push((publish.topic.to_owned(), alias));
            if publish.topic.is_empty() {
                self.topics.push(self.aliases.get(&alias).expect("an alias that was introduced").clone());
            } else {
                if alias > 0 {
                    self.aliases.insert(alias, publish.topic.to_owned());
                }
                self.topics.push(publish.topic.to_owned());
            }
        }
    }

    fn drain(&mut self, client: &mut Client) -> Vec<(u64, Result<Completion, RequestError>)> {
        let mut done = Vec::new();
        while let Some(output) = client.poll_output() {
            match output {
                Output::Transmit(frame) => self.read(frame),
                Output::Done(request, result) => done.push((request.0, result)),
                Output::Open { .. }
                | Output::Connected(_)
                | Output::Authenticate(..)
                | Output::Message(_)
                | Output::Notice(_)
                | Output::Store(..)
                | Output::Lost(_)
                | Output::Closed(_) => {}
            }
        }
        done
    }

    /// Opens a connection with these limits of the broker.
    fn open(client: &mut Client, session_present: bool, list: &[Property<'_>]) -> Self {
        let attempt = begin(client);
        client.handle_open(attempt, NOW);
        let mut reader = Self::default();
        reader.drain(client);
        for property in list {
            if let Property::TopicAliasMaximum(maximum) = property {
                reader.maximum = (*maximum).into();
            }
        }
        client.handle_bytes(attempt, &bytes(&connack(session_present, &properties(list)), Version::V5), NOW);
        reader.drain(client);
        reader
    }

    fn publish(&mut self, client: &mut Client, topics: &[&str]) {
        for topic in topics {
            client.publish(message(topic, QoS::AtMostOnce), NOW).expect("it can be sent");
        }
        self.drain(client);
    }

    fn sent(&mut self) -> Vec<(String, u32)> {
        std::mem::take(&mut self.wire)
    }
}

fn with(list: &[Property<'_>]) -> Message {
    Message { properties: properties(list), ..message("topic", QoS::AtMostOnce) }
}

fn wire(list: &[(&str, u32)]) -> Vec<(String, u32)> {
    list.iter().map(|(topic, alias)| ((*topic).to_owned(), *alias)).collect()
}

/// [MQTT-3.3.2-8], [MQTT-3.3.2-9], [MQTT-3.3.2-10]: the topic used least recently gives its alias
/// up.
#[test]
fn topics_get_aliases_and_the_least_recent_gives_its_up() {
    let mut client = Client::new(ClientOptions::new("c"));
    let mut reader = Reader::open(&mut client, false, &[Property::TopicAliasMaximum(2)]);
    reader.publish(&mut client, &["one1", "two2", "one1", "three", "one1", "two2", "three", "a/b"]);
    let expected = [("one1", 1), ("two2", 2), ("", 1), ("three", 2), ("", 1), ("two2", 2), ("three", 1), ("a/b", 0)];
    assert_eq!(reader.sent(), wire(&expected), "three bytes are not worth an alias");
    assert_eq!(reader.topics, ["one1", "two2", "one1", "three", "one1", "two2", "three", "a/b"]);
}

/// Topics that take turns, one more than there are aliases, do not take them from each other.
#[test]
fn topics_that_take_turns_keep_their_aliases() {
    let mut client = Client::new(ClientOptions::new("c"));
    let mut reader = Reader::open(&mut client, false, &[Property::TopicAliasMaximum(4)]);
    for _ in 0..40 {
        reader.publish(&mut client, &["topic/1", "topic/2", "topic/3", "topic/4", "topic/5"]);
    }
    let by_alias = reader.sent().iter().filter(|(topic, _)| topic.is_empty()).count();
    assert!(by_alias > 130, "{by_alias} of 200 by an alias");
    // Others that are sent alone get one in the end.
    reader.publish(&mut client, &["other/1"; 30]);
    let sent = reader.sent();
    assert_eq!(sent.last(), Some(&(String::new(), sent.last().expect("30").1)), "{sent:?}");
}

/// [MQTT-3.2.2-17], [MQTT-3.2.2-18]: without the broker's maximum, or with an option of 0.
#[test]
fn no_alias_where_the_broker_or_the_option_allows_none() {
    for (assigned_aliases_max, list) in [(16, &[][..]), (0, &[Property::TopicAliasMaximum(9)][..])] {
        let mut client = Client::new(ClientOptions { assigned_aliases_max, ..ClientOptions::new("c") });
        let mut reader = Reader::open(&mut client, false, list);
        reader.publish(&mut client, &["topic", "topic"]);
        assert_eq!(reader.sent(), wire(&[("topic", 0), ("topic", 0)]));
    }
}

/// [MQTT-3.3.2-7]: a message that is sent again on a resumed connection has its topic in full, and
/// the new broker's maximum holds.
#[test]
fn aliases_do_not_outlive_their_connection() {
    let mut client = Client::new(resuming());
    let mut reader = Reader::open(&mut client, false, &[Property::TopicAliasMaximum(5)]);
    for _ in 0..2 {
        client.publish(message("topic", QoS::AtLeastOnce), NOW).expect("it can be sent");
    }
    reader.drain(&mut client);
    assert_eq!(reader.sent(), wire(&[("topic", 1), ("", 1)]));
    for (list, expected) in
        [(&[Property::TopicAliasMaximum(5)][..], [("topic", 1), ("", 1)]), (&[][..], [("topic", 0), ("topic", 0)])]
    {
        client.handle_closed(client.attempt(), NOW);
        Reader::default().drain(&mut client);
        let mut reader = Reader::open(&mut client, true, list);
        assert_eq!(reader.sent(), wire(&expected));
        reader.publish(&mut client, &["topic"]);
    }
}

/// [MQTT-3.2.2-15]: an alias that does not fit beside its topic is left out, and one of a packet
/// that is not sent is not assigned.
#[test]
fn an_alias_is_assigned_only_by_a_packet_that_is_sent() {
    let mut client = Client::new(ClientOptions::new("c"));
    let list = [Property::TopicAliasMaximum(5), Property::MaximumPacketSize(20)];
    let mut reader = Reader::open(&mut client, false, &list);
    let payload = |len: usize| Message::new(TopicName::parse("topic").expect("valid"), vec![0; len]);
    // A fixed header of 2 bytes, the topic of 7, and a property length of 1.
    let refused = client.publish(payload(11), NOW);
    assert!(matches!(refused, Err(CallError::PacketTooLarge { bytes: 21, maximum: 20 })), "{refused:?}");
    client.publish(payload(10), NOW).expect("it fits without an alias");
    client.publish(payload(7), NOW).expect("it fits");
    client.publish(payload(7), NOW).expect("it fits");
    reader.drain(&mut client);
    assert_eq!(reader.sent(), wire(&[("topic", 0), ("topic", 1), ("", 1)]));
    assert_eq!(reader.largest, 20);
}

/// A full buffer between turns assigns nothing either.
#[test]
fn a_message_that_finds_the_buffer_full_assigns_no_alias() {
    let mut client = Client::new(ClientOptions { queue_bytes: 30, ..ClientOptions::new("c") });
    let mut reader = Reader::open(&mut client, false, &[Property::TopicAliasMaximum(5)]);
    client.publish(message("first", QoS::AtMostOnce), NOW).expect("it can be sent");
    let full = client.publish(message("second", QoS::AtMostOnce), NOW);
    assert!(matches!(full, Err(CallError::TransmitFull { .. })), "{full:?}");
    reader.drain(&mut client);
    reader.publish(&mut client, &["second"]);
    assert_eq!(reader.sent(), wire(&[("first", 1), ("second", 2)]));
}

/// Properties of the message stay beside the alias. One that the caller assigns would change the
/// meaning of the client's own.
#[test]
fn an_alias_goes_with_the_messages_own_properties() {
    let mut client = Client::new(ClientOptions::new("c"));
    let mut reader = Reader::open(&mut client, false, &[Property::TopicAliasMaximum(2)]);
    for _ in 0..2 {
        client.publish(with(&[Property::UserProperty("a", "b"), Property::ContentType("t")]), NOW).expect("valid");
    }
    while let Some(output) = client.poll_output() {
        if let Output::Transmit(frame) = output {
            assert_eq!(frame.windows(11).filter(|at| *at == b"\x26\0\x01a\0\x01b\x03\0\x01t").count(), 2);
            reader.read(frame);
        }
    }
    assert_eq!(reader.sent(), wire(&[("topic", 1), ("", 1)]));
    for (assigned_aliases_max, alias, is_sent) in [(2, 1, false), (0, 3, false), (0, 2, true)] {
        let mut client = Client::new(ClientOptions { assigned_aliases_max, ..ClientOptions::new("c") });
        let mut reader = Reader::open(&mut client, false, &[Property::TopicAliasMaximum(2)]);
        let own = [Property::TopicAlias(alias)];
        match client.publish(with(&own), NOW) {
            Ok(_) => assert!(is_sent),
            Err(CallError::NotSupported { reason, .. }) => {
                assert_eq!((reason, is_sent), (ReasonCode::TopicAliasInvalid, false));
            }
            Err(other) => panic!("{other:?}"),
        }
        reader.drain(&mut client);
        assert_eq!(reader.sent().len(), usize::from(is_sent));
    }
}

proptest! {
    /// Any traffic over cuts reaches a broker that resolves by the letter under its own topics.
    #[test]
    fn each_message_arrives_under_its_topic(
        maximum in 0_u16..6,
        own in 0_u16..6,
        steps in prop::collection::vec((0_usize..9, 0_u8..3, prop::bool::weighted(0.1)), 1..60),
    ) {
        let mut client = Client::new(ClientOptions { assigned_aliases_max: own, ..resuming() });
        let list = [Property::TopicAliasMaximum(maximum), Property::ReceiveMaximum(3)];
        let mut reader = Reader::open(&mut client, false, &list);
        for (topic, qos, cut) in steps {
            if cut {
                client.handle_closed(client.attempt(), NOW);
                Reader::default().drain(&mut client);
                reader = Reader::open(&mut client, true, &list);
            }
            let seen = reader.topics.len();
            let topic = format!("topic/{topic}");
            let message = Message { qos: QoS::from_bits(qos).expect("0 to 2"), ..message(&topic, QoS::AtMostOnce) };
            client.publish(message, NOW).expect("there is room");
            reader.drain(&mut client);
            let sent = &reader.topics[seen..];
            prop_assert!(sent.len() <= 1 && sent.iter().all(|sent| *sent == topic), "{sent:?} for {topic}");
        }
    }
}

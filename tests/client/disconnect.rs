//! The client's DISCONNECT and its properties, and those of the broker's last packet.

use wasmqtt::client::{Client, ClientOptions, CloseReason, Output};
use wasmqtt::codec::{
    Connack, Decoder, Disconnect, Packet, Properties, PropertiesBuf, Property, PropertyId, ReasonCode, Version,
};

use super::script::{NOW, Script, bytes};
use crate::support::packets::properties;

/// The properties of the DISCONNECT that the client sends, and the length of the packet.
fn goodbye(client: &mut Client, reason: ReasonCode, list: &PropertiesBuf) -> (PropertiesBuf, usize) {
    client.disconnect(reason, list, NOW);
    let mut sent = None;
    while let Some(output) = client.poll_output() {
        match output {
            Output::Transmit(frame) => {
                let mut decoder = Decoder::new(u32::MAX);
                decoder.feed(frame);
                while let Some(located) = decoder.advance(Version::V5).expect("well formed") {
                    if let Packet::Disconnect(disconnect) = decoder.packet(&located, Version::V5).expect("well formed")
                    {
                        assert_eq!(disconnect.reason, reason);
                        sent = Some((disconnect.properties.to_buf(), decoder.bytes(&located).len()));
                    }
                }
            }
            Output::Closed(cause) => assert_eq!(cause, CloseReason::Requested),
            other => panic!("{other:?}"),
        }
    }
    sent.expect("a DISCONNECT")
}

fn client(expiry: Option<u32>, list: &[Property<'_>]) -> Client {
    let mut own = PropertiesBuf::new();
    if let Some(seconds) = expiry {
        own.push(Property::SessionExpiryInterval(seconds)).expect("short");
    }
    Script::connected_with(ClientOptions { properties: own, ..ClientOptions::new("c") }, list).client
}

/// [MQTT-3.14.2-1], [MQTT-3.14.2-2].
#[test]
fn the_session_expiry_interval_is_not_raised_from_0() {
    let list = |seconds| properties(&[Property::ReasonString("tired"), Property::SessionExpiryInterval(seconds)]);
    let expiry = |(sent, _): (PropertiesBuf, usize)| sent.as_properties().number(PropertyId::SessionExpiryInterval);
    for (asked, told, sent) in
        [(None, 60, None), (Some(0), 60, None), (None, 0, Some(0)), (Some(5), 60, Some(60)), (Some(5), 0, Some(0))]
    {
        let mut client = client(asked, &[]);
        let seen = goodbye(&mut client, ReasonCode::Success, &list(told));
        assert_eq!(expiry(seen), sent, "{asked:?} {told}");
    }
}

/// [MQTT-3.14.2-3], [MQTT-3.14.2-4]: words are left out before the packet grows too large.
#[test]
fn reason_string_and_user_properties_stay_within_the_brokers_maximum() {
    let words = "x".repeat(50);
    for property in [Property::ReasonString(&words), Property::UserProperty("name", &words)] {
        let list = properties(&[Property::SessionExpiryInterval(7), property]);
        for (maximum, is_sent) in [(30, false), (100, true)] {
            let mut client = client(Some(9), &[Property::MaximumPacketSize(maximum)]);
            let (sent, bytes) = goodbye(&mut client, ReasonCode::DisconnectWithWill, &list);
            assert!(bytes <= maximum as usize, "{bytes}");
            assert_eq!(sent == list, is_sent, "{sent:?}");
        }
    }
}

/// A property that DISCONNECT cannot have, before CONNACK too, does not keep it from being sent.
#[test]
fn wrong_properties_are_left_out() {
    let list = properties(&[Property::ReceiveMaximum(1)]);
    let mut waiting = Script::opening(ClientOptions::new("c")).client;
    for client in [&mut waiting, &mut client(None, &[])] {
        assert!(goodbye(client, ReasonCode::Success, &list).0.is_empty());
    }
}

/// The words and user properties of the broker's last packet reach the host.
#[test]
fn properties_of_the_last_packet_can_be_read() {
    let list =
        properties(&[Property::ReasonString("no"), Property::UserProperty("a", "b"), Property::ServerReference("s")]);
    let properties = list.as_properties();
    let reason = ReasonCode::UseAnotherServer;
    let refused = Packet::Connack(Connack { session_present: false, reason, properties });
    let ended = Packet::Disconnect(Disconnect { reason, properties });
    let mut opening = Script::opening(ClientOptions::new("c")).client;
    let mut connected = client(None, &[]);
    for (client, packet) in [(&mut opening, refused), (&mut connected, ended)] {
        client.handle_bytes(client.attempt(), &bytes(&packet, Version::V5), NOW);
        assert!(matches!(client.poll_output(), Some(Output::Closed(_))));
        assert_eq!(client.answer_properties(), properties);
    }
    // Those of another end are none.
    let mut client = client(None, &[]);
    client.handle_closed(client.attempt(), NOW);
    assert!(matches!(client.poll_output(), Some(Output::Closed(CloseReason::TransportClosed))));
    assert_eq!(client.answer_properties(), Properties::EMPTY);
}

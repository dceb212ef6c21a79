//! Where a client connects to, and in which version: several servers, redirects, and 3.1.1.

use core::time::Duration;

use wasmqtt::client::{Backoff, ClientOptions, CloseReason, Phase};
use wasmqtt::codec::{Connack, Disconnect, Message, Packet, PropertiesBuf, Property, QoS, ReasonCode, Version};

use super::host::{Host, SECOND, open, reconnecting};
use super::script::{NOW, Seen, bytes, message, publish};
use crate::support::packets::properties;

fn redirect(reason: ReasonCode, to: &str) -> (ReasonCode, PropertiesBuf) {
    (reason, properties(&[Property::ServerReference(to)]))
}

impl Host {
    fn is_sent_away(&mut self, (reason, properties): &(ReasonCode, PropertiesBuf)) {
        let (reason, properties) = (*reason, properties.as_properties());
        if self.client.phase() == Phase::Connected {
            self.receives(&Packet::Disconnect(Disconnect { reason, properties }));
        } else {
            self.opens();
            self.receives(&Packet::Connack(Connack { session_present: false, reason, properties }));
        }
        self.last_end();
    }
}

/// §4.11: use another server is for one connection, server moved for good.
#[test]
fn a_redirect_is_followed_at_once() {
    for (reason, afterwards) in [(ReasonCode::UseAnotherServer, "0"), (ReasonCode::ServerMoved, "b.example:1")] {
        for connected in [false, true] {
            let mut host = Host::new(reconnecting());
            if connected {
                host.connects();
            }
            host.is_sent_away(&redirect(reason, "b.example:1"));
            assert_eq!(host.seen(), [open(2, "b.example:1")], "{reason}, at once");
            host.connects();
            host.later(60 * SECOND);
            host.cut();
            host.runs();
            assert_eq!(host.seen(), [open(3, afterwards)], "{reason}");
        }
    }
}

#[test]
fn a_redirect_to_nowhere_leads_back() {
    for reason in [ReasonCode::UseAnotherServer, ReasonCode::ServerMoved] {
        let mut host = Host::new(reconnecting());
        host.is_sent_away(&redirect(reason, "nowhere"));
        host.client.handle_failed(host.attempt(), false, host.now);
        host.drain();
        host.last_end();
        host.runs();
        assert_eq!(host.seen(), [open(3, "0")]);
    }
}

#[test]
fn a_redirect_without_a_server_is_tried_elsewhere() {
    let mut host = Host::new(ClientOptions { servers: 2, ..reconnecting() });
    host.is_sent_away(&(ReasonCode::UseAnotherServer, PropertiesBuf::new()));
    host.runs();
    assert_eq!(host.seen(), [open(2, "1")]);
}

/// Brokers that send the client round and round.
#[test]
fn a_circle_of_redirects_is_no_storm() {
    for connected in [false, true] {
        let mut host = Host::new(ClientOptions { seed: 3, ..reconnecting() });
        let mut attempts = 0;
        while host.now < NOW + Duration::from_mins(10) {
            if connected {
                host.connects();
            }
            let to = if attempts % 2 == 0 { "b" } else { "a" };
            host.is_sent_away(&redirect(ReasonCode::UseAnotherServer, to));
            if host.client.phase() == Phase::Waiting {
                host.runs();
            }
            attempts += 1;
        }
        assert!(attempts < 80, "{attempts} in ten minutes");
    }
}

fn auto() -> ClientOptions {
    ClientOptions { falls_back: true, ..reconnecting() }
}

/// A broker of 3.1.1 only, by the three habits that there are.
#[test]
fn a_broker_that_knows_no_5_0_is_spoken_to_in_3_1_1() {
    let none = PropertiesBuf::new();
    let refused = Connack {
        session_present: false,
        reason: ReasonCode::UnsupportedProtocolVersion,
        properties: none.as_properties(),
    };
    let refused = bytes(&Packet::Connack(refused), Version::V5);
    for reconnect in [None, Some(Backoff::default())] {
        for answer in [Some(&refused[..]), Some(&[0x20, 2, 0, 1][..]), None] {
            let mut host = Host::new(ClientOptions { reconnect, ..auto() });
            host.opens();
            assert_eq!(host.client.version(), Version::V5);
            if let Some(answer) = answer {
                host.receives_bytes(answer);
            } else {
                host.client.handle_closed(host.attempt(), NOW);
                host.drain();
            }
            assert!(matches!(host.last_end(), Seen::Lost(_)), "{answer:?}");
            assert_eq!(host.seen(), [open(2, "0")], "at once");
            assert_eq!(host.client.version(), Version::V3_1_1);
            host.connects();
            if reconnect.is_none() {
                continue;
            }
            for _ in 0..3 {
                host.cut();
                host.runs();
                assert_eq!(host.client.version(), Version::V3_1_1, "remembered");
                host.connects();
            }
        }
    }
}

#[test]
fn a_broker_that_speaks_neither_version_is_left() {
    let mut host = Host::new(auto());
    for _ in 0..2 {
        host.opens();
        host.receives_bytes(&[0x20, 2, 0, 1]);
    }
    assert!(matches!(host.last_end(), Seen::Closed(CloseReason::Refused { .. })));
}

/// A broker behind a bad line gets 5.0 again.
#[test]
fn a_hang_up_in_both_versions_is_a_failure_like_others() {
    let mut host = Host::new(auto());
    let mut versions = Vec::new();
    let mut waits = Vec::new();
    for _ in 0..6 {
        versions.push(host.client.version());
        host.opens();
        let end = host.cut();
        waits.push(host.wait_of(&end));
        if host.client.phase() == Phase::Waiting {
            host.runs();
        }
    }
    let (new, old) = (Version::V5, Version::V3_1_1);
    assert_eq!(versions, [new, old, new, old, new, old]);
    assert!(waits.chunks(2).all(|pair| pair[0] == 0), "{waits:?}");
    host.connects();
    assert_eq!(host.client.version(), new);
}

#[test]
fn a_broker_that_was_updated_gets_5_0_again() {
    let mut host = Host::new(auto());
    host.opens();
    host.receives_bytes(&[0x20, 2, 0, 1]);
    host.connects();
    host.cut();
    host.runs();
    host.opens();
    host.receives_bytes(&[0x20, 2, 0, 1]);
    assert_eq!((host.client.version(), host.client.phase()), (Version::V5, Phase::Connecting));
    host.connects();
}

/// 3.1.1 carries no properties, so those of the options are left out.
#[test]
fn options_for_5_0_do_not_keep_a_client_from_3_1_1() {
    let will = Message { properties: properties(&[Property::WillDelayInterval(5)]), ..message("w", QoS::AtMostOnce) };
    let options = ClientOptions {
        properties: properties(&[Property::SessionExpiryInterval(60)]),
        will: Some(wasmqtt::client::ClientWill { message: will }),
        receive_maximum: 3,
        topic_alias_maximum: 3,
        ..auto()
    };
    let mut host = Host::new(options);
    host.opens();
    host.receives_bytes(&[0x20, 2, 0, 1]);
    host.connects();
    // A broker of 3.1.1 was told of no receive maximum.
    for packet_id in 1..=5 {
        host.receives(&publish("a", QoS::ExactlyOnce, packet_id));
    }
    assert_eq!(host.client.phase(), Phase::Connected);
}

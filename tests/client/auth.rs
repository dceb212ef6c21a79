//! Enhanced authentication, packet by packet (§4.12).

use wasmqtt::client::{
    CallError, ChallengeId, Client, ClientOptions, CloseReason, Completion, Output, Phase, RequestError, RequestId,
};
use wasmqtt::codec::{
    Auth, Connack, Decoder, Disconnect, Packet, Properties, PropertiesBuf, Property, PropertyId, QoS, ReasonCode,
    Value, Version,
};

use super::script::{NOW, bytes, message, opens, resuming};
use crate::support::packets::properties;

/// An output of the client, with AUTH in full.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// CONNECT or AUTH: reason, method and data.
    Auth(&'static str, ReasonCode, String, Option<Vec<u8>>),
    Disconnect(ReasonCode),
    Sent(String),
    Challenge(ChallengeId, Option<Vec<u8>>),
    Connected(Option<Vec<u8>>),
    Done(RequestId, Result<Completion, RequestError>),
    Closed(CloseReason),
}

fn data(properties: Properties<'_>) -> Option<Vec<u8>> {
    match properties.value(PropertyId::AuthenticationData) {
        Some(Value::Binary(data)) => Some(data.to_vec()),
        _ => None,
    }
}

fn read(frame: &[u8], seen: &mut Vec<Seen>) {
    let mut decoder = Decoder::new(u32::MAX);
    decoder.feed(frame);
    while let Some(located) = decoder.advance(Version::V5).expect("well formed") {
        let auth = |name, reason, properties: Properties<'_>| {
            let method = properties.text(PropertyId::AuthenticationMethod).expect("a method");
            Seen::Auth(name, reason, method.to_owned(), data(properties))
        };
        seen.push(match decoder.packet(&located, Version::V5).expect("well formed") {
            Packet::Connect(connect) => auth("CONNECT", ReasonCode::Success, connect.properties),
            Packet::Auth(packet) => auth("AUTH", packet.reason, packet.properties),
            Packet::Disconnect(disconnect) => Seen::Disconnect(disconnect.reason),
            other => Seen::Sent(other.kind().to_string()),
        });
    }
}

fn drain(client: &mut Client) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some(output) = client.poll_output() {
        match output {
            Output::Open { .. } | Output::Lost(_) => {}
            Output::Transmit(frame) => read(frame, &mut seen),
            Output::Authenticate(challenge, properties) => seen.push(Seen::Challenge(challenge, data(properties))),
            Output::Connected(connected) => seen.push(Seen::Connected(data(connected.properties))),
            Output::Done(request, result) => seen.push(Seen::Done(request, result)),
            Output::Closed(reason) => seen.push(Seen::Closed(reason)),
            Output::Message(incoming) => panic!("{incoming:?}"),
            Output::Notice(notice) => panic!("{notice:?}"),
            Output::Store(..) => panic!("no store is given"),
        }
    }
    seen
}

fn options() -> ClientOptions {
    ClientOptions {
        authentication_method: Some("M".into()),
        authentication_data: Some(b"first".to_vec()),
        keep_alive: 0,
        ..resuming()
    }
}

fn opened(options: ClientOptions) -> Client {
    let mut client = Client::new(options);
    open(&mut client);
    client
}

fn open(client: &mut Client) {
    opens(client, NOW);
    assert_eq!(drain(client), [sent("CONNECT", ReasonCode::Success, "first")]);
}

fn connected() -> Client {
    let mut client = opened(options());
    assert_eq!(receive(&mut client, &accepted("M", None)), [Seen::Connected(None)]);
    client
}

fn sent(name: &'static str, reason: ReasonCode, data: &str) -> Seen {
    Seen::Auth(name, reason, "M".to_owned(), Some(data.as_bytes().to_vec()))
}

fn of(method: &str, data: Option<&str>) -> PropertiesBuf {
    let mut list = properties(&[Property::AuthenticationMethod(method)]);
    if let Some(data) = data {
        list.push(Property::AuthenticationData(data.as_bytes())).expect("short");
    }
    list
}

fn auth(reason: ReasonCode, method: &str, data: Option<&str>) -> Vec<u8> {
    let list = of(method, data);
    bytes(&Packet::Auth(Auth { reason, properties: list.as_properties() }), Version::V5)
}

fn challenge(data: &str) -> Vec<u8> {
    auth(ReasonCode::ContinueAuthentication, "M", Some(data))
}

fn accepted(method: &str, data: Option<&str>) -> Vec<u8> {
    let list = of(method, data);
    let properties = list.as_properties();
    bytes(&Packet::Connack(Connack { session_present: false, reason: ReasonCode::Success, properties }), Version::V5)
}

fn receive(client: &mut Client, packet: &[u8]) -> Vec<Seen> {
    client.handle_bytes(client.attempt(), packet, NOW);
    drain(client)
}

/// The rule of the breach that closed the connection, after DISCONNECT 0x82.
fn rule(seen: &[Seen]) -> &str {
    match seen {
        [.., Seen::Disconnect(ReasonCode::ProtocolError), Seen::Closed(CloseReason::ProtocolError { rule, .. })] => {
            rule
        }
        other => panic!("{other:?}"),
    }
}

/// [MQTT-4.12.0-2], [MQTT-4.12.0-3], [MQTT-4.12.0-5], [MQTT-3.1.2-30]: AUTH alone is sent until
/// CONNACK, each with the method of CONNECT and 0x18.
#[test]
fn challenges_are_answered_until_the_broker_accepts() {
    let mut client = opened(options());
    client.publish(message("a", QoS::AtLeastOnce), NOW).expect("it waits");
    assert_eq!(drain(&mut client), []);
    for (number, word) in [(1, "one"), (2, "two")] {
        let asked = receive(&mut client, &challenge(word));
        assert_eq!(asked, [Seen::Challenge(ChallengeId(number), Some(word.into()))]);
        assert_eq!((drain(&mut client), client.phase()), (vec![], Phase::Connecting), "the host takes its time");
        client.authenticate(ChallengeId(number), Some(b"answer"), NOW).expect("it is open");
        assert_eq!(drain(&mut client), [sent("AUTH", ReasonCode::ContinueAuthentication, "answer")]);
    }
    let seen = receive(&mut client, &accepted("M", Some("proof")));
    assert_eq!(seen, [Seen::Connected(Some(b"proof".to_vec())), Seen::Sent("PUBLISH".into())]);
}

/// An answer without data has none.
#[test]
fn data_are_optional() {
    let mut client = Client::new(ClientOptions { authentication_data: None, ..options() });
    opens(&mut client, NOW);
    assert_eq!(drain(&mut client), [Seen::Auth("CONNECT", ReasonCode::Success, "M".into(), None)]);
    let seen = receive(&mut client, &auth(ReasonCode::ContinueAuthentication, "M", None));
    assert_eq!(seen, [Seen::Challenge(ChallengeId(1), None)]);
    client.authenticate(ChallengeId(1), None, NOW).expect("it is open");
    assert_eq!(drain(&mut client), [Seen::Auth("AUTH", ReasonCode::ContinueAuthentication, "M".into(), None)]);
}

/// [MQTT-4.12.1-1], [MQTT-4.12.1-2], [MQTT-4.12.0-3]: on the living connection, which goes on
/// meanwhile.
#[test]
fn a_client_authenticates_anew() {
    let mut client = connected();
    let request = client.reauthenticate(Some(b"again"), NOW).expect("connected");
    assert_eq!(drain(&mut client), [sent("AUTH", ReasonCode::ReAuthenticate, "again")]);
    let twice = client.reauthenticate(None, NOW);
    assert!(matches!(twice, Err(CallError::NotSupported { .. })), "{twice:?}");
    let asked = receive(&mut client, &challenge("one"));
    assert_eq!(asked, [Seen::Challenge(ChallengeId(1), Some(b"one".to_vec()))]);
    client.publish(message("a", QoS::AtLeastOnce), NOW).expect("connected");
    assert_eq!(drain(&mut client), [Seen::Sent("PUBLISH".into())]);
    client.authenticate(ChallengeId(1), Some(b"answer"), NOW).expect("it is open");
    assert_eq!(drain(&mut client), [sent("AUTH", ReasonCode::ContinueAuthentication, "answer")]);
    let seen = receive(&mut client, &auth(ReasonCode::Success, "M", Some("proof")));
    assert_eq!(seen, [Seen::Done(request, Ok(Completion::Authenticated))]);
    assert_eq!(data(client.answer_properties()), Some(b"proof".to_vec()));
    client.reauthenticate(None, NOW).expect("the last one is over");
}

/// [MQTT-4.12.1-2]: the broker refuses by DISCONNECT, the host by giving up.
#[test]
fn authentication_anew_that_fails_ends_the_connection() {
    let mut client = connected();
    let request = client.reauthenticate(None, NOW).expect("connected");
    drain(&mut client);
    let refusal = Disconnect { reason: ReasonCode::NotAuthorized, properties: Properties::EMPTY };
    let seen = receive(&mut client, &bytes(&Packet::Disconnect(refusal), Version::V5));
    assert_eq!(seen[0], Seen::Done(request, Err(RequestError::ConnectionClosed)));
    assert!(matches!(&seen[1..], [Seen::Closed(CloseReason::Disconnected { .. })]), "{seen:?}");

    let mut client = connected();
    let request = client.reauthenticate(None, NOW).expect("connected");
    receive(&mut client, &challenge("one"));
    client.refuse_authentication(NOW);
    let expected = [
        Seen::Done(request, Err(RequestError::ConnectionClosed)),
        Seen::Disconnect(ReasonCode::UnspecifiedError),
        Seen::Closed(CloseReason::AuthenticationFailed),
    ];
    assert_eq!(drain(&mut client), expected);
}

/// [MQTT-4.12.1-2]: a broker that owes the answer may be asked again on another connection.
#[test]
fn a_broker_that_does_not_answer_authentication_anew_is_left() {
    let mut client = connected();
    let request = client.reauthenticate(None, NOW).expect("connected");
    drain(&mut client);
    client.refuse_authentication(NOW);
    let seen = drain(&mut client);
    assert!(seen.contains(&Seen::Done(request, Err(RequestError::ConnectionClosed))), "{seen:?}");
    assert!(seen.contains(&Seen::Disconnect(ReasonCode::UnspecifiedError)), "{seen:?}");
    assert!(!seen.contains(&Seen::Closed(CloseReason::AuthenticationFailed)), "{seen:?}");
}

/// [MQTT-3.1.2-30], [MQTT-4.12.0-1]: before CONNACK a host that gives up sends DISCONNECT.
#[test]
fn a_host_gives_up_before_connack() {
    let mut client = opened(options());
    client.refuse_authentication(NOW);
    assert_eq!(drain(&mut client), [], "no exchange has begun");
    receive(&mut client, &challenge("one"));
    client.refuse_authentication(NOW);
    let expected = [Seen::Disconnect(ReasonCode::UnspecifiedError), Seen::Closed(CloseReason::AuthenticationFailed)];
    assert_eq!(drain(&mut client), expected);
}

/// A late answer belongs to its challenge, and to the connection of that.
#[test]
fn an_answer_to_an_earlier_challenge_is_not_sent() {
    let mut client = opened(options());
    receive(&mut client, &challenge("one"));
    client.handle_closed(client.attempt(), NOW);
    drain(&mut client);
    assert_eq!(client.authenticate(ChallengeId(1), None, NOW), Err(CallError::NotConnected));
    open(&mut client);
    assert_eq!(client.authenticate(ChallengeId(1), None, NOW), Err(CallError::NotConnected));
    let seen = receive(&mut client, &challenge("two"));
    assert_eq!(seen, [Seen::Challenge(ChallengeId(2), Some(b"two".to_vec()))]);
    assert_eq!(client.authenticate(ChallengeId(1), None, NOW), Err(CallError::NotConnected));
    client.authenticate(ChallengeId(2), None, NOW).expect("it is open");
    assert_eq!(client.authenticate(ChallengeId(2), None, NOW), Err(CallError::NotConnected), "it has an answer");
    assert_eq!(drain(&mut client).len(), 1);
}

/// [MQTT-4.12.0-5], [MQTT-4.12.0-6], [MQTT-4.12.0-7]: a broker that uses another method, or speaks
/// out of turn.
#[test]
fn a_broker_out_of_turn_is_left() {
    let plain = || ClientOptions { authentication_method: None, ..resuming() };
    let methodless = bytes(
        &Packet::Connack(Connack {
            session_present: false,
            reason: ReasonCode::Success,
            properties: Properties::EMPTY,
        }),
        Version::V5,
    );
    let before = [
        (auth(ReasonCode::ContinueAuthentication, "N", None), "MQTT-4.12.0-5"),
        (accepted("N", None), "MQTT-4.12.0-5"),
        (methodless.clone(), "MQTT-4.12.0-5"),
        (auth(ReasonCode::Success, "M", None), "§3.15.2.1"),
        (auth(ReasonCode::ReAuthenticate, "M", None), "§3.15.2.1"),
        ([challenge("one"), challenge("two")].concat(), "§4.12"),
    ];
    for (hostile, expected) in before {
        assert_eq!(rule(&receive(&mut opened(options()), &hostile)), expected, "{hostile:X?}");
    }
    let after = [
        (challenge("one"), "§3.15.2.1"),
        (auth(ReasonCode::Success, "M", None), "§3.15.2.1"),
        (auth(ReasonCode::ContinueAuthentication, "N", None), "MQTT-4.12.0-5"),
    ];
    for (hostile, expected) in after {
        assert_eq!(rule(&receive(&mut connected(), &hostile)), expected, "{hostile:X?}");
    }
    // Without a method there is no AUTH, neither way.
    let mut client = Client::new(plain());
    opens(&mut client, NOW);
    while client.poll_output().is_some() {}
    let mut other = Client::new(plain());
    opens(&mut other, NOW);
    while other.poll_output().is_some() {}
    assert_eq!(rule(&receive(&mut other, &challenge("one"))), "MQTT-3.2.0-1");
    assert_eq!(receive(&mut client, &methodless), [Seen::Connected(None)]);
    let refused = client.reauthenticate(None, NOW);
    assert!(matches!(refused, Err(CallError::NotSupported { .. })), "{refused:?}");
    assert_eq!(drain(&mut client), []);
    assert_eq!(rule(&receive(&mut client, &challenge("one"))), "§4.12");
}

/// [MQTT-3.2.2-15]: an AUTH above the broker's maximum is not sent, and the exchange stays open.
#[test]
fn an_answer_that_is_too_large_is_not_sent() {
    let mut client = opened(options());
    let list = properties(&[Property::AuthenticationMethod("M"), Property::MaximumPacketSize(30)]);
    let properties = list.as_properties();
    let connack = Connack { session_present: false, reason: ReasonCode::Success, properties };
    receive(&mut client, &bytes(&Packet::Connack(connack), Version::V5));
    let refused = client.reauthenticate(Some(&[0; 100]), NOW);
    assert!(matches!(refused, Err(CallError::PacketTooLarge { maximum: 30, .. })), "{refused:?}");
    client.reauthenticate(None, NOW).expect("small enough");
    drain(&mut client);
    receive(&mut client, &challenge("one"));
    let refused = client.authenticate(ChallengeId(1), Some(&[0; 100]), NOW);
    assert!(matches!(refused, Err(CallError::PacketTooLarge { maximum: 30, .. })), "{refused:?}");
    let refused = client.authenticate(ChallengeId(1), Some(&vec![0; 65_536]), NOW);
    assert!(matches!(refused, Err(CallError::Encode(_))), "{refused:?}");
    client.authenticate(ChallengeId(1), None, NOW).expect("it is open still");
    assert_eq!(drain(&mut client).len(), 1);
}

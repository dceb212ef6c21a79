//! Acknowledgement by hand: order, lost connections, refusals.

use wasmqtt::client::{ClientOptions, HandlerId, Output, Ticket};
use wasmqtt::codec::{Ack, Packet, PacketId, Properties, Property, Publish, QoS, ReasonCode, Version};

use super::script::{NOW, Script, Seen, bytes, filter, packets, publish, resuming, sent};
use crate::support::packets::id;

const MANUAL: HandlerId = HandlerId(1);
const PLAIN: HandlerId = HandlerId(2);

/// A client whose messages below `m/` are acknowledged by hand, and those below `p/` are not.
fn connected(options: ClientOptions, list: &[Property<'_>]) -> Script {
    let mut script = Script::connected_with(options, list);
    script.client.add_manual_handler(&filter("m/#"), MANUAL);
    script.client.add_handler(&filter("p/#"), PLAIN);
    script
}

/// The tickets of the messages that a packet brings, and the packets that are sent at once.
fn receive(script: &mut Script, packet: &Packet<'_>) -> (Vec<Option<Ticket>>, Vec<String>) {
    script.client.handle_bytes(script.attempt, &bytes(packet, script.version), NOW);
    let (mut tickets, mut all) = (Vec::new(), Vec::new());
    while let Some(output) = script.client.poll_output() {
        match output {
            Output::Message(incoming) => tickets.push(incoming.ticket),
            Output::Transmit(bytes) => all.extend(packets(bytes, script.version)),
            other => panic!("{other:?}"),
        }
    }
    (tickets, all)
}

/// The ticket of a message for which nothing is sent.
fn hold(script: &mut Script, topic: &str, qos: QoS, packet_id: u16) -> Ticket {
    let (tickets, packets) = receive(script, &publish(topic, qos, packet_id));
    assert_eq!(packets, [""; 0]);
    tickets[0].expect("a message with a ticket")
}

fn acknowledge(script: &mut Script, ticket: Ticket, reason: ReasonCode) -> (bool, Vec<Seen>) {
    let is_valid = script.client.acknowledge(ticket, reason, NOW);
    (is_valid, script.drain())
}

/// [MQTT-4.6.0-2], [MQTT-4.6.0-3].
#[test]
fn acknowledgements_leave_in_the_order_of_their_messages() {
    use QoS::{AtLeastOnce, ExactlyOnce};
    for (qos, kind) in [(AtLeastOnce, "PUBACK"), (ExactlyOnce, "PUBREC")] {
        let mut script = connected(ClientOptions::new("c"), &[]);
        let first = hold(&mut script, "m/1", qos, 1);
        let second = hold(&mut script, "m/2", qos, 2);
        // Behind them, although nobody acknowledges it by hand.
        assert_eq!(receive(&mut script, &publish("p/3", qos, 3)), (vec![None], vec![]));
        assert_eq!(acknowledge(&mut script, second, ReasonCode::Success), (true, vec![]));
        let all = (1..=3).map(|number| sent(&format!("{kind} {number}"))).collect::<Vec<_>>();
        assert_eq!(acknowledge(&mut script, first, ReasonCode::Success), (true, all));
        assert_eq!(receive(&mut script, &publish("p/4", qos, 4)), (vec![None], vec![format!("{kind} 4")]));
    }
}

#[test]
fn one_quality_of_service_does_not_wait_for_another() {
    let mut script = connected(ClientOptions::new("c"), &[]);
    hold(&mut script, "m/1", QoS::AtLeastOnce, 1);
    assert_eq!(receive(&mut script, &publish("p/2", QoS::ExactlyOnce, 2)).1, ["PUBREC 2"]);
    assert_eq!(receive(&mut script, &publish("m/3", QoS::AtMostOnce, 0)), (vec![None], vec![]));
}

#[test]
fn a_ticket_is_valid_once() {
    let mut script = connected(ClientOptions::new("c"), &[]);
    let first = hold(&mut script, "m/1", QoS::AtLeastOnce, 1);
    let second = hold(&mut script, "m/2", QoS::AtLeastOnce, 2);
    assert_eq!(acknowledge(&mut script, second, ReasonCode::Success), (true, vec![]));
    assert_eq!(acknowledge(&mut script, second, ReasonCode::NotAuthorized), (false, vec![]));
    assert_eq!(acknowledge(&mut script, first, ReasonCode::Success).1, [sent("PUBACK 1"), sent("PUBACK 2")]);
    assert_eq!(acknowledge(&mut script, first, ReasonCode::Success), (false, vec![]));
    // The identifiers are in use again.
    hold(&mut script, "m/3", QoS::AtLeastOnce, 1);
    assert_eq!(acknowledge(&mut script, first, ReasonCode::Success), (false, vec![]));
}

/// Both answers of a packet identifier: the reason on the wire, and whether the exchange goes on.
#[test]
fn a_refusal_ends_the_exchange_in_5_0_and_is_a_success_in_3_1_1() {
    for (version, tail) in [(Version::V5, vec![0x97]), (Version::V3_1_1, vec![])] {
        for (qos, kind) in [(QoS::AtLeastOnce, 0x40), (QoS::ExactlyOnce, 0x50)] {
            let mut script = connected(ClientOptions { version, ..ClientOptions::new("c") }, &[]);
            let ticket = hold(&mut script, "m/1", qos, 1);
            assert!(script.client.acknowledge(ticket, ReasonCode::QuotaExceeded, NOW));
            let Some(Output::Transmit(frame)) = script.client.poll_output() else { panic!("an answer") };
            let length = u8::try_from(2 + tail.len()).expect("short");
            assert_eq!(frame, [&[kind, length, 0, 1], &tail[..]].concat());
            // The identifier is free in 5.0, so this is another message (§4.3.3).
            let (again, packets) = receive(&mut script, &publish("m/2", qos, 1));
            let is_over = qos == QoS::AtLeastOnce || version == Version::V5;
            assert_eq!((again.len(), packets.len()), (usize::from(is_over), usize::from(!is_over)));
        }
    }
}

#[test]
fn a_reason_that_puback_cannot_have_is_an_unspecified_error() {
    let mut script = connected(ClientOptions::new("c"), &[]);
    let ticket = hold(&mut script, "m/1", QoS::AtLeastOnce, 1);
    assert!(script.client.acknowledge(ticket, ReasonCode::ServerBusy, NOW));
    let Some(Output::Transmit(frame)) = script.client.poll_output() else { panic!("an answer") };
    assert_eq!(frame, [0x40, 3, 0, 1, 0x80]);
}

/// [MQTT-4.4.0-1]: the broker sends it again.
#[test]
fn a_qos_1_message_whose_connection_is_lost_comes_again() {
    let mut script = connected(resuming(), &[]);
    let lost = hold(&mut script, "m/1", QoS::AtLeastOnce, 1);
    script.cut();
    assert_eq!(acknowledge(&mut script, lost, ReasonCode::Success), (false, vec![]));
    script.reopen(true);
    assert_eq!(acknowledge(&mut script, lost, ReasonCode::Success), (false, vec![]));
    let again = hold(&mut script, "m/1", QoS::AtLeastOnce, 1);
    assert_eq!(acknowledge(&mut script, lost, ReasonCode::Success), (false, vec![]));
    assert_eq!(acknowledge(&mut script, again, ReasonCode::Success), (true, vec![sent("PUBACK 1")]));
}

fn again(packet_id: u16) -> Packet<'static> {
    Packet::Publish(Publish {
        dup: true,
        qos: QoS::ExactlyOnce,
        retain: false,
        topic: "m/again",
        packet_id: PacketId::new(packet_id),
        properties: Properties::EMPTY,
        payload: b"hello",
    })
}

/// [MQTT-4.3.3-10], [MQTT-4.6.0-3].
#[test]
fn a_qos_2_message_is_handed_over_once_and_answered_when_it_comes_again() {
    let mut script = connected(resuming(), &[]);
    let tickets: Vec<Ticket> = (1..=4).map(|number| hold(&mut script, "m/x", QoS::ExactlyOnce, number)).collect();
    assert_eq!(acknowledge(&mut script, tickets[3], ReasonCode::Success), (true, vec![]));
    script.cut();
    assert_eq!(acknowledge(&mut script, tickets[0], ReasonCode::NotAuthorized), (true, vec![]));
    assert_eq!(acknowledge(&mut script, tickets[0], ReasonCode::Success), (false, vec![]));
    script.reopen(true);
    assert_eq!(acknowledge(&mut script, tickets[1], ReasonCode::Success), (true, vec![]));
    assert_eq!(receive(&mut script, &again(1)), (vec![], vec!["PUBREC 1".into()]), "answered meanwhile");
    assert_eq!(receive(&mut script, &again(3)), (vec![], vec![]), "unanswered");
    assert_eq!(receive(&mut script, &again(3)), (vec![], vec![]), "and still");
    assert_eq!(receive(&mut script, &again(2)), (vec![], vec![]), "behind it");
    assert_eq!(receive(&mut script, &again(4)), (vec![], vec![]), "behind it");
    let all = vec![sent("PUBREC 3"), sent("PUBREC 2"), sent("PUBREC 4")];
    assert_eq!(acknowledge(&mut script, tickets[2], ReasonCode::Success), (true, all));
    for ticket in tickets {
        assert_eq!(acknowledge(&mut script, ticket, ReasonCode::Success), (false, vec![]));
    }
    assert_eq!(script.receive(&Packet::Pubrel(Ack::success(id(2)))), [sent("PUBCOMP 2 00")]);
}

#[test]
fn a_qos_2_message_keeps_its_ticket_over_several_connections() {
    let mut script = connected(resuming(), &[]);
    let ticket = hold(&mut script, "m/x", QoS::ExactlyOnce, 7);
    for _ in 0..3 {
        script.cut();
        script.reopen(true);
        assert_eq!(receive(&mut script, &again(7)), (vec![], vec![]));
    }
    assert_eq!(acknowledge(&mut script, ticket, ReasonCode::Success), (true, vec![sent("PUBREC 7")]));
}

#[test]
fn a_lost_session_voids_its_tickets() {
    let mut script = connected(resuming(), &[]);
    let old = hold(&mut script, "m/x", QoS::ExactlyOnce, 7);
    script.cut();
    script.reopen(false);
    assert_eq!(acknowledge(&mut script, old, ReasonCode::Success), (false, vec![]));
    let new = hold(&mut script, "m/x", QoS::ExactlyOnce, 7);
    assert_eq!(acknowledge(&mut script, old, ReasonCode::Success), (false, vec![]));
    assert_eq!(acknowledge(&mut script, new, ReasonCode::Success), (true, vec![sent("PUBREC 7")]));
    script.client.disconnect(ReasonCode::Success, &wasmqtt::codec::PropertiesBuf::new(), NOW);
    script.drain();
    assert_eq!(acknowledge(&mut script, new, ReasonCode::Success), (false, vec![]));
}

/// [MQTT-3.3.4-9]
#[test]
fn held_messages_count_against_the_receive_maximum() {
    let options = ClientOptions { receive_maximum: 2, ..ClientOptions::new("c") };
    let mut script = connected(options, &[]);
    let first = hold(&mut script, "m/1", QoS::AtLeastOnce, 1);
    hold(&mut script, "m/2", QoS::AtLeastOnce, 2);
    acknowledge(&mut script, first, ReasonCode::Success);
    hold(&mut script, "m/3", QoS::AtLeastOnce, 3);
    let seen = script.receive(&publish("m/4", QoS::AtLeastOnce, 4));
    assert!(
        matches!(&seen[..], [Seen::Sent(disconnect), Seen::Closed(_)] if disconnect == "DISCONNECT 93"),
        "{seen:?}"
    );
}

#[test]
fn what_is_to_be_sent_does_not_wait_for_bytes_that_are_not_decoded() {
    let mut script = connected(ClientOptions::new("c"), &[]);
    let mut frame = Vec::new();
    for number in 1..=3 {
        frame.extend(bytes(&publish("p/x", QoS::AtLeastOnce, number), Version::V5));
    }
    script.client.handle_bytes(script.attempt, &frame, NOW);
    assert!(matches!(script.client.poll_received(), Some(Output::Message(_))));
    let Some(Output::Transmit(bytes)) = script.client.poll_transmit() else { panic!("one PUBACK") };
    assert_eq!(packets(bytes, Version::V5), ["PUBACK 1"]);
    assert!(script.client.poll_transmit().is_none());
    script.publish("q", QoS::AtLeastOnce);
    assert!(script.client.poll_transmit().is_none());
}

/// A held message as the broker's side remembers it.
struct Held {
    packet_id: u16,
    ticket: Ticket,
    is_answered: bool,
}

/// Random numbers of a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}

/// The packets that leave once the first messages of a line are answered, which are taken out.
fn leave(line: &mut Vec<Held>, kind: &str) -> Vec<Seen> {
    let count = line.iter().take_while(|held| held.is_answered).count();
    line.drain(..count).map(|held| sent(&format!("{kind} {}", held.packet_id))).collect()
}

/// [MQTT-4.6.0-2], [MQTT-4.6.0-3], [MQTT-4.3.3-10].
#[test]
fn any_order_of_answers_and_losses_keeps_the_order_of_messages() {
    for seed in 0..40 {
        let mut random = Random(seed);
        let mut script = connected(resuming(), &[]);
        let mut lines: [Vec<Held>; 2] = [Vec::new(), Vec::new()];
        let mut next_id = 0;
        for step in 0..300 {
            let at = format!("seed {seed}, step {step}");
            let line = random.below(2);
            let (qos, kind) = [(QoS::AtLeastOnce, "PUBACK"), (QoS::ExactlyOnce, "PUBREC")][line];
            match random.below(20) {
                0 => {
                    script.cut();
                    // QoS 1 tickets are void, and answers of QoS 2 count.
                    for held in lines[0].drain(..) {
                        assert!(!script.client.acknowledge(held.ticket, ReasonCode::Success, NOW), "{at}");
                    }
                    if let Some(held) = lines[1].iter_mut().find(|held| !held.is_answered) {
                        assert!(script.client.acknowledge(held.ticket, ReasonCode::Success, NOW), "{at}");
                        held.is_answered = true;
                    }
                    assert_eq!(script.reopen(true), [Seen::Connected(true)], "{at}");
                    for held in std::mem::take(&mut lines[1]) {
                        let packet_id = held.packet_id;
                        lines[1].push(held);
                        assert_eq!(script.receive(&again(packet_id)), leave(&mut lines[1], "PUBREC"), "{at}");
                    }
                }
                1..10 => {
                    next_id += 1;
                    let ticket = hold(&mut script, "m/x", qos, next_id);
                    lines[line].push(Held { packet_id: next_id, ticket, is_answered: false });
                }
                _ if lines[line].is_empty() => {}
                _ => {
                    let place = random.below(lines[line].len());
                    let held = &mut lines[line][place];
                    let is_first = !held.is_answered;
                    held.is_answered = true;
                    let ticket = held.ticket;
                    let expected = leave(&mut lines[line], kind);
                    assert_eq!(acknowledge(&mut script, ticket, ReasonCode::Success), (is_first, expected), "{at}");
                }
            }
        }
    }
}

//! Laws of the codec: for all packets, and for all bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use wasmqtt::codec::{DecodeError, Decoder, Packet, Publish, Version};

use super::generate::{Parts, encoded, parts};
use crate::support::bytes::framed;

/// The limit of the decoders here, in bytes.
const LIMIT: u32 = 100_000;

/// The debug forms of the packets that the decoder finds in these pieces, and the error that ended
/// it.
fn decode_all(pieces: &[&[u8]], version: Version) -> (Vec<String>, Option<DecodeError>) {
    let mut decoder = Decoder::new(LIMIT);
    let mut packets = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        loop {
            let located = match decoder.advance(version) {
                Ok(Some(located)) => located,
                Ok(None) => break,
                Err(error) => return (packets, Some(error)),
            };
            match decoder.packet(&located, version) {
                Ok(packet) => packets.push(format!("{packet:?}")),
                Err(error) => return (packets, Some(error)),
            }
        }
        assert!(decoder.unread().len() <= LIMIT as usize, "what waits is part of one packet");
    }
    (packets, None)
}

fn stream(version: Version) -> impl Strategy<Value = (Vec<Parts>, Vec<u8>)> {
    vec(parts(), 1..6).prop_map(move |all| {
        let of_version: Vec<Parts> = all.into_iter().filter(|parts| parts.version == version).collect();
        let bytes = of_version.iter().flat_map(encoded).collect();
        (of_version, bytes)
    })
}

fn version() -> impl Strategy<Value = Version> {
    prop::sample::select(crate::support::packets::BOTH.to_vec())
}

proptest! {
    #[test]
    fn decoding_gives_back_what_was_encoded(parts in parts()) {
        let bytes = encoded(&parts);
        prop_assert_eq!(Packet::decode(&bytes, parts.version), Ok(parts.packet()));
        prop_assert_eq!(parts.packet().encoded_len(parts.version), Ok(bytes.len()));
    }

    #[test]
    fn where_a_payload_begins_can_be_told_from_what_stands_before_it(parts in parts(), at: prop::sample::Index) {
        let bytes = encoded(&parts);
        let head = &bytes[..at.index(bytes.len() + 1)];
        let payload = match parts.packet() {
            Packet::Publish(publish) => Some(bytes.len() - publish.payload.len()).filter(|start| *start <= head.len()),
            _ => None,
        };
        prop_assert_eq!(Publish::payload_start(head, bytes.len(), parts.version), payload);
        prop_assert_eq!(Publish::payload_start(head, bytes.len() + 1, parts.version), None);
    }

    #[test]
    fn a_packet_cut_short_is_not_a_packet(parts in parts(), at: prop::sample::Index) {
        let bytes = encoded(&parts);
        let cut = at.index(bytes.len());
        let error = Packet::decode(&bytes[..cut], parts.version).expect_err("it is not whole");
        prop_assert!(error.offset <= cut);
        let mut decoder = Decoder::new(LIMIT);
        decoder.feed(&bytes[..cut]);
        prop_assert_eq!(decoder.advance(parts.version), Ok(None), "the rest may come");
    }

    /// [MQTT-6.0.0-2], [3.1.1 MQTT-6.0.0-2].
    #[test]
    fn a_stream_gives_the_same_packets_in_every_split(
        (version, (parts, bytes)) in version().prop_flat_map(|version| (Just(version), stream(version))),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let expected: Vec<String> = parts.iter().map(|parts| format!("{:?}", parts.packet())).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(decode_all(&pieces, version), (expected.clone(), None));
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(decode_all(&single, version), (expected.clone(), None), "byte by byte");
        for cut in 0..bytes.len().min(200) {
            prop_assert_eq!(decode_all(&[&bytes[..cut], &bytes[cut..]], version), (expected.clone(), None), "at {}", cut);
        }
    }

    #[test]
    fn arbitrary_bytes_are_packets_or_one_error(noise in vec(any::<u8>(), 0..400), version in version()) {
        let whole = decode_all(&[&noise], version);
        let single: Vec<&[u8]> = noise.chunks(1).collect();
        prop_assert_eq!(decode_all(&single, version), whole, "in every split");
    }

    /// Nearly right is where the faults hide: one byte of a good packet is another.
    #[test]
    fn a_byte_changed_is_a_packet_or_an_error(parts in parts(), at: prop::sample::Index, value: u8) {
        let mut bytes = encoded(&parts);
        let place = at.index(bytes.len());
        bytes[place] = value;
        match Packet::decode(&bytes, parts.version) {
            // What decodes must be expressible, and mean the same again.
            Ok(packet) => {
                let version = if let Packet::Connect(connect) = &packet { connect.version } else { parts.version };
                let mut again = Vec::new();
                packet.encode(version, &mut again).expect("what decodes can be encoded");
                prop_assert_eq!(Packet::decode(&again, version), Ok(packet));
            }
            Err(error) => {
                prop_assert!(error.offset <= bytes.len());
                prop_assert!(error.reason.is_error() && !error.problem.is_empty() && !error.rule.is_empty());
            }
        }
    }

    #[test]
    fn the_buffer_holds_no_more_than_the_limit_and_a_frame(frames in vec(vec(any::<u8>(), 0..300), 0..40)) {
        let mut decoder = Decoder::new(1000);
        for frame in &frames {
            decoder.feed(frame);
            while let Ok(Some(_)) = decoder.advance(Version::V5) {}
            if decoder.advance(Version::V5).is_err() {
                break;
            }
            prop_assert!(decoder.unread().len() < 1000);
        }
        prop_assert!(decoder.capacity() <= 4096, "{} bytes", decoder.capacity());
    }
}

#[test]
fn memory_is_given_back_after_a_large_packet() {
    let mut decoder = Decoder::new(u32::MAX);
    let large = framed(0x30, &[vec![0, 1, b'a'], vec![0; 1 << 20]].concat());
    decoder.feed(&large);
    assert!(decoder.advance(Version::V3_1_1).expect("well formed").is_some());
    assert!(decoder.capacity() > 1 << 20);
    decoder.feed(&[]);
    assert!(decoder.capacity() <= 64 * 1024);
}

#[test]
fn a_steady_stream_allocates_once() {
    let mut decoder = Decoder::new(1000);
    let packet = framed(0x30, &[&b"\x00\x03a/b\x00"[..], &[0; 64]].concat());
    let mut capacity = None;
    for _ in 0..1000 {
        decoder.feed(&packet);
        let located = decoder.advance(Version::V5).expect("well formed").expect("whole");
        assert!(decoder.packet(&located, Version::V5).is_ok());
        assert_eq!(*capacity.get_or_insert(decoder.capacity()), decoder.capacity());
    }
}

//! Lines in, lines out.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};
use wasmqtt::codec::{DecodeError, Decoder, Version};

use crate::{describe, read};

/// Answers every line.
pub(crate) fn run() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let answer = answer(&line?).unwrap_or_else(|problem| json!({ "error": { "problem": problem } }));
        writeln!(out, "{answer}")?;
    }
    out.flush()
}

fn answer(line: &str) -> Result<Value, String> {
    let mut parts = line.splitn(3, ' ');
    let mut next = || parts.next().ok_or("a line has a command, a version and an operand");
    let (command, version, operand) = (next()?, next()?, next()?);
    let level = version.parse().map_err(|_| "the version is 4 or 5")?;
    let version = Version::from_level(level).ok_or("the version is 4 or 5")?;
    match command {
        "decode" => Ok(decode(&bytes(operand)?, version)),
        "encode" => {
            let operand: Value = serde_json::from_str(operand).map_err(|error| error.to_string())?;
            let mut out = Vec::new();
            read::encode(&operand, version, &mut out)?;
            Ok(json!({ "hex": hex(&out) }))
        }
        _ => Err("the commands are decode and encode".to_owned()),
    }
}

fn decode(bytes: &[u8], version: Version) -> Value {
    let mut decoder = Decoder::new(u32::MAX);
    decoder.feed(bytes);
    let mut packets = Vec::new();
    let error = loop {
        match decoder.advance(version) {
            Ok(None) => break None,
            Err(error) => break Some(error),
            Ok(Some(located)) => match decoder.packet(&located, version) {
                Ok(packet) => packets.push(describe::packet(&packet)),
                Err(error) => break Some(error),
            },
        }
    };
    json!({ "packets": packets, "error": error.as_ref().map(fault), "unread": decoder.unread().len() })
}

fn fault(error: &DecodeError) -> Value {
    let DecodeError { kind, offset, rule, problem, reason } = error;
    let kind = kind.map(wasmqtt::codec::PacketKind::name);
    json!({ "kind": kind, "offset": offset, "rule": rule, "problem": problem, "reason": reason.value() })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

pub(crate) fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let digits: Option<Vec<u8>> =
        hex.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    match digits {
        Some(digits) if digits.len().is_multiple_of(2) => {
            Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
        }
        Some(_) | None => Err(format!("{hex:?} is not whole bytes in hexadecimal digits")),
    }
}

//! Base64url without padding (RFC 4648, section 5).

use alloc::string::String;
use alloc::vec::Vec;

use super::ShareError;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().enumerate().fold(0_u32, |bits, (index, byte)| bits | u32::from(*byte) << (16 - 8 * index));
        for index in 0..=chunk.len() {
            text.push(ALPHABET[(bits >> (18 - 6 * index) & 63) as usize].into());
        }
    }
    text
}

pub(super) fn decode(text: &str) -> Result<Vec<u8>, ShareError> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for (offset, character) in text.chars().enumerate() {
        let unknown = ShareError::Character { offset, character };
        let value = ALPHABET.iter().position(|letter| char::from(*letter) == character).ok_or(unknown)?;
        bits = bits << 6 | u32::try_from(value).unwrap_or(0);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xFF) as u8);
        }
    }
    Ok(bytes)
}

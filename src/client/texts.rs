//! The texts of errors that have parts, written part by part: less code than a format with arguments.
#![expect(clippy::trivially_copy_pass_by_ref, reason = "thiserror hands fields over by reference")]

use core::fmt::{self, Formatter};

use crate::codec::ReasonCode;

type Words = Option<Box<str>>;

pub(super) fn refused(reason: &ReasonCode, words: &Words, f: &mut Formatter<'_>) -> fmt::Result {
    said("the broker refused the connection: ", *reason, words, f)
}

pub(super) fn disconnected(reason: &ReasonCode, words: &Words, f: &mut Formatter<'_>) -> fmt::Result {
    said("the broker disconnected: ", *reason, words, f)
}

fn said(what: &str, reason: ReasonCode, words: &Words, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(what)?;
    fmt::Display::fmt(&reason, f)?;
    match words {
        Some(words) => all(&[": ", words], f),
        None => Ok(()),
    }
}

pub(super) fn broke(_: &ReasonCode, rule: &str, problem: &str, f: &mut Formatter<'_>) -> fmt::Result {
    all(&["the broker broke the protocol: ", problem, " (", rule, ")"], f)
}

pub(super) fn too_large(bytes: &usize, maximum: &usize, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "the packet has {bytes} bytes; the broker takes at most {maximum}")
}

fn all(parts: &[&str], f: &mut Formatter<'_>) -> fmt::Result {
    for part in parts {
        f.write_str(part)?;
    }
    Ok(())
}

//! A cursor that notes each field it passes.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::{Field, FieldValue, Section};
use crate::codec::Version;

/// Reads one packet's bytes, and notes a field for all that it reads.
///
/// A field that does not fit becomes undecoded bytes up to the end, and nothing behind it is read.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The end of the packet, or of the list in it that is read.
    end: usize,
    depth: u8,
    fields: Vec<Field>,
    pub(super) version: Version,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8], version: Version) -> Self {
        Self { bytes, at: 0, end: bytes.len(), depth: 0, fields: Vec::new(), version }
    }

    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    /// Returns how many bytes the packet, or the list that is read, has left.
    pub(super) const fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// Returns the next byte, without passing it.
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at..self.end)?.first().copied()
    }

    /// Sets the end of what is read, if there are so many bytes. Returns the end before.
    pub(super) fn narrow(&mut self, len: usize) -> usize {
        let outer = self.end;
        self.end = self.at.saturating_add(len).min(outer);
        outer
    }

    /// Ends what was narrowed. Bytes of it that were not read are undecoded.
    pub(super) fn widen(&mut self, outer: usize) {
        self.undecoded();
        self.end = outer;
    }

    /// Passes what is left as bytes that cannot be told apart.
    pub(super) fn undecoded(&mut self) {
        let len = self.left();
        if len > 0 {
            self.leaf(len, Cow::Borrowed("Undecoded Bytes"), FieldValue::Undecoded, Section::NONE);
        }
    }

    /// Opens a group at the next byte. [`close`](Self::close) takes what this returns.
    pub(super) fn open(&mut self, name: impl Into<Cow<'static, str>>, section: Section) -> usize {
        let index = self.fields.len();
        self.note(self.at, name.into(), FieldValue::None, section);
        self.depth += 1;
        index
    }

    /// Closes a group, which gets its end and value. A group without a byte is removed.
    pub(super) fn close(&mut self, index: usize, value: FieldValue) {
        self.depth -= 1;
        let at = self.at;
        if self.fields.len() == index + 1 && self.fields.get(index).is_some_and(|group| group.start == at) {
            self.fields.truncate(index);
        } else if let Some(group) = self.fields.get_mut(index) {
            group.end = at;
            group.value = value;
            group.is_group = true;
        }
    }

    /// Sets the meaning of the last field that was noted at this index or behind it.
    pub(super) fn explain(&mut self, index: usize, meaning: Option<&'static str>) {
        if let Some(field) = self.fields.get_mut(index) {
            field.meaning = meaning;
        }
    }

    /// Returns the value of the field with this index.
    pub(super) fn value_of(&self, index: usize) -> FieldValue {
        self.fields.get(index).map_or(FieldValue::Undecoded, |field| field.value.clone())
    }

    /// Returns the index of the next field.
    pub(super) const fn next_index(&self) -> usize {
        self.fields.len()
    }

    /// Passes `len` bytes as one leaf. `None` if there are fewer, which are undecoded then.
    pub(super) fn take(
        &mut self,
        len: usize,
        name: impl Into<Cow<'static, str>>,
        section: Section,
        value: impl FnOnce(&'a [u8]) -> FieldValue,
    ) -> Option<&'a [u8]> {
        if self.left() < len {
            self.undecoded();
            return None;
        }
        let taken = self.bytes.get(self.at..self.at + len)?;
        if len > 0 {
            self.leaf(len, name.into(), value(taken), section);
        }
        Some(taken)
    }

    /// Passes one byte as a group of bits. Each row is a name, how many bits, and its section;
    /// the rows have eight bits together, the highest first.
    pub(super) fn bits(&mut self, group: &'static str, section: Section, rows: &[Bits]) -> Option<u8> {
        let byte = self.peek()?;
        let index = self.open(group, section);
        let mut below = 8;
        for row in rows {
            below -= row.count;
            let value = u32::from(byte >> below) & ((1 << row.count) - 1);
            let shown = if row.is_flag { FieldValue::Flag(value == 1) } else { FieldValue::Number(value) };
            self.note(self.at, Cow::Borrowed(row.name), shown, row.section);
            if let Some(field) = self.fields.last_mut() {
                field.end = self.at + 1;
                field.bits = Some((below + row.count - 1, below));
                field.meaning = row.meaning.map(|meaning| meaning(value));
            }
        }
        self.at += 1;
        self.close(index, FieldValue::Number(byte.into()));
        Some(byte)
    }

    /// Ends the packet at `len` bytes from its first. Bytes behind are a leaf of their own, once
    /// the packet is read.
    pub(super) fn end_packet_at(&mut self, len: usize) {
        self.end = len.min(self.bytes.len());
    }

    /// Returns all fields.
    pub(super) fn finish(mut self) -> Vec<Field> {
        self.undecoded();
        self.end = self.bytes.len();
        let behind = self.left();
        if behind > 0 {
            self.leaf(behind, Cow::Borrowed("Bytes Behind the Packet"), FieldValue::Undecoded, Section::NONE);
        }
        self.fields
    }

    fn leaf(&mut self, len: usize, name: Cow<'static, str>, value: FieldValue, section: Section) {
        let start = self.at;
        self.at += len;
        self.note(start, name, value, section);
    }

    fn note(&mut self, start: usize, name: Cow<'static, str>, value: FieldValue, section: Section) {
        let (end, depth) = (self.at, self.depth);
        let field = Field { start, end, bits: None, depth, is_group: false, name, value, meaning: None, section };
        self.fields.push(field);
    }
}

/// Some bits of a byte.
pub(super) struct Bits {
    name: &'static str,
    count: u8,
    is_flag: bool,
    section: Section,
    meaning: Option<fn(u32) -> &'static str>,
}

impl Bits {
    /// One bit that is a flag.
    pub(super) const fn flag(name: &'static str, section: &'static str) -> Self {
        Self { name, count: 1, is_flag: true, section: Section::of(section), meaning: None }
    }

    /// A number of `count` bits.
    pub(super) const fn number(
        name: &'static str,
        count: u8,
        section: &'static str,
        meaning: Option<fn(u32) -> &'static str>,
    ) -> Self {
        Self { name, count, is_flag: false, section: Section::of(section), meaning }
    }

    /// Bits that are reserved.
    pub(super) const fn reserved(count: u8, section: &'static str) -> Self {
        Self::number("Reserved", count, section, None)
    }
}

//! A batch: changes of what a store holds, which belong together.

use alloc::vec::Vec;

use crate::broker::store::key::Key;

/// Instead of a length: the key is to be removed.
const REMOVED: [u8; 4] = [0xFF; 4];

/// One batch, for as long as the broker lives. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(u64);

/// Keys with their new values, to be written all or none. What they mean is the broker's affair.
#[derive(Debug, Default)]
pub struct Batch {
    /// For each change the length of the key, that of the value or [`REMOVED`], both of four bytes, the highest first; then
    /// the key and the value.
    bytes: Vec<u8>,
}

/// The changes of a batch, or the records of a store, read from bytes.
#[derive(Clone, Debug)]
pub struct Changes<'a>(&'a [u8]);

impl BatchId {
    /// Before the first.
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// A number for hosts whose language has no better.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The batch of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl Batch {
    /// Each key with its new value; `None` if it is to be removed, which it need not have been there for. None is there
    /// twice, but for some that are removed.
    #[must_use]
    pub fn changes(&self) -> Changes<'_> {
        Changes(&self.bytes)
    }

    /// All changes as [`Changes::read`] reads them: for each the length of the key and that of the value, both of four
    /// bytes with the highest first, then the key and the value. Where the key is to be removed, the length of the value
    /// is 0xFFFFFFFF, and there is none.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Begins anew.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Sets the key to what `write` appends.
    pub(crate) fn put(&mut self, key: Key<'_>, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.open(key);
        let value = self.bytes.len();
        write(&mut self.bytes);
        self.close(start, value);
    }

    /// As [`put`](Self::put), unless `write` says that there is nothing to write.
    pub(crate) fn put_if(&mut self, key: Key<'_>, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
        let start = self.open(key);
        let value = self.bytes.len();
        let written = write(&mut self.bytes);
        if written.is_some() {
            self.close(start, value);
        } else {
            self.bytes.truncate(start);
        }
        written
    }

    /// Of the change that was opened at `start`, all from `value` on is the value.
    fn close(&mut self, start: usize, value: usize) {
        // A value is a packet with some bytes before it, and so far shorter than four bytes can say.
        let len = u32::try_from(self.bytes.len() - value).unwrap_or(0);
        self.bytes[start + 4..start + 8].copy_from_slice(&len.to_be_bytes());
    }

    pub(crate) fn remove(&mut self, key: Key<'_>) {
        self.open(key);
    }

    /// Appends a change that removes the key, and tells where it begins.
    fn open(&mut self, key: Key<'_>) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&REMOVED);
        key.write(&mut self.bytes);
        let len = u32::try_from(self.bytes.len() - start - 8).unwrap_or(0);
        self.bytes[start..start + 4].copy_from_slice(&len.to_be_bytes());
        start
    }
}

impl<'a> Changes<'a> {
    /// Reads bytes as [`Batch::as_bytes`] gives them; what is cut off at the end is left out.
    #[must_use]
    pub const fn read(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Changes<'a> {
    type Item = (&'a [u8], Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        let (key_len, rest) = self.0.split_first_chunk()?;
        let (value_len, rest) = rest.split_first_chunk()?;
        let (key, rest) = rest.split_at_checked(u32::from_be_bytes(*key_len) as usize)?;
        if *value_len == REMOVED {
            self.0 = rest;
            return Some((key, None));
        }
        let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*value_len) as usize)?;
        self.0 = rest;
        Some((key, Some(value)))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{Batch, Changes};
    use crate::broker::store::key::Key;

    #[test]
    fn changes_are_read_as_they_were_made_and_cut_ones_left_out() {
        let mut batch = Batch::default();
        batch.put(Key::Session(7), |out| out.extend_from_slice(b"abc"));
        let nothing = batch.put_if(Key::Session(8), |out| {
            out.push(1);
            None
        });
        assert_eq!(nothing, None);
        batch.remove(Key::Retained("t"));
        batch.put(Key::Format, |_| ());
        let expected: [(&[u8], Option<&[u8]>); 3] =
            [(b"S\0\0\0\0\0\0\0\x07", Some(b"abc")), (b"Rt", None), (b"F", Some(b""))];
        assert_eq!(batch.changes().collect::<Vec<_>>(), expected);
        for len in 0..batch.as_bytes().len() {
            let read: Vec<_> = Changes::read(&batch.as_bytes()[..len]).collect();
            assert_eq!(read, expected[..read.len()]);
            assert!(read.len() < 3);
        }
    }
}

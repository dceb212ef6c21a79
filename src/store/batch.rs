//! A batch: changes of a store that belong together.

use alloc::vec::Vec;

/// Marker in place of a value's length, for a removal.
const REMOVED: [u8; 4] = [0xFF; 4];

/// Bytes of memory that are kept for the next batch.
const KEPT_BYTES: usize = 256 * 1024;

/// Identifier of a batch. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(u64);

/// Keys with their new values, to be written all or none. They are opaque to the host.
#[derive(Debug, Default)]
pub struct Batch {
    /// For each change: the key's length and the value's length, or [`REMOVED`], each as four
    /// big-endian bytes; then the key and the value.
    bytes: Vec<u8>,
}

/// The changes of a batch, or the records of a store, read from bytes.
#[derive(Clone, Debug)]
pub struct Changes<'a>(&'a [u8]);

/// A key of records, as its bytes.
pub(crate) trait WriteKey {
    fn write(self, out: &mut Vec<u8>);
}

impl BatchId {
    /// The number before the first batch.
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Returns the number, for hosts in another language.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Makes the identifier of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl Batch {
    /// Returns each key with its new value, or `None` to remove it. A removed key need not exist.
    /// The last change of a key counts.
    #[must_use]
    pub fn changes(&self) -> Changes<'_> {
        Changes(&self.bytes)
    }

    /// Returns all changes as bytes that [`Changes::read`] reads. A change has the key's length and
    /// the value's length, each as four big-endian bytes, then the key and the value. For a
    /// removal, the value's length is 0xFFFFFFFF, and the value is missing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the bytes of memory that it takes.
    pub(crate) const fn held_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Removes all changes, and frees the memory of a large batch.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
    }

    /// Sets the key to the bytes that `write` appends.
    pub(crate) fn put(&mut self, key: impl WriteKey, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.open(key);
        let value = self.bytes.len();
        write(&mut self.bytes);
        self.close(start, value);
    }

    /// Sets the key as [`put`](Self::put) does, unless `write` returns `None`.
    pub(crate) fn put_if(&mut self, key: impl WriteKey, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
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

    /// Closes the change that begins at `start`. Its value begins at `value`.
    fn close(&mut self, start: usize, value: usize) {
        // A value is a packet with some bytes before it, so its length fits four bytes.
        let len = u32::try_from(self.bytes.len() - value).unwrap_or(0);
        self.bytes[start + 4..start + 8].copy_from_slice(&len.to_be_bytes());
    }

    /// Sets a key to a value; `None` removes it.
    pub(crate) fn append(&mut self, key: &[u8], value: Option<&[u8]>) {
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes();
        self.bytes.extend_from_slice(&len(key));
        self.bytes.extend_from_slice(&value.map_or(REMOVED, len));
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value.unwrap_or_default());
    }

    pub(crate) fn remove(&mut self, key: impl WriteKey) {
        self.open(key);
    }

    /// Appends a removal of the key, and returns its offset.
    fn open(&mut self, key: impl WriteKey) -> usize {
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
    /// Reads bytes of [`Batch::as_bytes`]. A change that is cut off at the end is left out.
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

    use super::{Batch, Changes, WriteKey};

    struct Key(&'static [u8]);

    impl WriteKey for Key {
        fn write(self, out: &mut Vec<u8>) {
            out.extend_from_slice(self.0);
        }
    }

    #[test]
    fn changes_are_read_as_they_were_made_and_cut_ones_left_out() {
        let mut batch = Batch::default();
        batch.put(Key(b"S7"), |out| out.extend_from_slice(b"abc"));
        let nothing = batch.put_if(Key(b"S8"), |out| {
            out.push(1);
            None
        });
        assert_eq!(nothing, None);
        batch.remove(Key(b"Rt"));
        batch.append(b"F", Some(b""));
        batch.append(b"G", None);
        let expected: [(&[u8], Option<&[u8]>); 4] =
            [(b"S7", Some(b"abc")), (b"Rt", None), (b"F", Some(b"")), (b"G", None)];
        assert_eq!(batch.changes().collect::<Vec<_>>(), expected);
        for len in 0..batch.as_bytes().len() {
            let read: Vec<_> = Changes::read(&batch.as_bytes()[..len]).collect();
            assert_eq!(read, expected[..read.len()]);
            assert!(read.len() < 4);
        }
    }
}

//! Fields of a link, read or written by the same calls, so that both have one order.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::ShareError;

/// Bytes that are written, or that are read.
pub(super) enum Fields<'a> {
    Write(Vec<u8>),
    Read { all: &'a [u8], at: usize },
}

type Done = Result<(), ShareError>;

impl<'a> Fields<'a> {
    pub(super) const fn writer() -> Self {
        Self::Write(Vec::new())
    }

    pub(super) const fn reader(bytes: &'a [u8]) -> Self {
        Self::Read { all: bytes, at: 0 }
    }

    pub(super) fn written(self) -> Vec<u8> {
        match self {
            Self::Write(bytes) => bytes,
            Self::Read { .. } => Vec::new(),
        }
    }

    /// The end, where nothing is left to read.
    pub(super) fn end(&self) -> Done {
        match self {
            Self::Read { all, at } if *at < all.len() => Err(self.damage()),
            Self::Read { .. } | Self::Write(_) => Ok(()),
        }
    }

    /// The error at this place.
    pub(super) const fn damage(&self) -> ShareError {
        match self {
            Self::Read { at, .. } => ShareError::Field(*at),
            Self::Write(_) => ShareError::Field(0),
        }
    }

    fn byte(&mut self, value: &mut u8) -> Done {
        let error = self.damage();
        match self {
            Self::Write(bytes) => bytes.push(*value),
            Self::Read { all, at } => {
                *value = *all.get(*at).ok_or(error)?;
                *at += 1;
            }
        }
        Ok(())
    }

    /// A number in groups of seven bits, the lowest first.
    pub(super) fn number(&mut self, value: &mut u64) -> Done {
        let (mut left, mut read) = (*value, 0);
        for shift in (0..64).step_by(7) {
            let more = u8::from(left >= 0x80) << 7;
            let mut byte = (left & 0x7F) as u8 | more;
            self.byte(&mut byte)?;
            left >>= 7;
            read |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                *value = read;
                return Ok(());
            }
        }
        Err(self.damage())
    }

    /// A number of a smaller type.
    pub(super) fn int<T: Copy + TryInto<u64> + TryFrom<u64>>(&mut self, value: &mut T) -> Done {
        let mut number = (*value).try_into().unwrap_or(0);
        self.number(&mut number)?;
        *value = T::try_from(number).map_err(|_| self.damage())?;
        Ok(())
    }

    /// Milliseconds of at most 49 days.
    pub(super) fn millis(&mut self, value: &mut u64) -> Done {
        let mut short = u32::try_from(*value).unwrap_or(u32::MAX);
        self.int(&mut short)?;
        *value = short.into();
        Ok(())
    }

    pub(super) fn duration(&mut self, value: &mut Duration) -> Done {
        let mut milliseconds = crate::time::millis(*value);
        self.millis(&mut milliseconds)?;
        *value = Duration::from_millis(milliseconds);
        Ok(())
    }

    pub(super) fn flag(&mut self, value: &mut bool) -> Done {
        let mut byte = u8::from(*value);
        self.byte(&mut byte)?;
        *value = byte != 0;
        Ok(())
    }

    /// One of some values, by its index.
    pub(super) fn one_of<T: Copy + PartialEq>(&mut self, value: &mut T, all: &[T]) -> Done {
        let mut index = all.iter().position(|one| one == value).unwrap_or(0);
        self.int(&mut index)?;
        *value = *all.get(index).ok_or(self.damage())?;
        Ok(())
    }

    /// A value that may be missing.
    pub(super) fn option<T>(
        &mut self,
        value: &mut Option<T>,
        empty: impl FnOnce() -> T,
        read: impl FnOnce(&mut Self, &mut T) -> Done,
    ) -> Done {
        let mut is_there = value.is_some();
        self.flag(&mut is_there)?;
        if is_there { read(self, value.get_or_insert_with(empty)) } else { Ok(()) }
    }

    /// A value that is mostly the default.
    pub(super) fn unless<T: PartialEq>(
        &mut self,
        value: &mut T,
        default: &T,
        read: impl FnOnce(&mut Self, &mut T) -> Done,
    ) -> Done {
        let mut differs = value != default;
        self.flag(&mut differs)?;
        if differs { read(self, value) } else { Ok(()) }
    }

    pub(super) fn bytes(&mut self, value: &mut Vec<u8>) -> Done {
        let mut len = value.len();
        self.int(&mut len)?;
        let error = self.damage();
        match self {
            Self::Write(bytes) => bytes.extend_from_slice(value),
            Self::Read { all, at } => {
                let end = at.checked_add(len).filter(|end| *end <= all.len()).ok_or(error)?;
                *value = all[*at..end].to_vec();
                *at = end;
            }
        }
        Ok(())
    }

    pub(super) fn text(&mut self, value: &mut String) -> Done {
        let mut bytes = core::mem::take(value).into_bytes();
        self.bytes(&mut bytes)?;
        *value = String::from_utf8(bytes).map_err(|_| self.damage())?;
        Ok(())
    }

    pub(super) fn boxed_text(&mut self, value: &mut Box<str>) -> Done {
        let mut text = String::from(core::mem::take(value));
        self.text(&mut text)?;
        *value = text.into();
        Ok(())
    }
}

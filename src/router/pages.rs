//! Pages: values by number, in pages of a fixed size.

use alloc::vec::Vec;

use crate::memory_meter::block;

/// Bytes of a page.
const PAGE_BYTES: usize = 32 * 1024;

/// Values by number. A freed number is given out again.
///
/// No more than a page is moved or freed at a time, however many values there are. A page whose
/// values are all freed gives back its memory. The first page grows as a vector does.
#[derive(Clone, Debug)]
pub(super) struct Pages<T> {
    all: Vec<Page<T>>,
    /// Pages with room, each once. The last one is filled first.
    open: Vec<u32>,
    /// Bytes of memory of the pages.
    page_bytes: usize,
}

#[derive(Clone, Debug)]
struct Page<T> {
    values: Vec<T>,
    /// Places of freed values.
    free: Vec<u16>,
}

impl<T> Page<T> {
    const fn new() -> Self {
        Self { values: Vec::new(), free: Vec::new() }
    }

    const fn held_bytes(&self) -> usize {
        block(self.values.capacity() * size_of::<T>()) + block(self.free.capacity() * size_of::<u16>())
    }

    const fn is_full(&self) -> bool {
        self.free.is_empty() && self.values.len() >= Pages::<T>::PAGE
    }
}

impl<T> Pages<T> {
    /// Bits of a number within its page.
    const SHIFT: u32 = (PAGE_BYTES / size_of::<T>()).ilog2();
    const PAGE: usize = 1 << Self::SHIFT;

    pub(super) const fn new() -> Self {
        Self { all: Vec::new(), open: Vec::new(), page_bytes: 0 }
    }

    /// Returns the bytes of memory that they take.
    pub(super) const fn held_bytes(&self) -> usize {
        self.all.capacity() * size_of::<Page<T>>() + self.open.capacity() * size_of::<u32>() + self.page_bytes
    }

    /// Adds a value, and returns its number.
    pub(super) fn insert(&mut self, value: T) -> u32 {
        if self.open.is_empty() {
            self.open.push(index(self.all.len()));
            self.all.push(Page::new());
        }
        let number = self.open[self.open.len() - 1];
        let page = &mut self.all[number as usize];
        self.page_bytes -= page.held_bytes();
        let at = if let Some(at) = page.free.pop() {
            page.values[usize::from(at)] = value;
            u32::from(at)
        } else {
            if number > 0 && page.values.capacity() == 0 {
                page.values.reserve_exact(Self::PAGE);
            }
            page.values.push(value);
            index(page.values.len() - 1)
        };
        self.page_bytes += page.held_bytes();
        if page.is_full() {
            self.open.pop();
        }
        (number << Self::SHIFT) | at
    }

    /// Frees a number. Its value stays until the number is given out again.
    pub(super) fn free(&mut self, number: u32) {
        let (number, at) = Self::place(number);
        let page = &mut self.all[number];
        self.page_bytes -= page.held_bytes();
        if page.is_full() {
            self.open.push(index(number));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a page has fewer values")]
        page.free.push(at as u16);
        if page.free.len() == page.values.len() {
            *page = Page::new();
        }
        self.page_bytes += page.held_bytes();
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> &T {
        let (page, at) = Self::place(number);
        &self.all[page].values[at]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> &mut T {
        let (page, at) = Self::place(number);
        &mut self.all[page].values[at]
    }

    #[inline]
    const fn place(number: u32) -> (usize, usize) {
        let number = number as usize;
        (number >> Self::SHIFT, number & (Self::PAGE - 1))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "memory ends before four thousand million values do")]
const fn index(at: usize) -> u32 {
    at as u32
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::Pages;

    type Wide = [u64; 16];

    #[test]
    fn values_stay_where_they_are_and_free_pages_hold_no_memory() {
        let (mut pages, many) = (Pages::<Wide>::new(), 5 * Pages::<Wide>::PAGE);
        let numbers: Vec<_> = (0..many as u64).map(|value| pages.insert([value; 16])).collect();
        let full = pages.held_bytes();
        assert!(full >= many * size_of::<Wide>() && full < many * size_of::<Wide>() + 4_096, "{full}");
        let last = core::ptr::from_ref(pages.get(numbers[many - 1]));
        // Every other value leaves, and no memory is moved.
        for number in numbers.iter().step_by(2) {
            pages.free(*number);
        }
        for value in (0..many as u64).step_by(2) {
            pages.get_mut(numbers[1])[0] = value;
            assert!((pages.insert([value; 16]) as usize) < many, "a freed number");
        }
        assert!(core::ptr::eq(last, pages.get(numbers[many - 1])));
        for number in &numbers {
            pages.free(*number);
        }
        assert!(pages.held_bytes() < 1_024, "{} bytes", pages.held_bytes());
        assert_eq!(pages.all.len(), 5);
        for _ in &numbers {
            pages.insert([7; 16]);
        }
        assert_eq!((pages.all.len(), pages.held_bytes().abs_diff(full) < 1_024), (5, true));
    }
}

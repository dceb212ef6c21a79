//! Memory meter: the bytes of shared values that are held, and the charges that count them.
//!
//! A value that many hold, such as a message in many queues, is counted once. Its charge is
//! released when the last holder drops it.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that an allocator adds to a block. It is the header of the module's allocator.
pub(crate) const BLOCK_BYTES: usize = 8;

/// Bytes of the counts before a value in an `Arc`.
pub(crate) const ARC_BYTES: usize = 2 * size_of::<usize>();

/// Returns the bytes of a block of memory for so many bytes; none for an empty value.
pub(crate) const fn block(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes + BLOCK_BYTES }
}

/// Returns the bytes of a text in an `Arc`.
pub(crate) const fn shared_text(text: &str) -> usize {
    block(ARC_BYTES + text.len())
}

/// Count of held bytes, shared with its charges.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryMeter(Arc<AtomicUsize>);

/// Bytes charged to a meter until it is dropped. The default charges nothing.
///
/// A clone is another value in memory, which its owner charges anew. Charges do not count in
/// comparisons.
#[derive(Debug, Default)]
pub struct Charge(Option<(MemoryMeter, usize)>);

impl MemoryMeter {
    /// Returns the bytes that are charged.
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Charges so many bytes.
    pub(crate) fn charge(&self, bytes: usize) -> Charge {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Charge(Some((self.clone(), bytes)))
    }
}

impl Clone for Charge {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl PartialEq for Charge {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Charge {}

impl Drop for Charge {
    fn drop(&mut self) {
        if let Some((meter, bytes)) = &self.0 {
            meter.0.fetch_sub(*bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Charge, MemoryMeter};

    #[test]
    fn a_charge_counts_until_it_is_dropped_and_its_clone_counts_nothing() {
        let meter = MemoryMeter::default();
        let (one, other) = (meter.charge(3), meter.charge(4));
        let clone = one.clone();
        assert_eq!(meter.bytes(), 7);
        assert_eq!(one, other);
        drop(one);
        assert_eq!(meter.bytes(), 4);
        drop((clone, other, Charge::default()));
        assert_eq!(meter.bytes(), 0);
    }
}

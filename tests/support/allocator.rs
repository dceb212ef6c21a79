//! An allocator that counts the bytes of each thread.
#![allow(dead_code, reason = "no test program uses all of it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static BYTES: Cell<isize> = const { Cell::new(0) };
    static HIGHEST: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

/// Bytes that this thread has allocated and not freed.
pub(crate) fn allocated() -> isize {
    BYTES.get()
}

/// The most bytes that this thread had at a time while `run` ran, beyond those before.
pub(crate) fn highest_allocated(run: impl FnOnce()) -> isize {
    let before = allocated();
    HIGHEST.set(before);
    run();
    HIGHEST.get() - before
}

fn count(bytes: usize, sign: isize) {
    // A thread that ends has no counter any more.
    let _ = BYTES.try_with(|count| {
        count.set(count.get() + sign * bytes.cast_signed());
        HIGHEST.try_with(|highest| highest.set(highest.get().max(count.get())))
    });
}

// SAFETY: all calls go to the system's allocator as they are.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(layout.size(), -1);
        count(size, 1);
        unsafe { System.realloc(block, layout, size) }
    }
}

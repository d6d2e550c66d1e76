//! An allocator that counts what a thread takes from the heap and gives back, for tests that allow neither.
//!
//! Included by the tests of several crates, each of which is a program of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Of this thread only: the test harness has threads of its own.
    static TAKEN: Cell<usize> = const { Cell::new(0) };
    static GIVEN_BACK: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        GIVEN_BACK.set(GIVEN_BACK.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread has taken memory from the heap.
pub(crate) fn allocations() -> usize {
    TAKEN.get()
}

/// How often it has taken memory or given it back.
pub(crate) fn calls() -> usize {
    TAKEN.get() + GIVEN_BACK.get()
}

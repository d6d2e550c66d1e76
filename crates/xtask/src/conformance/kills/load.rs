//! A busy computer.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// So many threads that always have something to do, until this is dropped.
#[derive(Debug)]
pub(super) struct Load(Arc<AtomicBool>);

impl Load {
    /// Starts them.
    pub(super) fn of(threads: usize) -> Load {
        let over = Arc::<AtomicBool>::default();
        for _ in 0..threads {
            let over = Arc::clone(&over);
            thread::spawn(move || {
                let mut number = 0u64;
                while !over.load(Ordering::Relaxed) {
                    number = black_box(number.wrapping_mul(6_364_136_223_846_793_005) + 1);
                }
            });
        }
        Load(over)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

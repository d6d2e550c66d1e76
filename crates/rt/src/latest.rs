//! The latest-value slot: how values leave the control thread without it ever waiting.

use triple_buffer::{Input, Output, TripleBuffer};

/// The end that publishes. Publishing is wait-free: a value that was not read is overwritten.
#[derive(Debug)]
pub struct Publisher<T: Send>(Input<T>);

/// The end that looks at the newest value.
#[derive(Debug)]
pub struct Watcher<T: Send>(Output<T>);

/// A slot that starts with `value`.
pub fn slot<T: Clone + Send>(value: &T) -> (Publisher<T>, Watcher<T>) {
    let (input, output) = TripleBuffer::new(value).split();
    (Publisher(input), Watcher(output))
}

impl<T: Send> Publisher<T> {
    /// Makes `value` the newest.
    pub fn publish(&mut self, value: T) {
        self.0.write(value);
    }
}

impl<T: Send> Watcher<T> {
    /// The newest value; the same one again if nothing was published since.
    pub fn newest(&mut self) -> &T {
        self.0.read()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_the_newest_is_seen() {
        let (mut publisher, mut watcher) = super::slot(&0);
        publisher.publish(1);
        publisher.publish(2);
        assert_eq!(*watcher.newest(), 2);
        assert_eq!(*watcher.newest(), 2);
    }
}

//! The pictures of an answer, whatever it came through.

use std::io::Read;
use std::time::Instant;

use super::body::Body;
use super::connection::{self, Asked};
use super::parts::{PartError, Parts};

/// An answer that has been understood, without a camera around it.
#[derive(Debug)]
pub(crate) struct HttpPictures<R>(Parts<Body<R>>);

impl<R: Read> HttpPictures<R> {
    /// Of an answer with this head, whose body begins with `first` and goes on in `stream`.
    ///
    /// # Errors
    /// In words, if there are no pictures in it.
    pub(crate) fn of_answer(head: &[u8], first: Vec<u8>, stream: R) -> Result<Self, String> {
        match connection::understood(head, first, stream)? {
            Asked::Answered(answer) => Parts::new(answer.body, &answer.content_type).map(Self),
            Asked::Elsewhere(to) => Err(format!("it is at {to}")),
        }
    }

    /// The next picture, whatever it is worth; nothing at the end of the stream.
    pub(crate) fn next_picture(&mut self, until: Instant) -> Option<Vec<u8>> {
        loop {
            match self.0.next_part(until) {
                Ok(part) => return Some(part.jpeg),
                Err(PartError::Waiting) => {}
                Err(PartError::Ended(_)) => return None,
            }
        }
    }
}

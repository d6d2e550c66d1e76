//! The body of an answer, with or without HTTP's chunks (RFC 9112, 7.1): ESP32-CAM sends its stream in them.

use std::io::{self, ErrorKind, Read};

/// A chunk's line is its size in hexadecimal digits, perhaps with an extension.
const LONGEST_LINE: usize = 256;

/// Reads a body. A timeout of the stream below comes through as its error; nothing is lost by it. A call reads from below once at most, so that
/// bytes that trickle hold up no one: what makes no data of its own is `WouldBlock`.
#[derive(Debug)]
pub(super) struct Body<R> {
    stream: R,
    /// What has been read and not been handed on.
    buffer: Vec<u8>,
    at: usize,
    chunks: Option<Chunk>,
}

#[derive(Debug)]
enum Chunk {
    /// Its line, as far as it has come.
    Line(Vec<u8>),
    /// Bytes that are left of it.
    Data(u64),
    /// The line end behind it: so many bytes are left.
    End(u8),
    /// There was an empty one.
    Last,
}

impl<R: Read> Body<R> {
    /// The body whose first bytes are `buffer`.
    pub(super) fn new(stream: R, buffer: Vec<u8>, chunked: bool) -> Self {
        Self {
            stream,
            buffer,
            at: 0,
            chunks: chunked.then(|| Chunk::Line(Vec::new())),
        }
    }

    /// More bytes from below; false at its end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.at < self.buffer.len() {
            return Ok(true);
        }
        self.buffer.resize(64 << 10, 0);
        self.at = 0;
        let read = self.stream.read(&mut self.buffer);
        self.buffer.truncate(*read.as_ref().unwrap_or(&0));
        Ok(read? > 0)
    }

    fn take(&mut self, into: &mut [u8], most: u64) -> usize {
        let there = &self.buffer[self.at..];
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let count = there.len().min(into.len()).min(most);
        into[..count].copy_from_slice(&there[..count]);
        self.at += count;
        count
    }
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut has_read = false;
        loop {
            if matches!(self.chunks, Some(Chunk::Last)) {
                return Ok(0);
            }
            if self.at == self.buffer.len() && std::mem::replace(&mut has_read, true) {
                return Err(ErrorKind::WouldBlock.into());
            }
            if !self.fill()? {
                return Ok(0);
            }
            match &mut self.chunks {
                None => return Ok(self.take(into, u64::MAX)),
                Some(Chunk::Last) => return Ok(0),
                Some(Chunk::Data(left)) => {
                    let left = *left;
                    let count = self.take(into, left);
                    let left = left - count as u64;
                    self.chunks = Some(match left {
                        0 => Chunk::End(2),
                        left => Chunk::Data(left),
                    });
                    return Ok(count);
                }
                Some(Chunk::End(left)) => {
                    self.at += 1;
                    *left -= 1;
                    if *left == 0 {
                        self.chunks = Some(Chunk::Line(Vec::new()));
                    }
                }
                Some(Chunk::Line(line)) => {
                    let byte = self.buffer[self.at];
                    self.at += 1;
                    line.push(byte);
                    if byte == b'\n' {
                        self.chunks = Some(match size_of_chunk(line)? {
                            0 => Chunk::Last,
                            size => Chunk::Data(size),
                        });
                    } else if line.len() > LONGEST_LINE {
                        return Err(bad("the line of a chunk has no end"));
                    }
                }
            }
        }
    }
}

fn size_of_chunk(line: &[u8]) -> io::Result<u64> {
    let text = String::from_utf8_lossy(line);
    let digits = text.split(';').next().unwrap_or_default().trim();
    u64::from_str_radix(digits, 16).map_err(|_| bad("a chunk has no size"))
}

fn bad(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], chunked: bool) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let (first, rest) = bytes.split_at(bytes.len().min(3));
        let mut body = Body::new(rest, first.to_vec(), chunked);
        loop {
            let mut bytes = [0; 7];
            match body.read(&mut bytes) {
                Ok(0) => return Ok(out),
                Ok(count) => out.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    #[test]
    fn chunks_are_joined_and_broken_ones_are_errors() {
        let chunks = b"4\r\nWiki\r\n6;a=b\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\n\r\nrest";
        assert_eq!(read(chunks, true).unwrap(), b"Wikipedia in \r\n\r\nchunks.");
        assert_eq!(read(b"plain", false).unwrap(), b"plain");
        assert!(read(b"xyz\r\n", true).is_err());
        assert!(read(&[b'1'; 1000], true).is_err());
        assert!(read(b"fffffffffffffffff\r\n", true).is_err());
    }
}

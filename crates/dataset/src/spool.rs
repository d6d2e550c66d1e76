//! Pictures that wait on disk for their encoder, as they came from the camera.
//!
//! When an encoder cannot keep up, what waits for it must not be lost with the program. So it is written to a file in the folder of the
//! running episode, and repair encodes what the encoder had not got to. The file is a ring of equally large places; picture
//! `k` of the episode has place `k` modulo their number, with its number and checksum before it. It is never synced: it
//! survives the end of the program, not that of the computer, since waiting for the disk would cost more pictures than it keeps.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::error::{IoContext, Result};
use crate::inside::{create_ring, open, own_file};
use crate::runs::SPOOL;

/// The file begins with this, followed by the size of a picture in bytes.
const MAGIC: &[u8; 8] = b"ulnaspl1";
const HEAD: u64 = 16;
/// Before each picture: its number, the checksum of number and picture, and nothing.
const LABEL: usize = 16;

/// The file of a camera's spool in an episode's folder.
fn spool_path(dir: &Path, camera: &str) -> PathBuf {
    dir.join(format!("{camera}{SPOOL}"))
}

fn place_of(number: u64, places: u64, picture: usize) -> u64 {
    HEAD + (number % places.max(1)) * (LABEL + picture) as u64
}

fn label(number: u64, picture: &[u8]) -> [u8; LABEL] {
    let mut label = [0; LABEL];
    let (head, rest) = label.split_at_mut(8);
    head.copy_from_slice(&number.to_le_bytes());
    rest[..4].copy_from_slice(&checksum(number, picture).to_le_bytes());
    label
}

fn checksum(number: u64, picture: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(picture);
    hasher.finalize()
}

/// Where the pictures of one camera wait during one episode. Two threads share it: one puts pictures in, the other takes them out.
#[derive(Debug)]
pub struct PictureSpool {
    path: PathBuf,
    picture: usize,
    places: u64,
    /// Made when the first picture comes.
    file: OnceLock<File>,
}

impl PictureSpool {
    pub(crate) fn new(dir: &Path, camera: &str, picture: usize, places: u64) -> PictureSpool {
        PictureSpool {
            path: spool_path(dir, camera),
            picture,
            places,
            file: OnceLock::new(),
        }
    }

    /// Puts picture `number` of the episode in, all before `encoded` being encoded; false if there is no place for it.
    ///
    /// # Errors
    /// What the operating system says if the file cannot be made or written.
    pub fn put(&self, number: u64, encoded: u64, picture: &[u8]) -> io::Result<bool> {
        if picture.len() != self.picture || number >= encoded.saturating_add(self.places) {
            return Ok(false);
        }
        let file = match self.file.get() {
            Some(file) => file,
            None => {
                let file = create_ring(&self.path)?;
                file.write_all_at(&(self.picture as u64).to_le_bytes(), 8)?;
                file.write_all_at(MAGIC, 0)?;
                self.file.get_or_init(|| file)
            }
        };
        let place = place_of(number, self.places, self.picture);
        // Only with its label does it count.
        file.write_all_at(picture, place + LABEL as u64)?;
        file.write_all_at(&label(number, picture), place)?;
        Ok(true)
    }

    /// Takes picture `number` out, which was put in and is not encoded yet.
    ///
    /// # Errors
    /// What the operating system says if it cannot be read.
    pub fn take(&self, number: u64, into: &mut Vec<u8>) -> io::Result<()> {
        let file = self.file.get().ok_or(io::ErrorKind::NotFound)?;
        into.resize(self.picture, 0);
        let place = place_of(number, self.places, self.picture);
        file.read_exact_at(into, place + LABEL as u64)
    }
}

/// What a spool holds that the program left behind.
#[derive(Debug)]
pub(crate) struct LeftSpool {
    file: File,
    picture: usize,
    /// Numbers and places, in order.
    pictures: Vec<(u64, u64)>,
}

impl LeftSpool {
    /// The pictures from number `from` on that wait in the spool of an episode's folder; none if there are none of this size.
    pub(crate) fn open(
        dir: &Path,
        camera: &str,
        picture: usize,
        from: u64,
    ) -> Result<Option<LeftSpool>> {
        let path = spool_path(dir, camera);
        if !own_file(&path)? {
            return Ok(None);
        }
        let file = open(&path)?;
        let length = file.metadata().at("read", &path)?.len();
        let mut head = [0; HEAD as usize];
        if file.read_exact_at(&mut head, 0).is_err()
            || head[..8] != *MAGIC
            || head[8..] != (picture as u64).to_le_bytes()
        {
            return Ok(None);
        }
        let mut pictures = Vec::new();
        let step = (LABEL + picture) as u64;
        let mut place = HEAD;
        while place + step <= length {
            let mut number = [0; 8];
            file.read_exact_at(&mut number, place).at("read", &path)?;
            let number = u64::from_le_bytes(number);
            if number >= from {
                pictures.push((number, place));
            }
            place += step;
        }
        pictures.sort_unstable();
        Ok((!pictures.is_empty()).then_some(LeftSpool {
            file,
            picture,
            pictures,
        }))
    }

    /// The number of the first of them.
    pub(crate) fn first(&self) -> Option<u64> {
        self.pictures.first().map(|(number, _)| *number)
    }

    /// Puts picture `number` into `into` if it is there and whole; else `into` stays as it is.
    pub(crate) fn fetch(&self, number: u64, into: &mut Vec<u8>) -> bool {
        let Ok(at) = self.pictures.binary_search_by_key(&number, |(n, _)| *n) else {
            return false;
        };
        let place = self.pictures[at].1;
        let (mut found, mut bytes) = ([0; LABEL], vec![0; self.picture]);
        let read = self.file.read_exact_at(&mut found, place).is_ok()
            && self
                .file
                .read_exact_at(&mut bytes, place + LABEL as u64)
                .is_ok();
        let whole = read && found == label(number, &bytes);
        if whole {
            *into = bytes;
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_come_out_as_they_went_in_and_the_places_hold() {
        let folder = tempfile::tempdir().unwrap();
        let spool = PictureSpool::new(folder.path(), "front", 4, 3);
        let mut picture = Vec::new();
        for encoded in 0..7u64 {
            for number in encoded..encoded + 3 {
                let bytes = [u8::try_from(number).unwrap(); 4];
                assert!(spool.put(number, encoded, &bytes).unwrap());
            }
            assert!(!spool.put(encoded + 3, encoded, &[9; 4]).unwrap());
            for number in encoded..encoded + 3 {
                spool.take(number, &mut picture).unwrap();
                assert_eq!(picture, [u8::try_from(number).unwrap(); 4]);
            }
        }
        assert!(!spool.put(8, 8, &[9; 5]).unwrap(), "another size");
    }

    #[test]
    fn what_is_left_is_found_by_number_and_only_whole() {
        let folder = tempfile::tempdir().unwrap();
        let left = |from| LeftSpool::open(folder.path(), "front", 4, from).unwrap();
        assert!(left(0).is_none());
        let spool = PictureSpool::new(folder.path(), "front", 4, 4);
        for number in 0..6u8 {
            let at = u64::from(number);
            assert!(spool.put(at, at, &[number; 4]).unwrap());
        }
        assert_eq!(left(0).unwrap().first(), Some(2));
        assert_eq!(left(4).unwrap().first(), Some(4));
        assert!(left(6).is_none());
        let mut bytes = vec![7];
        assert!(left(3).unwrap().fetch(5, &mut bytes));
        assert_eq!(bytes, [5; 4]);
        assert!(!left(3).unwrap().fetch(1, &mut bytes));
        // A picture that was half written, and a file that was cut.
        let path = spool_path(folder.path(), "front");
        let mut file = std::fs::read(&path).unwrap();
        let at = file.iter().rposition(|byte| *byte == 3).unwrap();
        file[at] = 9;
        std::fs::write(&path, &file).unwrap();
        assert!(!left(3).unwrap().fetch(3, &mut bytes));
        assert_eq!(bytes, [5; 4]);
        for cut in 0..file.len() {
            std::fs::write(&path, &file[..cut]).unwrap();
            let found = left(4).map_or(0, |left| left.pictures.len());
            assert_eq!(
                found,
                [20, 40]
                    .iter()
                    .filter(|end| cut as u64 >= HEAD + **end)
                    .count()
            );
        }
    }
}

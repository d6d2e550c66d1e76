//! One picture of a camera as a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use ulna_core::Frame;
use ulna_outside::files;

/// The name of a snapshot's file: what identifies the camera, as far as letters go.
pub fn snapshot_name(camera: &str) -> String {
    let bare = camera.rsplit("://").next().unwrap_or(camera);
    let bare = bare.strip_prefix("/dev/").unwrap_or(bare);
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() || letter == '-' {
            letter
        } else {
            '_'
        }
    };
    let name: String = bare.chars().map(plain).take(80).collect();
    format!("{}.png", name.trim_matches('_'))
}

/// Writes a picture as PNG into a folder, which is made if it is not there; a file that is there is replaced only if `replace`.
///
/// # Errors
/// If the file is there, or cannot be written.
pub fn write_snapshot(
    folder: &Path,
    name: &str,
    frame: &Frame,
    replace: bool,
) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let path = folder.join(name);
    let write = |file: &mut File| encode(frame, file);
    let written = match replace {
        true => files::replace(&path, write),
        false => files::create(&path, write),
    };
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => io::Error::new(
            ErrorKind::AlreadyExists,
            "it is there already: --replace overwrites it",
        ),
        _ => error,
    })?;
    Ok(path)
}

fn encode(frame: &Frame, file: &mut File) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    let mut encoder = png::Encoder::new(&mut file, frame.width, frame.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer
        .write_image_data(&frame.pixels)
        .map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_core::Stamp;

    #[test]
    fn a_snapshot_stays_in_its_folder_and_replaces_nothing() {
        assert_eq!(snapshot_name("/dev/video0"), "video0.png");
        assert_eq!(
            snapshot_name("http://10.0.0.4:8080/../../x"),
            "10_0_0_4_8080_______x.png"
        );
        let folder = tempfile::tempdir().unwrap();
        let frame = Frame {
            stamp: Stamp::ZERO,
            sequence: 0,
            width: 2,
            height: 1,
            pixels: [1, 2, 3, 4, 5, 6].into(),
        };
        let write = |replace| write_snapshot(&folder.path().join("new"), "a.png", &frame, replace);
        let path = write(false).unwrap();
        assert!(fs::read(path).unwrap().starts_with(b"\x89PNG"));
        assert!(write(false).unwrap_err().to_string().contains("--replace"));
        assert!(write(true).is_ok());
    }
}

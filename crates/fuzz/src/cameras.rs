//! Whatever a camera sends, or is said of one, is read or refused: HTTP answers, JPEG pictures, ffmpeg's output, a webcam's driver, what is typed, and
//! what a dataset keeps of its cameras.

use image::codecs::jpeg::JpegEncoder;
use serde::de::DeserializeOwned;
use ulna_cameras::{CameraIdentity, CameraSettings, Thumbnail, fuzzed};

/// The first byte says how many bytes come at a time.
pub(crate) fn http(input: &[u8]) {
    if let Some((at_once, answer)) = input.split_first() {
        fuzzed::http(answer, *at_once);
    }
}

pub(crate) fn http_seeds() -> Vec<Vec<u8>> {
    let pictures = [picture(16, 8, 10), picture(16, 8, 200)];
    let [first, second] = &pictures;
    let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n").into_bytes();
    let multipart = "Content-Type: multipart/x-mixed-replace; boundary=frame";
    let parts = |length: bool| {
        let part = |jpeg: &Vec<u8>| {
            let length = match length {
                true => format!("Content-Length: {}\r\n", jpeg.len()),
                false => String::new(),
            };
            [format!("--frame\r\n{length}\r\n").as_bytes(), jpeg, b"\r\n"].concat()
        };
        [part(first), part(second), b"--frame--".to_vec()].concat()
    };
    let chunk =
        |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let chunked = [chunk(&parts(true)), chunk(&[])].concat();
    let of_chunks = format!("{multipart}\r\nTransfer-Encoding: chunked");
    let seed = |at_once: u8, head: Vec<u8>, body: &[u8]| [&[at_once], &head[..], body].concat();
    vec![
        seed(200, head(multipart), &parts(true)),
        seed(7, head(multipart), &parts(false)),
        seed(50, head(&of_chunks), &chunked),
        seed(90, head("Content-Type: "), &pictures.concat()),
        seed(
            9,
            b"HTTP/1.1 302 Found\r\nLocation: /video\r\n\r\n".to_vec(),
            b"",
        ),
        seed(9, head("Content-Type: text/html"), b"<html>"),
    ]
}

pub(crate) fn jpeg(input: &[u8]) {
    fuzzed::jpeg(input);
}

/// One with and one without its Huffman tables, as webcams send it; one that is cut off; two in a row.
pub(crate) fn jpegs() -> Vec<Vec<u8>> {
    let whole = picture(24, 16, 90);
    let bare = without(&whole, 0xC4);
    let cut = whole[..whole.len() * 2 / 3].to_vec();
    vec![bare, cut, [&whole[..], &whole].concat(), whole]
}

/// A small JPEG.
fn picture(width: u32, height: u32, shade: u8) -> Vec<u8> {
    let pixels: Vec<u8> = (0..width * height * 3)
        .map(|at| (at as u8).wrapping_mul(3) ^ shade)
        .collect();
    let mut jpeg = Vec::new();
    JpegEncoder::new(&mut jpeg)
        .encode(&pixels, width, height, image::ExtendedColorType::Rgb8)
        .expect("a picture can be encoded");
    jpeg
}

/// The same without its segments of one kind.
fn without(jpeg: &[u8], kind: u8) -> Vec<u8> {
    let (mut out, mut at) = (jpeg[..2].to_vec(), 2);
    while jpeg[at + 1] != 0xDA {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] != kind {
            out.extend_from_slice(&jpeg[at..end]);
        }
        at = end;
    }
    [&out, &jpeg[at..]].concat()
}

pub(crate) fn ffmpeg(input: &[u8]) {
    fuzzed::ffmpeg(input);
}

pub(crate) fn ffmpeg_output() -> Vec<Vec<u8>> {
    let picture = [&b"P6\n4 2\n255\n"[..], &[7; 24]].concat();
    vec![
        picture.repeat(2),
        b"ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright".to_vec(),
    ]
}

pub(crate) fn webcam(input: &[u8]) {
    fuzzed::webcam(input);
}

/// A camera as it is typed, or as JSON what a dataset keeps of its cameras.
pub(crate) fn known(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(settings) = CameraSettings::parse(&text) {
        let json = serde_json::to_string(&settings).expect("settings can be written");
        let again: CameraSettings = serde_json::from_str(&json).expect("and read");
        assert!(again == settings && again.check().is_ok(), "{json}");
        assert!(
            settings
                .shown()
                .chars()
                .all(ulna_outside::text::is_printable)
        );
    }
    let (one, other) = text.split_once('\n').unwrap_or((&text, ""));
    if let (Some(one), Some(other)) = pair::<CameraIdentity>(one, other) {
        assert_eq!(one.difference(&one), None);
        assert_eq!(
            one.difference(&other).is_some(),
            other.difference(&one).is_some()
        );
    }
    if let (Some(one), Some(other)) = pair::<Thumbnail>(one, other)
        && let Some(likeness) = one.likeness(&other)
    {
        assert!((-1.001..=1.001).contains(&likeness), "{likeness}");
    }
}

fn pair<T: DeserializeOwned>(one: &str, other: &str) -> (Option<T>, Option<T>) {
    (
        serde_json::from_str(one).ok(),
        serde_json::from_str(other).ok(),
    )
}

pub(crate) fn known_seeds() -> Vec<Vec<u8>> {
    let one = r#"{"card": "Cam", "serial": "A1", "by_path": "/dev/v4l/by-path/one", "bus_info": "usb-1"}"#;
    let other = r#"{"card": "Cam", "by_path": "/dev/v4l/by-path/two", "bus_info": "usb-2"}"#;
    let texts = [
        "http://user:pass@10.0.0.4:8080/video?a=1,2,width=640,height=480,rotation=-90,latency_ms=50".to_owned(),
        "/dev/video0,type=v4l2,fourcc=MJPG,fps=30,auto=true,exposure=100,focus=3,white_balance=4000,warmup_s=0.5".to_owned(),
        "0,type=ffmpeg,input_format=avfoundation".to_owned(),
        format!("{one}\n{other}"),
        "\"0020406080\"\n\"8060402000\"".to_owned(),
    ];
    texts.map(String::into_bytes).into()
}

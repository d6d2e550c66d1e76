//! A camera as it is typed: its place, its keys, and what is wrong with them.

use url::Url;

use crate::settings::{CameraKind, CameraSettings};

/// The keys of a camera, without its place.
pub(crate) const KEYS: [&str; 13] = [
    "type",
    "width",
    "height",
    "fps",
    "fourcc",
    "rotation",
    "auto",
    "exposure",
    "white_balance",
    "focus",
    "warmup_s",
    "latency_ms",
    "input_format",
];

/// The place, and the pairs behind it. A comma that no `key=` follows belongs to what is before it: addresses have commas, too.
pub(crate) fn split(text: &str) -> (String, Vec<(String, String)>) {
    let mut pieces = text.split(',');
    let mut place = pieces.next().unwrap_or_default().to_owned();
    let mut pairs: Vec<(String, String)> = Vec::new();
    for piece in pieces {
        let pair = piece.split_once('=');
        let is_key = |key: &str| {
            let mut letters = key.chars();
            !key.is_empty() && letters.all(|letter| letter.is_ascii_lowercase() || letter == '_')
        };
        match (pair, pairs.last_mut()) {
            (Some((key, value)), _) if is_key(key) => {
                pairs.push((key.to_owned(), value.to_owned()));
            }
            (_, Some((_, value))) => {
                value.push(',');
                value.push_str(piece);
            }
            (_, None) => {
                place.push(',');
                place.push_str(piece);
            }
        }
    }
    (place, pairs)
}

/// How pictures come from this place.
pub(crate) fn kind_of(place: &str) -> CameraKind {
    let scheme = place.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        Some("http") => CameraKind::Http,
        Some(_) => CameraKind::Ffmpeg,
        None => CameraKind::V4l2,
    }
}

/// An address without user and password; a place that is none as it is.
pub(crate) fn without_password(place: &str) -> String {
    let Some((scheme, rest)) = place.split_once("://") else {
        return place.to_owned();
    };
    // By hand: what is no sound address may hold a password all the same.
    let host_ends = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(host_ends);
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// What is wrong with these settings.
pub(crate) fn problem(settings: &CameraSettings) -> Option<String> {
    let place = &settings.index_or_path;
    if place.is_empty() || !place.chars().all(ulna_outside::text::is_printable) {
        return Some("index_or_path is empty or holds what cannot be printed: give a device such as /dev/video0, or an address".to_owned());
    }
    if settings.source() == CameraKind::Http {
        match Url::parse(place) {
            Ok(url) if url.scheme() == "http" && url.has_host() => {}
            Ok(url) if url.scheme() == "https" => {
                return Some(
                    "https is not read here: pass type=ffmpeg, whose ffmpeg does".to_owned(),
                );
            }
            _ => {
                return Some(
                    "index_or_path is no address such as http://192.168.1.20:8080/video".to_owned(),
                );
            }
        }
    }
    size_problem(settings).or_else(|| value_problem(settings))
}

fn size_problem(settings: &CameraSettings) -> Option<String> {
    for (key, side, largest) in [
        ("width", settings.width, 3840),
        ("height", settings.height, 3840),
    ] {
        if let Some(side) = side
            && !(side.is_multiple_of(2) && (16..=largest).contains(&side))
        {
            return Some(format!(
                "{key}={side}: the sides of a picture are even, from 16 to {largest}"
            ));
        }
    }
    match (settings.width, settings.height) {
        (Some(_), None) => Some("width is given without height: give both or none".to_owned()),
        (None, Some(_)) => Some("height is given without width: give both or none".to_owned()),
        _ => None,
    }
}

fn value_problem(settings: &CameraSettings) -> Option<String> {
    if let Some(fps) = settings.fps
        && !(1..=240).contains(&fps)
    {
        return Some(format!("fps={fps} is not between 1 and 240"));
    }
    if ![0, 90, 180, -90, 270].contains(&settings.rotation) {
        let turned = settings.rotation;
        return Some(format!("rotation={turned}: it is 0, 90, 180 or -90"));
    }
    for (key, value, most) in [
        ("warmup_s", settings.warmup_s, 60.0),
        ("latency_ms", settings.latency_ms, 5000.0),
    ] {
        if let Some(value) = value
            && !(0.0..=most).contains(&value)
        {
            return Some(format!("{key}={value} is not between 0 and {most}"));
        }
    }
    let of_v4l2 = [
        ("fourcc", settings.fourcc.is_some()),
        ("auto", settings.auto),
        ("exposure", settings.exposure.is_some()),
        ("white_balance", settings.white_balance.is_some()),
        ("focus", settings.focus.is_some()),
    ];
    if settings.source() != CameraKind::V4l2
        && let Some((key, _)) = of_v4l2.into_iter().find(|(_, given)| *given)
    {
        return Some(format!(
            "{key} is a setting of webcams (type v4l2): set it at the camera's own page, and leave it out here"
        ));
    }
    let format = settings.input_format.as_ref()?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if settings.source() != CameraKind::Ffmpeg {
        return Some("input_format goes with type ffmpeg alone".to_owned());
    }
    (format.is_empty() || !format.chars().all(plain)).then(|| {
        "input_format is a name of `ffmpeg -formats`, such as avfoundation or dshow".to_owned()
    })
}

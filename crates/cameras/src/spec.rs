//! A camera as it is typed: its place, its keys, and what is wrong with them.

use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;
use url::Url;

use crate::error::CameraError;
use crate::place::without_password;
use crate::settings::{CameraKind, CameraSettings};

/// The keys of a camera, without its place.
const KEYS: [&str; 13] = [
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

impl CameraSettings {
    /// Reads `PLACE[,key=value…]`: the place of a camera, and the keys of a rig file.
    ///
    /// # Errors
    /// If a key is unknown or its value makes no sense.
    pub fn parse(text: &str) -> Result<Self, CameraError> {
        let (place, pairs) = split(text);
        let name = without_password(&place);
        let mut settings = Self::at(&place);
        for (key, value) in pairs {
            settings
                .set(&key, &value)
                .map_err(|problem| CameraError::usage(&name, problem))?;
        }
        settings.check()?;
        Ok(settings)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        fn number<T: std::str::FromStr>(key: &str, value: &str) -> Result<Option<T>, String> {
            let wrong = || format!("{key}={value} is not a number of that kind");
            value.parse().map(Some).map_err(|_| wrong())
        }
        fn named<T: DeserializeOwned>(key: &str, value: &str) -> Result<Option<T>, String> {
            let name = StrDeserializer::<serde::de::value::Error>::new(value);
            let named = T::deserialize(name).map_err(|problem| format!("{key}={value}: {problem}"));
            named.map(Some)
        }
        match key {
            "type" => self.kind = named(key, value)?,
            "fourcc" => self.fourcc = named(key, value)?,
            "auto" => {
                self.auto = match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(format!("auto={value}: it is true or false")),
                }
            }
            "width" => self.width = number(key, value)?,
            "height" => self.height = number(key, value)?,
            "fps" => self.fps = number(key, value)?,
            "rotation" => self.rotation = number(key, value)?.unwrap_or_default(),
            "exposure" => self.exposure = number(key, value)?,
            "white_balance" => self.white_balance = number(key, value)?,
            "focus" => self.focus = number(key, value)?,
            "warmup_s" => self.warmup_s = number(key, value)?,
            "latency_ms" => self.latency_ms = number(key, value)?,
            "input_format" => self.input_format = Some(value.to_owned()),
            _ => {
                return Err(format!(
                    "unknown key `{key}`; there are: {}",
                    KEYS.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// Refuses what no camera can be.
    ///
    /// # Errors
    /// What is wrong, by its key.
    pub fn check(&self) -> Result<(), CameraError> {
        problem(self).map_or(Ok(()), |problem| {
            Err(CameraError::usage(&self.shown(), problem))
        })
    }
}

/// The place, and the pairs behind it. A comma that no `key=` follows belongs to what is before it: addresses have commas, too.
fn split(text: &str) -> (String, Vec<(String, String)>) {
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

/// What is wrong with these settings.
fn problem(settings: &CameraSettings) -> Option<String> {
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
    if !settings.is_device()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_typed_in_one_word() {
        let camera =
            CameraSettings::parse("/dev/video2,width=320,height=240,rotation=-90").unwrap();
        assert_eq!(camera.source(), CameraKind::V4l2);
        assert_eq!(camera.captured_size(), (Some(240), Some(320)));
        assert_eq!(camera.quarter_turns(), 3);
        let phone =
            CameraSettings::parse("http://me:secret@10.0.0.4:8080/video?a=1,2,fps=25").unwrap();
        assert_eq!(
            phone.index_or_path,
            "http://me:secret@10.0.0.4:8080/video?a=1,2"
        );
        assert_eq!((phone.source(), phone.fps), (CameraKind::Http, Some(25)));
        assert!(!phone.shown().contains("secret"), "{}", phone.shown());
        let clip = CameraSettings::parse("rtsp://10.0.0.5/stream").unwrap();
        assert_eq!(clip.source(), CameraKind::Ffmpeg);
    }

    #[test]
    fn what_no_camera_can_be_is_refused_by_its_key() {
        for (text, words) in [
            ("/dev/video0,width=0", "width"),
            ("/dev/video0,height=481,width=640", "height"),
            ("/dev/video0,width=640", "height"),
            ("/dev/video0,rotation=45", "rotation"),
            ("/dev/video0,fps=0", "fps"),
            ("/dev/video0,warmup_s=nan", "warmup_s"),
            ("/dev/video0,latency_ms=-1", "latency_ms"),
            ("/dev/video0,sharpness=3", "sharpness"),
            ("/dev/video0,fourcc=H264", "fourcc"),
            ("rtsp://x/y,input_format=a b", "input_format"),
            ("http://x/y,exposure=3", "exposure"),
            ("", "index_or_path"),
            ("http://x/y\u{1b}[2J", "index_or_path"),
        ] {
            let error = CameraSettings::parse(text).expect_err(text);
            assert!(
                error.is_usage() && error.to_string().contains(words),
                "{error}"
            );
        }
    }

    #[test]
    fn a_rig_files_table_is_read_as_it_is_written() {
        let text = "type = \"opencv\"\nindex_or_path = 0\nwidth = 640\nheight = 480\nfps = 30\nfourcc = \"MJPG\"\n";
        let camera: CameraSettings = toml::from_str(text).unwrap();
        assert_eq!(
            (camera.source(), camera.index_or_path.as_str()),
            (CameraKind::V4l2, "0")
        );
        let again: CameraSettings = toml::from_str(&toml::to_string(&camera).unwrap()).unwrap();
        assert_eq!(again, camera);
        assert!(toml::from_str::<CameraSettings>("index_or_path = 0\nwdith = 3\n").is_err());
    }
}

//! Feature declarations of `info.json`: what each column or video holds.

use serde_json::{Map, Value, json};

/// The key of the robot's measured state.
pub const STATE: &str = "observation.state";
/// The key of the commanded action.
pub const ACTION: &str = "action";

/// How a feature is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// Numbers or booleans in the data files, by their numpy name.
    Number(Number),
    /// Text in the data files.
    String,
    /// Encoded pictures in the data files.
    Image,
    /// Pictures in mp4 files next to the data files.
    Video,
    /// Anything else, by its name (`language`, for instance).
    Other(String),
}

/// The numeric types that the data files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are numpy's")]
pub enum Number {
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float16,
    Float32,
    Float64,
}

const NUMBERS: [(&str, Number); 12] = [
    ("bool", Number::Bool),
    ("int8", Number::Int8),
    ("int16", Number::Int16),
    ("int32", Number::Int32),
    ("int64", Number::Int64),
    ("uint8", Number::UInt8),
    ("uint16", Number::UInt16),
    ("uint32", Number::UInt32),
    ("uint64", Number::UInt64),
    ("float16", Number::Float16),
    ("float32", Number::Float32),
    ("float64", Number::Float64),
];

impl Number {
    /// The type with this numpy name.
    pub fn named(name: &str) -> Option<Number> {
        let known = NUMBERS.iter().find(|(known, _)| *known == name);
        known.map(|(_, number)| *number)
    }
}

impl Dtype {
    fn parse(name: &str) -> Dtype {
        if let Some((_, number)) = NUMBERS.iter().find(|(known, _)| *known == name) {
            return Dtype::Number(*number);
        }
        match name {
            "string" => Dtype::String,
            "image" => Dtype::Image,
            "video" => Dtype::Video,
            other => Dtype::Other(other.to_owned()),
        }
    }

    /// The name in `info.json`.
    pub fn name(&self) -> &str {
        match self {
            Dtype::Number(number) => NUMBERS
                .iter()
                .find(|(_, known)| known == number)
                .map_or("", |(name, _)| name),
            Dtype::String => "string",
            Dtype::Image => "image",
            Dtype::Video => "video",
            Dtype::Other(name) => name,
        }
    }
}

/// One declared feature.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Feature {
    /// Its key, dots included, such as `observation.state`.
    pub key: String,
    /// How it is stored.
    pub dtype: Dtype,
    /// The shape of one frame's value; pictures are height, width, channels.
    pub shape: Vec<usize>,
    /// The names of the last axis' elements when the dataset gives them, else empty.
    pub names: Vec<String>,
    /// The declaration as written, other keys included.
    pub raw: Map<String, Value>,
}

/// The auto features that LeRobot adds after the user's own, with their types.
pub const AUTO_FEATURES: [(&str, Number); 5] = [
    ("timestamp", Number::Float32),
    ("frame_index", Number::Int64),
    ("episode_index", Number::Int64),
    ("index", Number::Int64),
    ("task_index", Number::Int64),
];

const MAX_DIMENSIONS: usize = 8;
const MAX_ELEMENTS: usize = 1 << 26;

impl Feature {
    /// A vector (or, with one name, scalar) feature for the writer, one element per name.
    pub fn vector<S: Into<String>>(
        key: &str,
        number: Number,
        names: impl IntoIterator<Item = S>,
    ) -> Feature {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let raw = json!({
            "dtype": Dtype::Number(number).name(),
            "shape": [names.len()],
            "names": names,
        });
        Feature {
            key: key.to_owned(),
            dtype: Dtype::Number(number),
            shape: vec![names.len()],
            names,
            raw: object(raw),
        }
    }

    /// A scalar feature without element names.
    pub fn scalar(key: &str, number: Number) -> Feature {
        Feature::plain(key, Dtype::Number(number), &[1])
    }

    /// An array of two to five dimensions, one of which LeRobot keeps in the data files as nested lists.
    pub fn array(key: &str, number: Number, shape: &[usize]) -> Feature {
        Feature::plain(key, Dtype::Number(number), shape)
    }

    /// A text per frame.
    pub fn text(key: &str) -> Feature {
        Feature::plain(key, Dtype::String, &[1])
    }

    /// A camera of `width` x `height` pixels whose pictures stand in the data files as PNG.
    pub fn image(key: &str, width: usize, height: usize) -> Feature {
        let names = ["height", "width", "channels"];
        let mut feature = Feature::plain(key, Dtype::Image, &[height, width, 3]);
        feature.raw.insert("names".to_owned(), json!(names));
        feature.names = names.map(str::to_owned).to_vec();
        feature
    }

    fn plain(key: &str, dtype: Dtype, shape: &[usize]) -> Feature {
        Feature {
            key: key.to_owned(),
            raw: object(json!({"dtype": dtype.name(), "shape": shape, "names": null})),
            dtype,
            shape: shape.to_vec(),
            names: Vec::new(),
        }
    }

    /// A camera of `width` x `height` pixels, stored as H.264 at `fps` by this crate's encoder.
    pub fn camera(key: &str, width: usize, height: usize, fps: u32) -> Feature {
        let names = ["height", "width", "channels"];
        let raw = json!({
            "dtype": "video",
            "shape": [height, width, 3],
            "names": names,
            "info": {
                "is_depth_map": false,
                "video.height": height,
                "video.width": width,
                "video.codec": "h264",
                "video.pix_fmt": "yuv420p",
                "video.fps": fps,
                "video.channels": 3,
                "has_audio": false,
                "video.g": crate::video::GOP,
            },
        });
        Feature {
            key: key.to_owned(),
            dtype: Dtype::Video,
            shape: vec![height, width, 3],
            names: names.map(str::to_owned).to_vec(),
            raw: object(raw),
        }
    }

    /// Parses one declaration. The error names the field and says what is wrong with it.
    pub(crate) fn parse(key: &str, value: &Value) -> Result<Feature, (String, String)> {
        let path = |field: &str| format!("features.{key}{field}");
        // Cameras have a folder of this name.
        if let Err(error) = ulna_outside::name::check(key) {
            return Err((path(""), error.to_string()));
        }
        let raw = value
            .as_object()
            .ok_or_else(|| (path(""), "is not an object".to_owned()))?;
        let dtype = raw
            .get("dtype")
            .and_then(Value::as_str)
            .ok_or_else(|| (path(".dtype"), "is missing or not a string".to_owned()))?;
        let shape = shape(raw.get("shape")).map_err(|reason| (path(".shape"), reason))?;
        let mut names = Vec::new();
        flatten_names(raw.get("names").unwrap_or(&Value::Null), &mut names);
        Ok(Feature {
            key: key.to_owned(),
            dtype: Dtype::parse(dtype),
            shape,
            names,
            raw: raw.clone(),
        })
    }

    /// The declaration to write: what was read, with the keys that LeRobot needs in the form that it needs.
    pub(crate) fn declaration(&self) -> Value {
        let mut raw = self.raw.clone();
        raw.insert("dtype".to_owned(), json!(self.dtype.name()));
        raw.insert("shape".to_owned(), json!(self.shape));
        raw.entry("names").or_insert(Value::Null);
        Value::Object(raw)
    }

    /// Height, width and colours of a camera's pictures, whatever the order in which the declaration has them.
    pub fn picture_shape(&self) -> Option<[usize; 3]> {
        let shape: [usize; 3] = self.shape.as_slice().try_into().ok()?;
        let place = |names: &[&str]| {
            let is = |name: &String| names.contains(&name.to_lowercase().as_str());
            self.names
                .iter()
                .position(is)
                .filter(|_| self.names.len() == 3)
        };
        let named = (
            place(&["height", "h"]),
            place(&["width", "w"]),
            place(&["channels", "channel", "c", "rgb", "colors", "colours"]),
        );
        if let (Some(h), Some(w), Some(c)) = named {
            return Some([shape[h], shape[w], shape[c]]);
        }
        let colours = |size: usize| matches!(size, 1 | 3 | 4);
        match shape {
            [c, h, w] if colours(c) && !colours(w) => Some([h, w, c]),
            [h, w, c] => Some([h, w, c]),
        }
    }

    /// How many numbers one frame holds.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }

    /// The numeric type, unless this is text or pictures.
    pub fn number(&self) -> Option<Number> {
        match self.dtype {
            Dtype::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether this is a camera, whose pictures are in mp4 files or in the data files.
    pub fn is_camera(&self) -> bool {
        matches!(self.dtype, Dtype::Video | Dtype::Image)
    }

    /// Whether the pictures are depth maps, which LeRobot stores with 12 bits a pixel.
    pub fn is_depth(&self) -> bool {
        let block = |name: &str| self.raw.get(name).and_then(Value::as_object);
        // The marker of LeRobot 0.6, and those of its forerunners.
        [
            (block("info"), "is_depth_map"),
            (block("info"), "video.is_depth_map"),
            (block("video_info"), "video.is_depth_map"),
        ]
        .into_iter()
        .any(|(block, name)| block.and_then(|b| b.get(name)) == Some(&Value::Bool(true)))
    }

    /// Whether LeRobot fills this feature by itself (time stamp and indexes).
    pub fn is_auto(&self) -> bool {
        AUTO_FEATURES.iter().any(|(key, _)| *key == self.key)
    }

    /// Whether two declarations describe the same data: type, shape and names, without the `info`
    /// block, which LeRobot leaves out of the comparison too.
    pub fn same_data(&self, other: &Feature) -> bool {
        self.key == other.key
            && self.dtype == other.dtype
            && self.shape == other.shape
            && self.names == other.names
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn shape(value: Option<&Value>) -> Result<Vec<usize>, String> {
    let one = value
        .filter(|value| value.is_u64())
        .cloned()
        .map(|size| vec![size]);
    let list = match (value, &one) {
        (_, Some(one)) => one,
        (Some(Value::Array(list)), _) => list,
        _ => return Err("is missing or not a list".to_owned()),
    };
    // A number without axes.
    if list.is_empty() {
        return Ok(vec![1]);
    }
    if list.len() > MAX_DIMENSIONS {
        return Err(format!(
            "has {} dimensions, 1 to {MAX_DIMENSIONS} are accepted",
            list.len()
        ));
    }
    let mut elements = 1_usize;
    let mut shape = Vec::with_capacity(list.len());
    for entry in list {
        let size = entry
            .as_u64()
            .and_then(|size| usize::try_from(size).ok())
            .filter(|size| *size > 0)
            .ok_or_else(|| format!("holds {entry}, a positive whole number is expected"))?;
        elements = elements
            .checked_mul(size)
            .filter(|elements| *elements <= MAX_ELEMENTS)
            .ok_or_else(|| format!("has more than {MAX_ELEMENTS} elements"))?;
        shape.push(size);
    }
    Ok(shape)
}

/// `names` is a list, or in older datasets an object of lists (`{"motors": [...]}`) or of positions.
fn flatten_names(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(name) => out.push(name.clone()),
        Value::Array(list) => list.iter().for_each(|entry| flatten_names(entry, out)),
        Value::Object(map) if map.values().all(Value::is_u64) => {
            let mut pairs: Vec<_> = map.iter().map(|(k, v)| (v.as_u64(), k)).collect();
            pairs.sort();
            out.extend(pairs.into_iter().map(|(_, name)| name.clone()));
        }
        Value::Object(map) => map.values().for_each(|entry| flatten_names(entry, out)),
        _ => {}
    }
}

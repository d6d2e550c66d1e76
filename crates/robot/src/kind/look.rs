//! What a robot looks like, and the cameras on it: the part of a robot file that a simulated camera needs.
//!
//! Joints are named, frames are [`FrameSpec`]s in the frame of the joint that moves the link; without a joint, in the base frame.

use alloc::format;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::FrameSpec;

/// One solid that a robot is drawn with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "VisualKeys", into = "VisualKeys")]
pub struct VisualSpec {
    /// Name of the joint whose link it belongs to; the base if absent.
    pub joint: Option<String>,
    /// Where the shape's middle is in that link's frame.
    pub frame: FrameSpec,
    /// Its colour.
    pub colour: Colour,
    /// What it is: the key `box`, `cylinder` or `taper`.
    pub shape: ShapeSpec,
}

/// A convex solid around the origin of its own frame, by its full extents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ShapeSpec {
    /// A box: its extents along x, y and z, m.
    Box([f64; 3]),
    /// A cylinder along z.
    Cylinder(CylinderSpec),
    /// A box that changes its section along z.
    Taper(TaperSpec),
}

/// A cylinder along z.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CylinderSpec {
    /// m.
    pub radius: f64,
    /// Extent along z, m.
    pub length: f64,
}

/// A rectangle about (0, 0) at the lower end of z, one about `shift` at the upper, and what lies between.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaperSpec {
    /// Extents along x and y at the lower end, m.
    pub low: [f64; 2],
    /// Extents along x and y at the upper end, m.
    pub high: [f64; 2],
    /// Middle of the upper end, m.
    pub shift: [f64; 2],
    /// Extent along z, m.
    pub length: f64,
}

/// A camera of a robot: a pinhole without distortion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MountedCamera {
    /// LeRobot's camera key: datasets call its pictures `observation.images.<name>`.
    pub name: String,
    /// Name of the joint whose link carries it; fixed in the base frame if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joint: Option<String>,
    /// The camera in that link's frame: x to the right of the picture, y up, looking along -z (the axes of OpenGL and MuJoCo).
    pub frame: FrameSpec,
    /// Vertical field of view, degrees.
    pub fovy: f64,
}

/// Red, green and blue in full light, gamma-encoded as in any picture file; in a robot file `"#rrggbb"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour(pub [u8; 3]);

/// A text that is no colour.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColourError {
    /// The text.
    pub text: String,
}

impl fmt::Display for ColourError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no colour: write \"#rrggbb\", two hexadecimal digits each of red, green and blue",
            self.text
        )
    }
}

impl core::error::Error for ColourError {}

impl TryFrom<String> for Colour {
    type Error = ColourError;

    fn try_from(text: String) -> Result<Self, ColourError> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(number) => {
                let [_, red, green, blue] = number.to_be_bytes();
                Ok(Self([red, green, blue]))
            }
            None => Err(ColourError { text }),
        }
    }
}

impl From<Colour> for String {
    fn from(Colour([red, green, blue]): Colour) -> Self {
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A visual as it stands in the file: the shape is whichever of the last three keys is there.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VisualKeys {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    joint: Option<String>,
    frame: FrameSpec,
    colour: Colour,
    #[serde(default, rename = "box", skip_serializing_if = "Option::is_none")]
    cuboid: Option<[f64; 3]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cylinder: Option<CylinderSpec>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    taper: Option<TaperSpec>,
}

impl TryFrom<VisualKeys> for VisualSpec {
    type Error = &'static str;

    fn try_from(keys: VisualKeys) -> Result<Self, &'static str> {
        let shape = match (keys.cuboid, keys.cylinder, keys.taper) {
            (Some(extents), None, None) => ShapeSpec::Box(extents),
            (None, Some(cylinder), None) => ShapeSpec::Cylinder(cylinder),
            (None, None, Some(taper)) => ShapeSpec::Taper(taper),
            (None, None, None) => {
                return Err("a visual without a shape: give it `box`, `cylinder` or `taper`");
            }
            _ => {
                return Err(
                    "a visual has one shape: keep only one of `box`, `cylinder` and `taper`",
                );
            }
        };
        Ok(Self {
            joint: keys.joint,
            frame: keys.frame,
            colour: keys.colour,
            shape,
        })
    }
}

impl From<VisualSpec> for VisualKeys {
    fn from(visual: VisualSpec) -> Self {
        let mut keys = Self {
            joint: visual.joint,
            frame: visual.frame,
            colour: visual.colour,
            cuboid: None,
            cylinder: None,
            taper: None,
        };
        match visual.shape {
            ShapeSpec::Box(extents) => keys.cuboid = Some(extents),
            ShapeSpec::Cylinder(cylinder) => keys.cylinder = Some(cylinder),
            ShapeSpec::Taper(taper) => keys.taper = Some(taper),
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn visual(keys: &str) -> Result<VisualSpec, String> {
        let frame = "frame = { xyz = [0.0, 0.0, 0.1] }";
        toml::from_str(&format!("{frame}\n{keys}")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_visual_has_one_shape_and_a_colour() {
        let part = visual("colour = \"#0aFf10\"\nbox = [1.0, 2.0, 3.0]").unwrap();
        assert_eq!(part.joint, None);
        assert_eq!(part.colour, Colour([10, 255, 16]));
        assert_eq!(part.shape, ShapeSpec::Box([1.0, 2.0, 3.0]));
        assert_eq!(part.frame.rpy, [0.0; 3]);
        for (keys, problem) in [
            ("colour = \"#000000\"", "without a shape"),
            (
                "colour = \"#000000\"\nbox = [1.0, 1.0, 1.0]\ncylinder = { radius = 1.0, length = 1.0 }",
                "keep only one of",
            ),
            (
                "colour = \"#000000\"\nbox = [1.0, 1.0, 1.0]\nbocks = 1",
                "bocks",
            ),
            ("box = [1.0, 1.0, 1.0]", "colour"),
        ] {
            let error = visual(keys).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        for text in [
            "", "#", "f4c430", "#f4c43", "#f4c4300", "#+4c430", "#f4c43g", "#äöü", "red",
        ] {
            let keys = format!("colour = \"{text}\"\nbox = [1.0, 1.0, 1.0]");
            let error = visual(&keys).unwrap_err();
            assert!(error.contains(&format!("`{text}` is no colour")), "{error}");
        }
    }

    #[test]
    fn a_visual_is_written_as_it_was_read() {
        for shape in [
            "box = [1.0, 2.0, 3.0]",
            "joint = \"elbow\"\ncylinder = { radius = 1.0, length = 2.0 }",
            "taper = { low = [1.0, 2.0], high = [3.0, 4.0], shift = [0.0, 1.0], length = 2.0 }",
        ] {
            let part = visual(&format!("colour = \"#f4c430\"\n{shape}")).unwrap();
            let keys = toml::Table::try_from(&part).unwrap();
            assert_eq!(keys["colour"].as_str(), Some("#f4c430"));
            assert_eq!(keys.try_into::<VisualSpec>().unwrap(), part);
        }
    }
}

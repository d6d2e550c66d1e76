//! How a scene looks, as the parts of a file: table, room, lights and cameras. `configs/scenes/look.toml` explains the keys.

use serde::Deserialize;
use ulna_outside::Printable;
use ulna_robot::{Colour, FrameSpec};

use crate::scenes::drawn::{Drawn, span};
use crate::visual::{MAX_LAMPS, Texture};

/// What is allowed: places of lights and cameras, m; how high a light hangs above what an arm reaches, m.
const PLACES: (f64, f64) = (-5.0, 5.0);
const HEIGHTS: (f64, f64) = (0.6, 5.0);
/// Least distance between a camera and what it looks at, m.
const APART: f64 = 0.01;
/// Most cameras of a scene, as of a robot.
const MAX_CAMERAS: usize = 8;
/// Longest sides of a picture that can be encoded, pixels.
const LARGEST: [u32; 2] = [3840, 2160];

/// How a scene looks. See the module.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookSpec {
    /// The table top.
    pub table: TableSpec,
    /// What is around it.
    pub room: RoomSpec,
    /// The lights.
    pub lights: Vec<LightSpec>,
    /// The cameras, on top of the robot file's.
    pub cameras: Vec<SceneCameraSpec>,
}

/// The table top.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// One of these is drawn.
    pub surfaces: Vec<SurfaceSpec>,
    /// How the texture is turned, degrees.
    pub turn: Drawn,
    /// How far each part of a colour is off at most, in parts of full brightness.
    pub tint: f64,
}

/// How a table top is painted.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurfaceSpec {
    /// In what way.
    pub texture: Texture,
    /// The two colours that it mixes.
    pub colours: [Colour; 2],
    /// After which length it repeats, m.
    pub size: Drawn,
}

/// What is around the table.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomSpec {
    /// One of these is drawn.
    pub backgrounds: Vec<Colour>,
    /// Light from everywhere, in parts of full brightness.
    pub ambient: Drawn,
}

/// A light.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LightSpec {
    /// Its name.
    pub name: String,
    /// Where it is in the base frame, m.
    pub xyz: [Drawn; 3],
    /// What it adds to a surface that faces it, in parts of full brightness.
    pub brightness: Drawn,
    /// The temperature of a black body of its colour, K.
    pub kelvin: Drawn,
    /// How wide the edges of its shadows are, m.
    pub softness: Drawn,
}

/// A camera.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneCameraSpec {
    /// What datasets call it.
    pub name: String,
    /// Width and height of its pictures unless the user says otherwise, pixels.
    pub size: [u32; 2],
    /// Where it is in the base frame, m, with [`target`](Self::target).
    pub eye: Option<[f64; 3]>,
    /// What it looks at, m.
    pub target: Option<[f64; 3]>,
    /// The joint whose link carries it, with [`frame`](Self::frame).
    pub joint: Option<String>,
    /// Where it is in that link's frame, or the base frame, as in a robot file.
    pub frame: Option<FrameSpec>,
    /// Vertical field of view, degrees; that of the robot file's camera if absent.
    pub fovy: Option<Drawn>,
    /// How far it is off its place along each of its axes at most, m.
    #[serde(default)]
    pub shift: f64,
    /// By how much it is turned about each of its axes at most, degrees.
    #[serde(default)]
    pub turn: f64,
    /// How far a value of a picture is off at most, in 256ths.
    #[serde(default)]
    pub noise: Drawn,
    /// It is recorded and shown only where it is named.
    #[serde(default)]
    pub spare: bool,
}

impl LookSpec {
    /// Checks everything that has a bound.
    ///
    /// # Errors
    /// What is wrong, with its key.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.table.check()?;
        self.room.check()?;
        lights(&self.lights)?;
        cameras(&self.cameras)
    }
}

impl TableSpec {
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.surfaces.is_empty() {
            return Err("table: surfaces is empty: give one or more".to_owned());
        }
        for surface in &self.surfaces {
            span("table: size", surface.size, (0.01, 1.0))?;
        }
        span("table: turn", self.turn, (-360.0, 360.0))?;
        span("table: tint", Drawn::One(self.tint), (0.0, 0.5))
    }
}

impl RoomSpec {
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.backgrounds.is_empty() {
            return Err("room: backgrounds is empty: give one or more \"#rrggbb\"".to_owned());
        }
        span("room: ambient", self.ambient, (0.05, 1.0))
    }
}

pub(crate) fn lights(lights: &[LightSpec]) -> Result<(), String> {
    if lights.is_empty() || lights.len() > MAX_LAMPS {
        let count = lights.len();
        return Err(format!("{count} lights: give 1 to {MAX_LAMPS}"));
    }
    for light in lights {
        let key = |key: &str| format!("light `{}`: {key}", Printable(&light.name));
        span(&key("xyz[0]"), light.xyz[0], PLACES)?;
        span(&key("xyz[1]"), light.xyz[1], PLACES)?;
        span(&key("xyz[2], above table and arm,"), light.xyz[2], HEIGHTS)?;
        span(&key("brightness"), light.brightness, (0.0, 1.5))?;
        span(&key("kelvin"), light.kelvin, (1500.0, 12000.0))?;
        span(&key("softness"), light.softness, (0.003, 0.05))?;
    }
    Ok(())
}

pub(crate) fn cameras(cameras: &[SceneCameraSpec]) -> Result<(), String> {
    if cameras.len() > MAX_CAMERAS {
        let count = cameras.len();
        return Err(format!("{count} cameras: give at most {MAX_CAMERAS}"));
    }
    for (index, camera) in cameras.iter().enumerate() {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = &camera.name;
        if name.is_empty() || name.len() > 32 || !name.chars().all(plain) {
            return Err(format!(
                "`{}` is no camera name: use up to 32 letters, digits and `_`",
                Printable(name)
            ));
        }
        if cameras[..index].iter().any(|other| other.name == *name) {
            return Err(format!("there are two cameras named `{name}`"));
        }
        camera.check(&|key| format!("camera `{name}`: {key}"))?;
    }
    Ok(())
}

impl SceneCameraSpec {
    fn check(&self, key: &dyn Fn(&str) -> String) -> Result<(), String> {
        for (side, largest) in self.size.into_iter().zip(LARGEST) {
            if !side.is_multiple_of(2) || !(16..=largest).contains(&side) {
                let [width, height] = self.size;
                let ([widest, highest], size) = (LARGEST, key("size"));
                return Err(format!(
                    "{size} {width} x {height}: give even numbers of pixels from 16 x 16 to {widest} x {highest}"
                ));
            }
        }
        let numbers = |name: &str, numbers: &[f64], range| {
            let mut each = numbers.iter();
            each.try_for_each(|number| span(&key(name), Drawn::One(*number), range))
        };
        match (&self.eye, &self.target, &self.frame, &self.joint) {
            (Some(eye), Some(target), None, None) => {
                numbers("eye", eye, PLACES)?;
                numbers("target", target, PLACES)?;
                let apart = eye.iter().zip(target).map(|(a, b)| (a - b).powi(2));
                if apart.sum::<f64>().sqrt() < APART {
                    return Err(key("target is where its eye is"));
                }
            }
            (None, None, Some(frame), _) => {
                numbers("frame", &frame.xyz, PLACES)?;
                numbers("frame", &frame.rpy, (-7.0, 7.0))?;
            }
            (None, None, None, None) => {}
            _ => {
                return Err(key(
                    "give `eye` and `target`, or `frame` and, if a link carries it, `joint`",
                ));
            }
        }
        if let Some(fovy) = self.fovy {
            span(&key("fovy"), fovy, (1.0, 175.0))?;
        }
        span(&key("shift"), Drawn::One(self.shift), (0.0, 0.2))?;
        span(&key("turn"), Drawn::One(self.turn), (0.0, 45.0))?;
        span(&key("noise"), self.noise, (0.0, 64.0))
    }
}

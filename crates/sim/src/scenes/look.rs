//! How a scene looks, as the seed and the number of the attempt draw it: light, colours, textures, and how cameras are off their places.

pub mod file;

#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use nalgebra::{Isometry3, Point3, Translation3, UnitQuaternion};
use ulna_robot::{Colour, RobotKind};

use crate::camera::SensorNoise;
use crate::scenes::drawn::{Dice, Drawn};
use crate::visual::{Laid, Lamp, Pattern, PinholeCamera, Texture, VisualScene, cameras_of};
use file::{LightSpec, LookSpec, SceneCameraSpec};

/// What is drawn of the look has dice of its own, so that where things lie does not depend on how they look.
const OWN: u64 = 0x6c6f_6f6b;
/// Size of pictures where nothing says another, pixels.
const SIZE: (u32, u32) = (640, 480);
/// The second colour of an object's texture is its own colour times this.
const DARKER: f64 = 0.6;

/// What a list without colours would be.
const BLACK: Colour = Colour([0; 3]);

/// The text of the look that scenes have which say nothing else.
pub const STANDARD: &str = include_str!("../../../../configs/scenes/look.toml");

/// It, read. A test says that it is sound.
static SHARED: LazyLock<Arc<LookSpec>> =
    LazyLock::new(|| Arc::new(toml::from_str(STANDARD).unwrap_or_default()));

/// How a scene looks in one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// What is seen where nothing is.
    pub background: Colour,
    /// Light from everywhere.
    pub ambient: f64,
    /// The lamps.
    pub lamps: Vec<Lamp>,
    /// The table's own colour, and what is painted on it.
    pub table: (Colour, Option<Pattern>),
    /// How that lies on it.
    pub laid: Laid,
    /// How the things look, in their order.
    pub things: Vec<ThingLook>,
    /// How the cameras are, in the order of the scene.
    pub cameras: Vec<CameraLook>,
}

/// How a thing looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThingLook {
    /// What is painted on it.
    pub texture: Texture,
    /// What red, green and blue of its colour have more.
    pub tint: [f64; 3],
}

/// How a camera is.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraLook {
    /// Its name.
    pub name: String,
    /// How it is off its place, in its own frame.
    pub off: Isometry3<f64>,
    /// Its vertical field of view, rad, if it is not that of the robot file.
    pub fovy: Option<f64>,
    /// What its sensor adds.
    pub noise: Option<SensorNoise>,
}

/// A camera of a scene around one robot, before it is off its place.
#[derive(Debug, Clone)]
pub struct SceneCamera {
    /// Where it is and what it sees.
    pub view: PinholeCamera,
    /// Width and height of its pictures unless the user says otherwise, pixels.
    pub size: (u32, u32),
    /// The joint whose link carries it; it stands by the table if `None`.
    pub joint: Option<String>,
    /// It is recorded and shown only where it is named.
    pub spare: bool,
}

impl LookSpec {
    /// The look of `configs/scenes/look.toml`.
    pub fn standard() -> &'static Self {
        &SHARED
    }

    /// The same, to be kept.
    pub(crate) fn shared() -> Arc<Self> {
        Arc::clone(&SHARED)
    }

    /// Replaces the cameras of these names, and adds the others.
    pub(crate) fn with_cameras(mut self, cameras: &[SceneCameraSpec]) -> Self {
        for camera in cameras {
            match self.cameras.iter_mut().find(|it| it.name == camera.name) {
                Some(known) => known.clone_from(camera),
                None => self.cameras.push(camera.clone()),
            }
        }
        self
    }

    /// The cameras for this robot: its own in their order, then the scene's.
    ///
    /// # Errors
    /// If one is nowhere, or on a joint that the robot does not have.
    pub fn cameras_for(&self, kind: &RobotKind) -> Result<Vec<SceneCamera>, String> {
        let own = cameras_of(kind).into_iter().map(|view| SceneCamera {
            joint: view
                .mount
                .and_then(|at| kind.names().nth(at))
                .map(str::to_owned),
            view,
            size: SIZE,
            spare: false,
        });
        let mut all: Vec<SceneCamera> = own.collect();
        for spec in &self.cameras {
            let known = all.iter().position(|camera| camera.view.name == spec.name);
            let Some(view) = view(spec, kind, known.map(|at| &all[at].view))? else {
                continue;
            };
            let camera = SceneCamera {
                joint: view
                    .mount
                    .and_then(|at| kind.names().nth(at))
                    .map(str::to_owned),
                view,
                size: spec.size.into(),
                spare: spec.spare,
            };
            match known {
                Some(at) => all[at] = camera,
                None => all.push(camera),
            }
        }
        Ok(all)
    }

    /// How it looks in the attempt of this number with objects of these textures; without variation as the middle of everything.
    pub(crate) fn draw<'a>(
        &self,
        textures: impl Iterator<Item = &'a [Texture]>,
        seed: u64,
        number: u64,
        varied: bool,
    ) -> Look {
        let mut dice = match varied {
            true => Dice::new(seed ^ OWN, number),
            false => Dice::middle(),
        };
        let dice = &mut dice;
        let tint = self.table.tint;
        let background = dice.pick(&self.room.backgrounds).copied();
        let background = tinted(background.unwrap_or(BLACK), tints(dice, tint));
        let ambient = dice.span(self.room.ambient);
        let lamps = self.lights.iter().map(|light| lamp(light, dice)).collect();
        let surface = dice.pick(&self.table.surfaces);
        let (texture, [first, second], size) = match surface {
            Some(surface) => (surface.texture, surface.colours, surface.size),
            None => (Texture::Plain, [BLACK; 2], Drawn::One(1.0)),
        };
        let more = tints(dice, tint);
        let size = dice.span(size);
        // Without variation the base frame's origin is the middle of a checker's first square.
        let corner = [(); 2].map(|()| dice.off(size / 2.0) - size / 4.0);
        Look {
            background,
            ambient,
            lamps,
            table: (
                tinted(first, more),
                Some(Pattern {
                    texture,
                    colour: tinted(second, more),
                }),
            ),
            laid: Laid {
                size,
                corner,
                turn: dice.span(self.table.turn).to_radians(),
            },
            things: textures
                .map(|textures| ThingLook {
                    texture: dice.pick(textures).copied().unwrap_or(Texture::Plain),
                    tint: tints(dice, tint),
                })
                .collect(),
            cameras: self.cameras.iter().map(|spec| camera(spec, dice)).collect(),
        }
    }
}

impl Look {
    /// Makes a scene look so, but for what is drawn with the things.
    pub(crate) fn paint(&self, scene: &mut VisualScene) {
        scene.background = self.background;
        scene.ambient = self.ambient;
        scene.lamps.clone_from(&self.lamps);
        (scene.table.colour, scene.table.pattern) = self.table;
        scene.table.laid = self.laid;
    }

    /// How the camera of this name is.
    pub(crate) fn camera(&self, name: &str) -> Option<&CameraLook> {
        self.cameras.iter().find(|camera| camera.name == name)
    }
}

impl ThingLook {
    /// A colour as this thing has it, and what is painted with it.
    pub(crate) fn coat(&self, colour: Colour) -> (Colour, Option<Pattern>) {
        let own = tinted(colour, self.tint);
        let darker = Colour(own.0.map(|part| (f64::from(part) * DARKER) as u8));
        let pattern = Pattern {
            texture: self.texture,
            colour: darker,
        };
        (own, Some(pattern))
    }
}

impl CameraLook {
    /// The camera of the scene as it is now.
    pub(crate) fn moved(&self, camera: &PinholeCamera) -> PinholeCamera {
        PinholeCamera {
            frame: camera.frame * self.off,
            fovy: self.fovy.unwrap_or(camera.fovy),
            ..camera.clone()
        }
    }
}

fn lamp(light: &LightSpec, dice: &mut Dice) -> Lamp {
    let [x, y, z] = light.xyz.map(|place| dice.span(place));
    let brightness = dice.span(light.brightness);
    Lamp {
        position: Point3::new(x, y, z),
        colour: of_black_body(dice.span(light.kelvin)).map(|part| part * brightness),
        softness: dice.span(light.softness),
    }
}

fn camera(spec: &SceneCameraSpec, dice: &mut Dice) -> CameraLook {
    let [x, y, z] = [(); 3].map(|()| dice.off(spec.shift));
    let [roll, pitch, yaw] = [(); 3].map(|()| dice.off(spec.turn).to_radians());
    let amplitude = dice.span(spec.noise).round() as u8;
    CameraLook {
        name: spec.name.clone(),
        off: Isometry3::from_parts(
            Translation3::new(x, y, z),
            UnitQuaternion::from_euler_angles(roll, pitch, yaw),
        ),
        fovy: spec.fovy.map(|fovy| dice.span(fovy).to_radians()),
        noise: dice
            .seed()
            .filter(|_| amplitude > 0)
            .map(|seed| SensorNoise { seed, amplitude }),
    }
}

/// Where a camera is; `None` for one of the standard look that this robot does not have.
fn view(
    spec: &SceneCameraSpec,
    kind: &RobotKind,
    known: Option<&PinholeCamera>,
) -> Result<Option<PinholeCamera>, String> {
    let name = &spec.name;
    let fovy = spec.fovy.map(|fovy| fovy.middle().to_radians());
    let fovy = fovy.or(known.map(|known| known.fovy));
    let standard = || LookSpec::standard().cameras.iter().any(|it| it == spec);
    let fovy = match fovy {
        Some(fovy) => fovy,
        None if standard() => return Ok(None),
        None => return Err(format!("camera `{name}`: give its `fovy`, degrees")),
    };
    if let (Some(eye), Some(target)) = (spec.eye, spec.target) {
        let camera = PinholeCamera::looking_at(name, eye.into(), target.into(), fovy);
        return Ok(Some(camera));
    }
    if let Some(frame) = &spec.frame {
        let mount = match &spec.joint {
            None => None,
            Some(joint) => Some(kind.names().position(|it| it == joint).ok_or_else(|| {
                let joints: Vec<&str> = kind.names().collect();
                let (robot, joints) = (&kind.name, joints.join(", "));
                format!("camera `{name}`: `{robot}` has no joint `{joint}`; it has: {joints}")
            })?),
        };
        return Ok(Some(PinholeCamera {
            name: name.clone(),
            mount,
            frame: frame.isometry(),
            fovy,
        }));
    }
    match known {
        Some(known) => Ok(Some(PinholeCamera {
            fovy,
            ..known.clone()
        })),
        None => Err(format!(
            "camera `{name}`: `{}` has none of this name, so say where it is: `eye` and `target`, or `frame`",
            kind.name
        )),
    }
}

fn tints(dice: &mut Dice, most: f64) -> [f64; 3] {
    [(); 3].map(|()| dice.off(most))
}

fn tinted(Colour(rgb): Colour, tint: [f64; 3]) -> Colour {
    let part = |k: usize| f64::from(rgb[k]) + 255.0 * tint[k];
    Colour([0, 1, 2].map(|k| (part(k) + 0.5).clamp(0.0, 255.0) as u8))
}

/// Red, green and blue of a black body at a temperature from 1500 to 12000 K, the strongest of them 1: T. Helland's fit (2012) to M. Charity's table of
/// black-body colours; 6600 K is white.
fn of_black_body(kelvin: f64) -> [f64; 3] {
    let t = kelvin / 100.0;
    let red = match t <= 66.0 {
        true => 255.0,
        false => 329.698_727_446 * (t - 60.0).powf(-0.133_204_759_2),
    };
    let green = match t <= 66.0 {
        true => 99.470_802_586_1 * t.ln() - 161.119_568_166_1,
        false => 288.122_169_528_3 * (t - 60.0).powf(-0.075_514_849_2),
    };
    let blue = match t {
        _ if t >= 66.0 => 255.0,
        _ if t <= 19.0 => 0.0,
        _ => 138.517_731_223_1 * (t - 10.0).ln() - 305.044_792_730_7,
    };
    [red, green, blue].map(|part: f64| part.clamp(0.0, 255.0) / 255.0)
}

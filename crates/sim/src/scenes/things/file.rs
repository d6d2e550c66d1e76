//! A scene as a file: objects, bins and marks on the table, and what is to become of them.
//!
//! Lengths in m, masses in kg, angles in degrees about the vertical, in the base frame. A number may be one, or drawn again for each layout:
//! `{ from = A, to = B }`.

use serde::Deserialize;
use ulna_outside::Printable;
use ulna_outside::text::in_line;
use ulna_robot::Colour;

use crate::contact::MAX_BODIES;
use crate::scenes::drawn::{Drawn, span};
use crate::scenes::look::file::{
    self as look_file, LightSpec, LookSpec, RoomSpec, SceneCameraSpec, TableSpec,
};
use crate::visual::Texture;

/// What is allowed: sides of objects, m; masses, kg; friction; places, m; times, s.
const SIZES: (f64, f64) = (0.005, 0.12);
const MASSES: (f64, f64) = (0.001, 1.0);
const FRICTIONS: (f64, f64) = (0.05, 2.0);
const PLACES: (f64, f64) = (-0.45, 0.65);
const TIMES: (f64, f64) = (0.0, 600.0);

/// See the module.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneFile {
    /// One line for people.
    pub summary: String,
    /// What is to be done, as the text of a LeRobot task; absent where [`choices`](Self::choices) say it.
    pub task: Option<String>,
    /// How long an attempt may take, s.
    pub time_limit_s: f64,
    /// How long success has to last, s.
    pub hold_s: f64,
    /// What can be moved.
    pub objects: Vec<ObjectSpec>,
    /// Open boxes that stand still.
    #[serde(default)]
    pub bins: Vec<BinSpec>,
    /// Painted squares.
    #[serde(default)]
    pub marks: Vec<MarkSpec>,
    /// Tasks of which the text of the session's task says which is meant.
    #[serde(default)]
    pub choices: Vec<ChoiceSpec>,
    /// What must be so at the end; all of it.
    pub success: Vec<SuccessSpec>,
    /// The table top, if it is not the standard look's.
    pub table: Option<TableSpec>,
    /// What is around it, likewise.
    pub room: Option<RoomSpec>,
    /// The lights, likewise.
    pub lights: Option<Vec<LightSpec>>,
    /// Cameras besides those of the standard look, or in the place of those of the same name.
    #[serde(default)]
    pub cameras: Vec<SceneCameraSpec>,
}

/// A cube that can be moved.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectSpec {
    /// Its name.
    pub name: String,
    /// Its side, m.
    pub size: Drawn,
    /// kg.
    pub mass: Drawn,
    /// Coefficient of friction; of two things that touch, the smaller counts.
    pub friction: Drawn,
    /// One of these is drawn.
    pub colours: Vec<Colour>,
    /// One of these is drawn and painted on each face, in a darker shade of the colour; plain if absent.
    #[serde(default)]
    pub textures: Vec<Texture>,
    /// Where it lies, m.
    pub x: Drawn,
    /// Where it lies, m.
    pub y: Drawn,
    /// How it is turned, degrees.
    pub yaw: Drawn,
}

/// An open box.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinSpec {
    /// Its name.
    pub name: String,
    /// Its inner width along x and y, m.
    pub inner: [f64; 2],
    /// Height of its walls, m.
    pub height: f64,
    /// Its colour.
    pub colour: Colour,
    /// Where its middle is, m.
    pub x: f64,
    /// Where its middle is, m.
    pub y: f64,
}

/// A painted square.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkSpec {
    /// Its name.
    pub name: String,
    /// Its side, m.
    pub size: f64,
    /// Its colour.
    pub colour: Colour,
    /// Where its middle is, m.
    pub x: Drawn,
    /// Where its middle is, m.
    pub y: Drawn,
}

/// One of several tasks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceSpec {
    /// A session's task that has this word means this one.
    pub word: String,
    /// What is to be done.
    pub task: String,
    /// The object for which `*` stands in the conditions of success.
    pub object: String,
}

/// What must be so: one of `lifted`, `at`, `in` and `on`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuccessSpec {
    /// The object, or `*`: the one that the task means.
    pub object: String,
    /// Its lower side is so high above the table, m.
    pub lifted: Option<f64>,
    /// It lies on this mark.
    pub at: Option<String>,
    /// How near to the mark's middle, m.
    pub within: Option<f64>,
    /// It lies in this bin, and the hand is away from it.
    #[serde(rename = "in")]
    pub into: Option<String>,
    /// It stands on this object, and the hand is away from it.
    pub on: Option<String>,
}

impl SceneFile {
    /// How it looks: its own parts, and those of the standard look where it has none.
    pub(crate) fn look(&self) -> LookSpec {
        let standard = LookSpec::standard();
        let look = LookSpec {
            table: self.table.clone().unwrap_or(standard.table.clone()),
            room: self.room.clone().unwrap_or(standard.room.clone()),
            lights: self.lights.clone().unwrap_or(standard.lights.clone()),
            cameras: standard.cameras.clone(),
        };
        look.with_cameras(&self.cameras)
    }
}

/// Reads and checks a scene.
///
/// # Errors
/// What is wrong, and where.
pub(crate) fn parse(text: &str) -> Result<SceneFile, String> {
    let file: SceneFile =
        toml::from_str(text).map_err(|error| in_line(text, error.span(), error.message()))?;
    check(&file)?;
    look(&file)?;
    Ok(file)
}

/// What the file says of its look has bounds; the standard look is sound.
fn look(file: &SceneFile) -> Result<(), String> {
    // Two of one name would replace each other.
    look_file::cameras(&file.cameras)?;
    file.look().check()
}

fn check(file: &SceneFile) -> Result<(), String> {
    span(
        "time_limit_s",
        Drawn::One(file.time_limit_s),
        (1.0, TIMES.1),
    )?;
    span("hold_s", Drawn::One(file.hold_s), TIMES)?;
    if file.objects.is_empty() || file.objects.len() > MAX_BODIES {
        let count = file.objects.len();
        return Err(format!("{count} objects: give 1 to {MAX_BODIES}"));
    }
    for object in &file.objects {
        let name = |key: &str| format!("object `{}`: {key}", Printable(&object.name));
        span(&name("size"), object.size, SIZES)?;
        span(&name("mass"), object.mass, MASSES)?;
        span(&name("friction"), object.friction, FRICTIONS)?;
        span(&name("x"), object.x, PLACES)?;
        span(&name("y"), object.y, PLACES)?;
        span(&name("yaw"), object.yaw, (-360.0, 360.0))?;
        if object.colours.is_empty() {
            return Err(name("colours is empty: give one or more \"#rrggbb\""));
        }
    }
    for bin in &file.bins {
        let name = |key: &str| format!("bin `{}`: {key}", Printable(&bin.name));
        for side in bin.inner {
            span(&name("inner"), Drawn::One(side), (0.02, 0.5))?;
        }
        span(&name("height"), Drawn::One(bin.height), SIZES)?;
        span(&name("x"), Drawn::One(bin.x), PLACES)?;
        span(&name("y"), Drawn::One(bin.y), PLACES)?;
    }
    for mark in &file.marks {
        let name = |key: &str| format!("mark `{}`: {key}", Printable(&mark.name));
        span(&name("size"), Drawn::One(mark.size), (0.01, 0.3))?;
        span(&name("x"), mark.x, PLACES)?;
        span(&name("y"), mark.y, PLACES)?;
    }
    names(file)?;
    conditions(file)
}

/// Every name is there once and can be written anywhere.
fn names(file: &SceneFile) -> Result<(), String> {
    let objects = file.objects.iter().map(|it| &it.name);
    let bins = file.bins.iter().map(|it| &it.name);
    let marks = file.marks.iter().map(|it| &it.name);
    let all: Vec<&String> = objects.chain(bins).chain(marks).collect();
    for (index, name) in all.iter().enumerate() {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 32 || !name.chars().all(plain) {
            return Err(format!(
                "`{}` is no name: use up to 32 letters, digits, `_` and `-`",
                Printable(name)
            ));
        }
        if all[..index].contains(name) {
            return Err(format!("there are two things named `{name}`"));
        }
    }
    Ok(())
}

/// Conditions and choices speak of things that are there.
fn conditions(file: &SceneFile) -> Result<(), String> {
    let known = |name: &str, names: &mut dyn Iterator<Item = &String>, what: &str| {
        let names: Vec<&String> = names.collect();
        match names.iter().any(|known| *known == name) {
            true => Ok(()),
            false => Err(format!(
                "there is no {what} `{}`; there are: {}",
                Printable(name),
                names
                    .iter()
                    .map(|name| name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        }
    };
    let objects = || file.objects.iter().map(|object| &object.name);
    if file.task.is_none() == file.choices.is_empty() {
        return Err("give either `task`, or `choices` with a task each".to_owned());
    }
    for choice in &file.choices {
        known(&choice.object, &mut objects(), "object")?;
        if choice.word.trim().is_empty() {
            return Err(
                "a choice's `word` is empty: give the word of the task by which it is known"
                    .to_owned(),
            );
        }
    }
    if file.success.is_empty() {
        return Err("there is no [[success]]: say what must be so at the end".to_owned());
    }
    for success in &file.success {
        match success.object.as_str() {
            "*" if file.choices.is_empty() => {
                return Err("success: object `*` needs `choices`".to_owned());
            }
            "*" => {}
            name => known(name, &mut objects(), "object")?,
        }
        match (success.lifted, &success.at, &success.into, &success.on) {
            (Some(height), None, None, None) => span("lifted", Drawn::One(height), (0.001, 0.3))?,
            (None, Some(mark), None, None) => {
                known(mark, &mut file.marks.iter().map(|mark| &mark.name), "mark")?;
            }
            (None, None, Some(bin), None) => {
                known(bin, &mut file.bins.iter().map(|bin| &bin.name), "bin")?;
            }
            (None, None, None, Some(under)) => {
                known(under, &mut objects(), "object")?;
                if *under == success.object {
                    return Err(format!("success: `{under}` cannot stand on itself"));
                }
            }
            _ => {
                return Err("a [[success]] has one of `lifted`, `at`, `in` and `on`".to_owned());
            }
        }
        if success.within.is_some() != success.at.is_some() {
            return Err("success: `within` goes with `at`, and `at` needs it".to_owned());
        }
        if let Some(within) = success.within {
            span("within", Drawn::One(within), (0.001, 0.2))?;
        }
    }
    Ok(())
}

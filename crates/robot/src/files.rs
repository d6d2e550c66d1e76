//! Finding robot files: by the name of a built-in, by the name of one in the user's folder, or by path.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use ulna_outside::text::in_line;
use ulna_outside::{Printable, files};

use crate::{ComposedFile, RobotKind};

/// The files of `configs/`, compiled in so that an installed binary needs no other file.
const BUILT_IN: [(&str, &str); 9] = [
    ("so101", include_str!("../configs/so101.toml")),
    ("so100", include_str!("../configs/so100.toml")),
    ("koch", include_str!("../configs/koch.toml")),
    ("omx", include_str!("../configs/omx.toml")),
    ("lekiwi", include_str!("../configs/lekiwi.toml")),
    ("bi_so101", include_str!("../configs/bi_so101.toml")),
    ("bi_so100", include_str!("../configs/bi_so100.toml")),
    ("bi_koch", include_str!("../configs/bi_koch.toml")),
    ("bi_omx", include_str!("../configs/bi_omx.toml")),
];

/// The robot that commands use unless another is named.
pub const DEFAULT: &str = "so101";

/// What is wrong with a robot file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RobotsError {
    /// No robot of that name.
    #[error(
        "there is no robot `{}`: `ulna robots list` shows those there are; \
         a file of your own is given by its path, or by its name once it lies in {}",
        Printable(name), Printable(folder.display())
    )]
    Unknown {
        /// The name asked for.
        name: String,
        /// Where users keep their own.
        folder: PathBuf,
    },
    /// The file cannot be read.
    #[error("robot file {}: {source}", Printable(path.display()))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file is no robot.
    #[error("robot file {}: {problem}", Printable(origin))]
    Malformed {
        /// The file, or the built-in's name.
        origin: String,
        /// What is wrong, and where.
        problem: String,
    },
}

/// A robot that commands know.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ListedRobot {
    /// Its name.
    pub name: String,
    /// `built-in`, or the file.
    pub origin: String,
    /// Its summary, or what is wrong with its file.
    pub summary: String,
}

/// Far more than the largest robot file needs, bytes.
const LONGEST: u64 = 4 << 20;

/// The robot of this name or path, checked.
///
/// # Errors
/// [`RobotsError`].
pub fn find(name: &str) -> Result<RobotKind, RobotsError> {
    let (text, origin) = read(name)?;
    parse(&text, &origin)
}

/// The robot of this name that comes with ulna, whatever lies in the user's folder.
///
/// # Errors
/// [`RobotsError::Unknown`].
pub fn built_in(name: &str) -> Result<RobotKind, RobotsError> {
    match BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
        Some((name, text)) => parse(text, name),
        None => Err(RobotsError::Unknown {
            name: name.to_owned(),
            folder: user_folder(),
        }),
    }
}

/// The text of the robot file of this name or path, and where it comes from.
///
/// # Errors
/// [`RobotsError::Unknown`] or [`RobotsError::Io`].
pub fn read(name: &str) -> Result<(String, String), RobotsError> {
    let looks_like_path = name.contains(['/', '\\']) || name.ends_with(".toml");
    let path = if looks_like_path {
        PathBuf::from(name)
    } else {
        user_folder().join(format!("{name}.toml"))
    };
    match files::read_text(&path, LONGEST) {
        Ok(text) => Ok((text, path.display().to_string())),
        Err(source) if looks_like_path || source.kind() != std::io::ErrorKind::NotFound => {
            Err(RobotsError::Io { path, source })
        }
        Err(_) => match BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
            Some((_, text)) => Ok(((*text).to_owned(), "built-in".to_owned())),
            None => Err(RobotsError::Unknown {
                name: name.to_owned(),
                folder: user_folder(),
            }),
        },
    }
}

/// A robot from the text of its file. A file that begins with another robot finds that as [`find`] does.
///
/// # Errors
/// [`RobotsError::Malformed`], or what is wrong with the other robot.
pub fn parse(text: &str, origin: &str) -> Result<RobotKind, RobotsError> {
    parse_within(text, origin, DEEPEST)
}

/// How many robots deep a file may build on others.
const DEEPEST: usize = 4;

fn parse_within(text: &str, origin: &str, depth: usize) -> Result<RobotKind, RobotsError> {
    let malformed = |problem: String| RobotsError::Malformed {
        origin: origin.to_owned(),
        problem,
    };
    let toml = |error: toml::de::Error| malformed(in_line(text, error.span(), error.message()));
    let keys: toml::Table = toml::from_str(text).map_err(toml)?;
    let composed = keys.contains_key("extends") || keys.contains_key("pair");
    let kind: RobotKind = if composed {
        let file: ComposedFile = toml::from_str(text).map_err(toml)?;
        let of = match file.of().as_slice() {
            [of] => (*of).to_owned(),
            _ => {
                return Err(malformed(
                    "it has both `extends` and `pair`; a robot is one of them".to_owned(),
                ));
            }
        };
        if depth == 0 {
            let problem = format!(
                "it builds on `{}`, which is {DEEPEST} robots deep: does one of them build on itself?",
                Printable(&of)
            );
            return Err(malformed(problem));
        }
        let (text, origin) = read(&of)?;
        file.build(parse_within(&text, &origin, depth - 1)?)
            .map_err(|error| malformed(error.to_string()))?
    } else {
        toml::from_str(text).map_err(toml)?
    };
    kind.validate()
        .map_err(|error| malformed(error.to_string()))?;
    Ok(kind)
}

/// Names of the robots that come with ulna.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// All robots: the built-in ones and those of the user's folder, which take precedence.
pub fn list() -> Vec<ListedRobot> {
    let mut all: Vec<ListedRobot> = BUILT_IN
        .iter()
        .map(|(name, text)| describe(name, "built-in", parse(text, "built-in")))
        .collect();
    let mut files: Vec<PathBuf> = fs::read_dir(user_folder())
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.sort();
    for path in files {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let origin = path.display().to_string();
        let robot = find(&path.to_string_lossy());
        all.retain(|listed| listed.name != name);
        all.push(describe(&name, &origin, robot));
    }
    all
}

fn describe(name: &str, origin: &str, robot: Result<RobotKind, RobotsError>) -> ListedRobot {
    let summary = robot.map_or_else(|error| format!("unusable: {error}"), |kind| kind.summary);
    ListedRobot {
        name: name.to_owned(),
        origin: origin.to_owned(),
        summary,
    }
}

/// `$XDG_CONFIG_HOME/ulna/robots`, else `~/.config/ulna/robots`.
fn user_folder() -> PathBuf {
    let config = env::var_os("XDG_CONFIG_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    let config = config.unwrap_or_else(|| env::home_dir().unwrap_or_default().join(".config"));
    config.join(Path::new("ulna/robots"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_is_sound_and_named_as_its_file() {
        for (name, text) in BUILT_IN {
            assert_eq!(parse(text, name).unwrap().name, name);
        }
    }

    #[test]
    fn a_path_overrides_and_its_faults_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        fs::write(
            &path,
            BUILT_IN[0]
                .1
                .replacen("baud = 1_000_000", "baud = 500_000", 1),
        )
        .unwrap();
        assert_eq!(find(path.to_str().unwrap()).unwrap().bus.baud, 500_000);
        fs::write(&path, BUILT_IN[0].1.replacen("baud =", "bauds =", 1)).unwrap();
        let error = find(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(
            error.contains("mine.toml") && error.contains("bauds"),
            "{error}"
        );
        fs::write(&path, BUILT_IN[0].1.replacen("id = 2", "id = 1", 1)).unwrap();
        let error = find(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains("joints.shoulder_lift.id"), "{error}");
    }

    #[test]
    fn unknown_names_say_where_to_look() {
        let error = find("so-101").unwrap_err().to_string();
        assert!(error.contains("ulna robots list"), "{error}");
        assert!(matches!(
            find("./nowhere.toml"),
            Err(RobotsError::Io { .. })
        ));
    }
}

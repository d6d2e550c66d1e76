//! Path templates of `info.json`, such as `data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet`.

use std::path::{Component, Path, PathBuf};

/// Where a file stands in its family: a chunk folder and a number within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileIndex {
    /// The chunk folder's number.
    pub chunk: u64,
    /// The file's number within the chunk; in datasets of format 2, the episode's number.
    pub file: u64,
}

impl FileIndex {
    /// The place after this one, when a chunk holds `chunks_size` files.
    #[must_use]
    pub fn next(self, chunks_size: u64) -> FileIndex {
        if self.file + 1 >= chunks_size {
            FileIndex {
                chunk: self.chunk + 1,
                file: 0,
            }
        } else {
            FileIndex {
                chunk: self.chunk,
                file: self.file + 1,
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variable {
    Chunk,
    File,
    VideoKey,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(Variable, usize),
}

impl Piece {
    fn variable(&self) -> Option<Variable> {
        match self {
            Piece::Text(_) => None,
            Piece::Variable(variable, _) => Some(*variable),
        }
    }
}

type Fields = [(&'static str, Variable); 3];

const FIELDS: Fields = [
    ("chunk_index", Variable::Chunk),
    ("file_index", Variable::File),
    ("video_key", Variable::VideoKey),
];
const FIELDS_V2: Fields = [
    ("episode_chunk", Variable::Chunk),
    ("episode_index", Variable::File),
    ("video_key", Variable::VideoKey),
];

/// What is wrong with a path template; it goes on a sentence that begins with the template's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It is too long.
    #[error("is {bytes} bytes long, at most {MAX_LENGTH} are accepted")]
    Length {
        /// How long, bytes.
        bytes: usize,
    },
    /// A brace without its other one.
    #[error("has an unbalanced brace")]
    Brace,
    /// A field that there is not.
    #[error("uses the unknown field `{name}` (known: {known})")]
    Field {
        /// The field.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A field's format that is no width of a number.
    #[error("has the field format `{format}`, such as 03d is expected")]
    Width {
        /// The format.
        format: String,
    },
    /// It leads out of the dataset, or nowhere.
    #[error("does not name a file inside the dataset's folder")]
    Outside,
}

/// A parsed path template. Parsing refuses anything that could lead out of the dataset's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate {
    text: String,
    pieces: Vec<Piece>,
}

const MAX_LENGTH: usize = 1024;
const MAX_WIDTH: usize = 20;

impl PathTemplate {
    /// Parses a template with `{name}` and `{name:0Nd}` fields.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(text: &str) -> Result<PathTemplate, TemplateError> {
        PathTemplate::parse_with(text, &FIELDS)
    }

    /// Parses a template of format 2, where a file has the number of its episode.
    pub(crate) fn parse_v2(text: &str) -> Result<PathTemplate, TemplateError> {
        PathTemplate::parse_with(text, &FIELDS_V2)
    }

    fn parse_with(text: &str, fields: &Fields) -> Result<PathTemplate, TemplateError> {
        if text.len() > MAX_LENGTH {
            return Err(TemplateError::Length { bytes: text.len() });
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            if at > 0 {
                pieces.push(Piece::Text(rest[..at].to_owned()));
            }
            rest = &rest[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                pieces.push(Piece::Text(rest[..1].to_owned()));
                rest = &rest[2..];
                continue;
            }
            let end = rest
                .find('}')
                .filter(|_| rest.starts_with('{'))
                .ok_or(TemplateError::Brace)?;
            pieces.push(field(&rest[1..end], fields)?);
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        let template = PathTemplate {
            text: text.to_owned(),
            pieces,
        };
        template.render("key", FileIndex::default())?;
        Ok(template)
    }

    /// The template as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The folder that every path begins with; none when a field or nothing stands there.
    pub(crate) fn first_folder(&self) -> Option<&str> {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text.split_once('/').map(|(first, _)| first),
            _ => None,
        }
    }

    /// Why two files could get the same path, if they could: each number, and with `per_camera` the camera, must be there,
    /// and something that is no digit between any two of them.
    pub(crate) fn ambiguity(&self, per_camera: bool) -> Option<String> {
        let has = |wanted: Variable| {
            let fields = self.pieces.iter();
            fields
                .filter_map(Piece::variable)
                .any(|variable| variable == wanted)
        };
        let needed = [
            ("chunk_index", has(Variable::Chunk)),
            ("file_index", has(Variable::File)),
            ("video_key", has(Variable::VideoKey) || !per_camera),
        ];
        if let Some((name, _)) = needed.iter().find(|(_, there)| !there) {
            return Some(format!("has no {{{name}}} to tell files apart"));
        }
        if has(Variable::VideoKey) && !per_camera {
            return Some("has a {video_key}, and tables belong to no camera".to_owned());
        }
        let mut apart = true;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => apart |= text.contains(|c: char| !c.is_ascii_digit()),
                Piece::Variable(..) if !apart => {
                    return Some("has two fields with nothing but digits between them".to_owned());
                }
                Piece::Variable(..) => apart = false,
            }
        }
        None
    }

    /// The path, relative to the dataset's folder.
    ///
    /// # Errors
    /// [`TemplateError::Outside`], for a key that leads out of it.
    pub fn render(&self, video_key: &str, at: FileIndex) -> Result<PathBuf, TemplateError> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Variable(Variable::VideoKey, _) => out.push_str(video_key),
                Piece::Variable(Variable::Chunk, width) => {
                    out.push_str(&format!("{:0width$}", at.chunk));
                }
                Piece::Variable(Variable::File, width) => {
                    out.push_str(&format!("{:0width$}", at.file));
                }
            }
        }
        let path = PathBuf::from(out);
        stays_inside(&path)?;
        Ok(path)
    }
}

fn stays_inside(path: &Path) -> Result<(), TemplateError> {
    let inside = path
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    if inside
        && path.components().next().is_some()
        && !path.as_os_str().as_encoded_bytes().contains(&0)
    {
        Ok(())
    } else {
        Err(TemplateError::Outside)
    }
}

fn field(text: &str, fields: &Fields) -> Result<Piece, TemplateError> {
    let (name, spec) = text.split_once(':').unwrap_or((text, ""));
    let known = fields.iter().find(|(known, _)| *known == name);
    let Some((_, variable)) = known.copied() else {
        return Err(TemplateError::Field {
            name: name.to_owned(),
            known: fields.map(|(known, _)| known).join(", "),
        });
    };
    let digits = spec.strip_suffix('d').unwrap_or(spec);
    let width = match digits {
        "" => Some(0),
        digits if digits.starts_with('0') => {
            let width = digits.parse::<usize>().ok();
            width.filter(|width| *width <= MAX_WIDTH)
        }
        _ => None,
    };
    let width = width.ok_or_else(|| TemplateError::Width {
        format: spec.to_owned(),
    })?;
    Ok(Piece::Variable(variable, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_python_fields() {
        let template =
            PathTemplate::parse("videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index}.mp4")
                .unwrap();
        let at = FileIndex { chunk: 7, file: 12 };
        assert_eq!(
            template.render("observation.images.front", at).unwrap(),
            PathBuf::from("videos/observation.images.front/chunk-007/file-12.mp4")
        );
    }

    #[test]
    fn refuses_ways_out_of_the_folder_and_nonsense() {
        for bad in [
            "../{file_index}",
            "/etc/passwd",
            "a/{video_key",
            "a}",
            "{episode_chunk:03d}",
            "{file_index:099999d}",
            "{file_index:>5}",
            "",
        ] {
            assert!(PathTemplate::parse(bad).is_err(), "{bad}");
        }
        let template = PathTemplate::parse("v/{video_key}").unwrap();
        assert!(template.render("..", FileIndex::default()).is_err());
    }

    #[test]
    fn the_index_advances_over_chunks() {
        let last = FileIndex {
            chunk: 0,
            file: 999,
        };
        assert_eq!(last.next(1000), FileIndex { chunk: 1, file: 0 });
        assert_eq!(FileIndex::default().next(1000).file, 1);
    }
}

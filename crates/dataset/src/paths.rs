//! Which path templates and folders a writer may use: every file has a name of its own, and none is reached through a link.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::episodes::{EPISODES_DIR, EpisodeRow};
use crate::error::{DatasetError, Result};
use crate::format::INFO_PATH;
use crate::info::Info;
use crate::inside::no_links;
use crate::template::PathTemplate;

/// Refuses a dataset whose path templates could give two files one name, or lead to files of another kind.
pub(crate) fn must_be_distinct(info: &Info, root: &Path) -> Result<()> {
    match fault(info) {
        None => Ok(()),
        Some((field, reason)) => Err(DatasetError::Paths {
            root: root.to_owned(),
            path: root.join(INFO_PATH),
            field,
            reason,
        }),
    }
}

/// What keeps writers from using the templates of this dataset: the field and the reason.
pub(crate) fn fault(info: &Info) -> Option<(&'static str, String)> {
    let data = data_fault(&info.data_path).map(|reason| ("data_path", reason));
    data.or_else(|| {
        let template = info.video_path.as_ref()?;
        let mut cameras: Vec<String> = info.cameras().map(|c| c.key.to_lowercase()).collect();
        cameras.sort();
        let fault = match cameras.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Some(format!(
                "gives the cameras `{}` one name on disks that don't tell capitals from small letters",
                pair[0]
            )),
            None if cameras.is_empty() => None,
            None => video_fault(template),
        };
        fault.map(|reason| ("video_path", reason))
    })
}

fn data_fault(template: &PathTemplate) -> Option<String> {
    match template.first_folder() {
        // LeRobot finds the tables by this folder, whatever the template says.
        Some("data") => template.ambiguity(false),
        _ => Some("doesn't begin with `data/`, where LeRobot looks for the tables".to_owned()),
    }
}

fn video_fault(template: &PathTemplate) -> Option<String> {
    let first = template.first_folder().map(str::to_lowercase);
    let taken = |name: &str| name.starts_with('.') || ["data", "meta"].contains(&name);
    match first.as_deref() {
        None | Some("") => Some("doesn't begin with a folder such as `videos/`".to_owned()),
        Some(name) if taken(name) => Some(format!("puts videos into `{name}`")),
        Some(_) => template.ambiguity(true),
    }
}

/// Refuses links to other folders on the way to the files that a save writes.
pub(crate) fn no_links_to(root: &Path, files: &[PathBuf]) -> Result<()> {
    let fixed = ["meta/ulna/episodes", EPISODES_DIR].map(PathBuf::from);
    for folder in fixed {
        no_links(root, &folder)?;
    }
    for file in files {
        no_links(root, file.parent().unwrap_or(Path::new("")))?;
    }
    Ok(())
}

/// The files that rows of the episode table refer to, relative to the dataset's folder.
pub(crate) fn referred(info: &Info, rows: &[EpisodeRow]) -> Result<BTreeSet<PathBuf>> {
    let mut out = BTreeSet::new();
    for row in rows {
        out.insert(info.data_file(row.data)?);
        for (camera, span) in &row.videos {
            out.insert(info.video_file(camera, span.file)?);
        }
    }
    Ok(out)
}

/// A path in small letters, since some disks don't tell them from capitals.
pub(crate) fn folded(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(text: &str) -> Option<String> {
        data_fault(&PathTemplate::parse(text).unwrap())
    }

    fn video(text: &str) -> Option<String> {
        video_fault(&PathTemplate::parse(text).unwrap())
    }

    #[test]
    fn templates_that_keep_files_apart_are_written_to() {
        for text in [
            "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
            "data/{chunk_index}/{file_index}.parquet",
            "data/f{file_index:d}/c{chunk_index:09d}/x.parquet",
        ] {
            assert_eq!(data(text), None, "{text}");
        }
        for text in [
            "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
            "videos/chunk-{chunk_index}/{video_key}/{file_index}.mp4",
            "films/{chunk_index}-{video_key}-{file_index}.mp4",
        ] {
            assert_eq!(video(text), None, "{text}");
        }
    }

    #[test]
    fn templates_that_give_two_files_one_name_are_not() {
        for text in [
            "data/chunk-000/file-000.parquet",
            "data/chunk-{chunk_index:03d}/file-000.parquet",
            "data/chunk-000/file-{file_index:03d}.parquet",
            "data/{chunk_index}{file_index}.parquet",
            "data/{chunk_index}0{file_index}.parquet",
            "data/{chunk_index}/{file_index}{video_key}.parquet",
            "meta/{chunk_index}/{file_index}.parquet",
            "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
            "{chunk_index}/{file_index}.parquet",
            "data{chunk_index}/{file_index}.parquet",
            ".ulna/{chunk_index}/{file_index}",
        ] {
            assert!(data(text).is_some(), "{text}");
        }
        for text in [
            "videos/chunk-{chunk_index}/file-{file_index}.mp4",
            "videos/{video_key}/file-{file_index}.mp4",
            "videos/{video_key}/chunk-{chunk_index}.mp4",
            "videos/{video_key}{chunk_index}/{file_index}.mp4",
            "{video_key}/{chunk_index}/{file_index}.mp4",
            "DATA/{video_key}/{chunk_index}/{file_index}.mp4",
            "meta/{video_key}/{chunk_index}/{file_index}.mp4",
            ".git/{video_key}/{chunk_index}/{file_index}.mp4",
        ] {
            assert!(video(text).is_some(), "{text}");
        }
    }
}

//! A file system that remembers every operation, and can show what a disk holds when the power fails after any of
//! them.

#![allow(unreachable_pub, clippy::unwrap_used, reason = "helpers of a test")]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ulna_dataset::{Fs, FsFile, RealFs};

/// One operation on the disk.
#[derive(Clone, Debug)]
pub enum Op {
    CreateDir(PathBuf),
    Create(PathBuf, usize),
    Write(usize, Vec<u8>),
    Sync(usize),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncDir(PathBuf),
    /// Not an operation: the test notes how far it has come.
    Mark(&'static str),
}

/// Carries operations out for real and records them.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    ops: Arc<Mutex<Vec<Op>>>,
    files: Arc<Mutex<usize>>,
}

impl Recorder {
    pub fn mark(&self, what: &'static str) {
        self.note(Op::Mark(what));
    }

    pub fn ops(&self) -> Vec<Op> {
        self.ops.lock().unwrap().clone()
    }

    fn note(&self, op: Op) {
        self.ops.lock().unwrap().push(op);
    }
}

#[derive(Debug)]
struct RecordedFile {
    id: usize,
    real: Box<dyn FsFile>,
    recorder: Recorder,
}

impl Write for RecordedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.real.write_all(bytes)?;
        self.recorder.note(Op::Write(self.id, bytes.to_vec()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.real.flush()
    }
}

impl FsFile for RecordedFile {
    fn sync(&mut self) -> io::Result<()> {
        self.recorder.note(Op::Sync(self.id));
        Ok(())
    }
}

impl Fs for Recorder {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealFs.create_dir(path)?;
        self.note(Op::CreateDir(path.to_owned()));
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        let real = RealFs.create(path)?;
        let mut files = self.files.lock().unwrap();
        *files += 1;
        self.note(Op::Create(path.to_owned(), *files));
        Ok(Box::new(RecordedFile {
            id: *files,
            real,
            recorder: self.clone(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealFs.rename(from, to)?;
        self.note(Op::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        RealFs.remove_file(path)?;
        self.note(Op::Remove(path.to_owned()));
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealFs.remove_dir(path)?;
        self.note(Op::Remove(path.to_owned()));
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.note(Op::SyncDir(path.to_owned()));
        Ok(())
    }
}

/// What happens to names and contents that were not synced when the power fails.
#[derive(Clone, Copy, Debug)]
pub enum Unsynced {
    /// All lost.
    Lost,
    /// All kept, as when only the process dies.
    Kept,
    /// New names kept, contents lost: the nastiest order a disk may choose.
    NamesOnly,
    /// Each name's change kept or not as the bits of a number say, half of the contents kept.
    Some(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Node {
    File(usize),
    Dir,
}

type Names = BTreeMap<PathBuf, Node>;

/// The changes to names that one operation makes within one folder.
type Change = Vec<(PathBuf, Option<Node>)>;

/// The tree on the disk after the first operations, and a failure of power then. Paths are relative to `root`;
/// files carry their contents, folders none.
pub fn after(ops: &[Op], root: &Path, unsynced: Unsynced) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut contents: BTreeMap<usize, (Vec<u8>, usize)> = BTreeMap::new();
    let mut live = Names::new();
    let mut durable = Names::new();
    let mut pending: BTreeMap<PathBuf, Vec<Change>> = BTreeMap::new();
    let folder = |path: &Path| path.parent().unwrap().to_owned();
    for op in ops {
        let mut changes: BTreeMap<PathBuf, Change> = BTreeMap::new();
        let mut change = |path: &Path, node: Option<Node>| {
            let entry = changes.entry(folder(path)).or_default();
            entry.push((path.to_owned(), node));
        };
        match op {
            Op::CreateDir(path) => change(path, Some(Node::Dir)),
            Op::Create(path, id) => {
                contents.insert(*id, (Vec::new(), 0));
                change(path, Some(Node::File(*id)));
            }
            Op::Write(id, bytes) => contents.get_mut(id).unwrap().0.extend(bytes),
            Op::Sync(id) => {
                let file = contents.get_mut(id).unwrap();
                file.1 = file.0.len();
            }
            Op::Rename(from, to) => {
                change(to, live.get(from).copied());
                change(from, None);
            }
            Op::Remove(path) => change(path, None),
            Op::SyncDir(path) => {
                for change in pending.remove(path).unwrap_or_default() {
                    apply(&mut durable, &change);
                }
            }
            Op::Mark(_) => {}
        }
        for (folder, change) in changes {
            apply(&mut live, &change);
            pending.entry(folder).or_default().push(change);
        }
    }
    for (bit, change) in pending.values().flatten().enumerate() {
        let keep = match unsynced {
            Unsynced::Lost => false,
            Unsynced::Kept | Unsynced::NamesOnly => true,
            Unsynced::Some(bits) => (bits >> (bit % 64)) & 1 == 1,
        };
        if keep {
            apply(&mut durable, change);
        }
    }
    let mut tree = BTreeMap::new();
    for (path, node) in durable {
        let relative = path.strip_prefix(root).unwrap().to_owned();
        let reachable = relative.as_os_str().is_empty()
            || relative
                .parent()
                .is_some_and(|p| p.as_os_str().is_empty() || tree.contains_key(p));
        if !reachable {
            continue;
        }
        let file = match node {
            Node::Dir => None,
            Node::File(id) => {
                let (bytes, synced) = &contents[&id];
                let kept = match unsynced {
                    Unsynced::Lost | Unsynced::NamesOnly => *synced,
                    Unsynced::Kept => bytes.len(),
                    Unsynced::Some(_) => (synced + bytes.len()) / 2,
                };
                Some(bytes[..kept].to_vec())
            }
        };
        tree.insert(relative, file);
    }
    tree
}

fn apply(names: &mut Names, change: &Change) {
    for (path, node) in change {
        match node {
            Some(node) => names.insert(path.clone(), *node),
            None => names.remove(path),
        };
    }
}

/// Writes a tree to a real folder.
pub fn materialise(tree: &BTreeMap<PathBuf, Option<Vec<u8>>>, root: &Path) {
    std::fs::create_dir_all(root).unwrap();
    for (path, contents) in tree {
        let path = root.join(path);
        match contents {
            None => std::fs::create_dir_all(path).unwrap(),
            Some(bytes) => std::fs::write(path, bytes).unwrap(),
        }
    }
}

/// Reads a real folder back as a tree, the lock file left out.
pub fn tree_of(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(root: &Path, dir: &Path, out: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, out);
            } else if !path.ends_with("lock") {
                let relative = path.strip_prefix(root).unwrap().to_owned();
                out.insert(relative, std::fs::read(path).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(root, root, &mut out);
    out
}

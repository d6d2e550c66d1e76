//! A file system that remembers every operation, and can show what a disk holds when the power fails after any of
//! them.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of a test"
)]

use std::collections::BTreeMap;
use std::ffi::OsString;
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
    Link(PathBuf, PathBuf),
    Exchange(PathBuf, PathBuf),
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
    /// Whether names cannot be exchanged in one step, as on some file systems.
    renames_only: bool,
}

impl Recorder {
    /// One on a file system that may lack the exchange of names in one step.
    pub fn with(renames_only: bool) -> Recorder {
        Recorder {
            renames_only,
            ..Recorder::default()
        }
    }

    pub fn mark(&self, what: &'static str) {
        self.note(Op::Mark(what));
    }

    pub fn ops(&self) -> Vec<Op> {
        self.ops.lock().unwrap().clone()
    }

    /// Notes a folder that is there already.
    pub fn plant_dir(&self, path: &Path) {
        self.note(Op::CreateDir(path.to_owned()));
    }

    /// Notes a file that is there already, and durable.
    pub fn plant_file(&self, path: &Path) {
        let mut files = self.files.lock().unwrap();
        *files += 1;
        self.note(Op::Create(path.to_owned(), *files));
        self.note(Op::Write(*files, std::fs::read(path).unwrap()));
        self.note(Op::Sync(*files));
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

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealFs.hard_link(from, to)?;
        self.note(Op::Link(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        if self.renames_only {
            return Err(io::ErrorKind::Unsupported.into());
        }
        RealFs.exchange(one, other)?;
        self.note(Op::Exchange(one.to_owned(), other.to_owned()));
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
    Dir(usize),
}

/// The names in one folder.
type Names = BTreeMap<OsString, Node>;

/// The changes to names that one operation makes within one folder.
type Change = Vec<(OsString, Option<Node>)>;

/// A folder: its names as programs see them, as they are on the disk, and the changes in between.
#[derive(Clone, Debug, Default)]
struct Folder {
    live: Names,
    durable: Names,
    pending: Vec<Change>,
}

/// A disk, whose folder 0 is `root`.
#[derive(Debug)]
struct Disk {
    root: PathBuf,
    folders: Vec<Folder>,
    contents: BTreeMap<usize, (Vec<u8>, usize)>,
}

impl Disk {
    /// The folder that a path is in, and its name there.
    fn place(&self, path: &Path) -> (usize, OsString) {
        let relative = path.strip_prefix(&self.root).unwrap();
        let mut folder = 0;
        for name in relative.parent().unwrap() {
            match self.folders[folder].live[name] {
                Node::Dir(inner) => folder = inner,
                Node::File(_) => panic!("{} is a file", path.display()),
            }
        }
        (folder, relative.file_name().unwrap().to_owned())
    }

    fn folder(&self, path: &Path) -> usize {
        if path == self.root {
            return 0;
        }
        match self.node(path) {
            Some(Node::Dir(folder)) => folder,
            _ => panic!("{} is no folder", path.display()),
        }
    }

    fn node(&self, path: &Path) -> Option<Node> {
        let (folder, name) = self.place(path);
        self.folders[folder].live.get(&name).copied()
    }

    /// Makes changes, those within one folder together.
    fn change(&mut self, changes: &[(&Path, Option<Node>)]) {
        let mut by_folder: BTreeMap<usize, Change> = BTreeMap::new();
        for (path, node) in changes {
            let (folder, name) = self.place(path);
            by_folder.entry(folder).or_default().push((name, *node));
        }
        for (folder, change) in by_folder {
            apply(&mut self.folders[folder].live, &change);
            self.folders[folder].pending.push(change);
        }
    }

    fn carry_out(&mut self, op: &Op) {
        match op {
            Op::CreateDir(path) => {
                let node = Node::Dir(self.folders.len());
                self.folders.push(Folder::default());
                self.change(&[(path, Some(node))]);
            }
            Op::Create(path, id) => {
                self.contents.insert(*id, (Vec::new(), 0));
                self.change(&[(path, Some(Node::File(*id)))]);
            }
            Op::Write(id, bytes) => self.contents.get_mut(id).unwrap().0.extend(bytes),
            Op::Sync(id) => {
                let file = self.contents.get_mut(id).unwrap();
                file.1 = file.0.len();
            }
            Op::Rename(from, to) => {
                let node = self.node(from);
                self.change(&[(to, node), (from, None)]);
            }
            Op::Link(from, to) => {
                let node = self.node(from);
                self.change(&[(to, node)]);
            }
            Op::Exchange(one, other) => {
                let nodes = (self.node(one), self.node(other));
                self.change(&[(one, nodes.1), (other, nodes.0)]);
            }
            Op::Remove(path) => self.change(&[(path, None)]),
            Op::SyncDir(path) => {
                let folder = self.folder(path);
                let folder = &mut self.folders[folder];
                for change in std::mem::take(&mut folder.pending) {
                    apply(&mut folder.durable, &change);
                }
            }
            Op::Mark(_) => {}
        }
    }

    /// What is on the disk after a failure of power, as a tree below the folder `at`.
    fn collect(
        &self,
        folder: usize,
        at: &Path,
        unsynced: Unsynced,
        tree: &mut BTreeMap<PathBuf, Option<Vec<u8>>>,
    ) {
        for (name, node) in &self.folders[folder].durable {
            let path = at.join(name);
            match node {
                Node::Dir(inner) => {
                    tree.insert(path.clone(), None);
                    self.collect(*inner, &path, unsynced, tree);
                }
                Node::File(id) => {
                    let (bytes, synced) = &self.contents[id];
                    let kept = match unsynced {
                        Unsynced::Lost | Unsynced::NamesOnly => *synced,
                        Unsynced::Kept => bytes.len(),
                        Unsynced::Some(_) => (synced + bytes.len()) / 2,
                    };
                    tree.insert(path, Some(bytes[..kept].to_vec()));
                }
            }
        }
    }
}

/// The tree on the disk after the first operations, and a failure of power then. Paths are relative to `root`;
/// files carry their contents, folders none.
pub fn after(ops: &[Op], root: &Path, unsynced: Unsynced) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let parent = root.parent().unwrap();
    let name = root.file_name().unwrap();
    let tree = after_below(ops, parent, unsynced);
    let inside = tree.into_iter().filter_map(|(path, contents)| {
        let relative = path.strip_prefix(name).ok()?;
        (!relative.as_os_str().is_empty()).then(|| (relative.to_owned(), contents))
    });
    inside.collect()
}

/// As [`after`], for everything below a folder that was there before the first operation.
pub fn after_below(
    ops: &[Op],
    root: &Path,
    unsynced: Unsynced,
) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut disk = Disk {
        root: root.to_owned(),
        folders: vec![Folder::default()],
        contents: BTreeMap::new(),
    };
    for op in ops {
        disk.carry_out(op);
    }
    let mut bit = 0;
    for folder in &mut disk.folders {
        for change in std::mem::take(&mut folder.pending) {
            let keep = match unsynced {
                Unsynced::Lost => false,
                Unsynced::Kept | Unsynced::NamesOnly => true,
                Unsynced::Some(bits) => (bits >> (bit % 64)) & 1 == 1,
            };
            bit += 1;
            if keep {
                apply(&mut folder.durable, &change);
            }
        }
    }
    let mut tree = BTreeMap::new();
    disk.collect(0, Path::new(""), unsynced, &mut tree);
    tree
}

fn apply(names: &mut Names, change: &Change) {
    for (name, node) in change {
        match node {
            Some(node) => names.insert(name.clone(), *node),
            None => names.remove(name),
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

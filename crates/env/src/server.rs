//! The server: where clients find it, and which one is served.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tempfile::TempDir;
use ulna_core::Unit;
use ulna_rt::Stop;
use ulna_session::stepped::{SteppedCamera, SteppedFacts, facts};

use crate::connection::{Connection, Ended};
use crate::error::EnvError;
use crate::frame::LONGEST_REQUEST;
use crate::message::{Hello, HelloCamera, HelloJoint, PROTOCOL};
use crate::options::EnvOptions;
use crate::worlds::Worlds;

/// How often it is looked whether all is to stop.
const GLANCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// Where clients find the server.
#[derive(Debug, Clone)]
pub enum Place {
    /// A socket in a new folder that is the user's alone.
    Private,
    /// A socket with this path, where nothing is yet.
    Socket(PathBuf),
    /// Standard input is the one client's end.
    Stdin,
}

/// Why a server is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Its one client has ended.
    Client,
    /// A signal.
    Stopped,
}

/// Environments, and where they are served.
#[derive(Debug)]
pub struct EnvServer {
    options: EnvOptions,
    hello: Hello,
    door: Door,
}

#[derive(Debug)]
enum Door {
    Socket(Socket),
    Stream(UnixStream),
}

/// A socket that listens; its file is removed with it.
#[derive(Debug)]
struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Which file it is.
    made: Option<(u64, u64)>,
    /// The folder, if it is a new one.
    _folder: Option<TempDir>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        // One that is gone already is as good; what has taken its name since is another's.
        let now = std::fs::symlink_metadata(&self.path);
        if now.is_ok_and(|now| self.made == Some((now.dev(), now.ino()))) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// What these environments are, without serving them.
///
/// # Errors
/// If they cannot be set up.
pub fn describe(options: &EnvOptions) -> Result<Hello, EnvError> {
    let facts = facts(&options.episode)?;
    options.check(&facts)?;
    Ok(hello(options, facts))
}

impl EnvServer {
    /// Sets the environments up, and opens the place for clients.
    ///
    /// # Errors
    /// If they cannot be set up, or the place cannot be opened.
    pub fn open(options: EnvOptions, place: &Place) -> Result<Self, EnvError> {
        let hello = describe(&options)?;
        let door = match place {
            Place::Private => Door::Socket(private()?),
            Place::Socket(path) => Door::Socket(listen(path, None)?),
            Place::Stdin => Door::Stream(stdin()?),
        };
        Ok(Self {
            options,
            hello,
            door,
        })
    }

    /// The path of the socket, if there is one.
    pub fn address(&self) -> Option<&Path> {
        match &self.door {
            Door::Socket(socket) => Some(&socket.path),
            Door::Stream(_) => None,
        }
    }

    /// What the environments are.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Serves one client after the other, each with environments that are new, until a signal; or the one client of standard input, until it ends.
    ///
    /// # Errors
    /// If the operating system refuses to listen any longer.
    pub fn serve(self, stop: &Stop) -> Result<Over, EnvError> {
        let socket = match self.door {
            Door::Stream(stream) => {
                let ended = with(stream, None, &self.options, &self.hello, stop)?;
                return Ok(match ended {
                    Ended::Client => Over::Client,
                    Ended::Stopped => Over::Stopped,
                });
            }
            Door::Socket(socket) => socket,
        };
        while stop.requested().is_none() {
            let Some(stream) = next(&socket.listener).map_err(system("waiting for a client"))?
            else {
                continue;
            };
            with(
                stream,
                Some(&socket.listener),
                &self.options,
                &self.hello,
                stop,
            )?;
        }
        Ok(Over::Stopped)
    }
}

/// Serves one client.
fn with(
    stream: UnixStream,
    others: Option<&UnixListener>,
    options: &EnvOptions,
    hello: &Hello,
    stop: &Stop,
) -> Result<Ended, EnvError> {
    let joints = hello.joints.iter().map(|joint| joint.name.clone());
    let worlds = Worlds::new(&options.episode, joints.collect(), options.count, stop);
    let connection = Connection::new(stream, others, stop);
    let connection = connection.map_err(system("setting up the client's socket"))?;
    Ok(connection.serve(hello, worlds))
}

/// The next client, if one comes soon.
fn next(listener: &UnixListener) -> io::Result<Option<UnixStream>> {
    let mut waited = [PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN)];
    match poll(&mut waited, Some(&GLANCE)) {
        Ok(0) => return Ok(None),
        Ok(_) => {}
        Err(error) if error == rustix::io::Errno::INTR => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    match listener.accept() {
        Ok((stream, _)) => Ok(Some(stream)),
        // A client that has gone meanwhile is none.
        Err(error) if is_passing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_passing(error: &io::Error) -> bool {
    let kinds = [
        ErrorKind::WouldBlock,
        ErrorKind::Interrupted,
        ErrorKind::ConnectionAborted,
    ];
    kinds.contains(&error.kind())
}

fn system(what: &'static str) -> impl Fn(io::Error) -> EnvError {
    move |source| EnvError::System { what, source }
}

fn private() -> Result<Socket, EnvError> {
    let mut folder = tempfile::Builder::new();
    // Only its owner enters a folder of tempfile's.
    let folder = folder.prefix("ulna-env-").tempdir();
    let folder = folder.map_err(system("making a folder for the socket"))?;
    listen(&folder.path().join("socket"), Some(folder))
}

fn listen(path: &Path, folder: Option<TempDir>) -> Result<Socket, EnvError> {
    let refused = |source: io::Error| EnvError::Socket {
        path: path.to_owned(),
        hint: match source.kind() {
            ErrorKind::AddrInUse => "; remove it if no server uses it any more",
            ErrorKind::InvalidInput => "; a socket's path has some 100 bytes at most",
            _ => "",
        },
        source,
    };
    let listener = UnixListener::bind(path).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    let made = std::fs::symlink_metadata(path).ok();
    Ok(Socket {
        listener,
        path: path.to_owned(),
        made: made.map(|made| (made.dev(), made.ino())),
        _folder: folder,
    })
}

/// Standard input, which must be a socket.
fn stdin() -> Result<UnixStream, EnvError> {
    let own = |fd: io::Result<OwnedFd>| fd.map_err(system("taking standard input"));
    let fd = own(io::stdin().as_fd().try_clone_to_owned())?;
    let file = File::from(own(fd.try_clone())?);
    match file.metadata() {
        Ok(data) if data.file_type().is_socket() => Ok(UnixStream::from(fd)),
        _ => Err(EnvError::NoSocket),
    }
}

fn hello(options: &EnvOptions, facts: SteppedFacts) -> Hello {
    let camera = |camera: SteppedCamera| HelloCamera {
        name: camera.name,
        height: camera.size.1,
        width: camera.size.0,
    };
    Hello {
        protocol: PROTOCOL,
        ulna: env!("CARGO_PKG_VERSION").to_owned(),
        scene: facts.scene,
        robot: facts.robot,
        robot_type: facts.robot_type,
        joints: facts
            .joints
            .into_iter()
            .map(|joint| HelloJoint {
                name: joint.name,
                unit: unit(joint.unit).to_owned(),
                low: joint.range.0,
                high: joint.range.1,
            })
            .collect(),
        cameras: facts.cameras.into_iter().map(camera).collect(),
        environment: facts.environment,
        tasks: facts.tasks,
        fps: options.episode.fps,
        num_envs: options.count as u64,
        time_limit_s: facts.time_limit_s,
        most_steps: facts.most_steps,
        render: facts.render.map(camera),
        longest_request: LONGEST_REQUEST as u64,
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Degrees => "degrees",
        Unit::M100 => "m100",
        Unit::Percent => "percent",
        Unit::Velocity => "velocity",
    }
}

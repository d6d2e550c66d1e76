//! Where it is shown: a viewer's window, one that runs elsewhere, a file, or a page in the browser.

use std::env;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use rerun::external::{re_log_types, re_uri};
use rerun::sink::{FileSink, FileSinkOptions};
use rerun::{RecordingStream, RecordingStreamBuilder, SpawnOptions};
use ulna_outside::files;

/// The version of Rerun whose viewers understand this program best.
pub const RERUN_VERSION: &str = "0.36.3";

/// Where a viewer listens by default.
pub const DEFAULT_URL: &str = rerun::DEFAULT_CONNECT_URL;

/// Where to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewerTarget {
    /// Starts Rerun's viewer, or uses the one that runs.
    Spawn,
    /// Connects to a viewer that listens at this URL.
    Connect(String),
    /// Writes a file that the viewer opens.
    File(PathBuf),
    /// Serves the viewer as a web page on this computer.
    Web,
}

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum ViewerError {
    /// A text that names no place.
    #[error(
        "`{text}` is no display: say `spawn` to open Rerun's viewer, `connect` or `connect=URL` for one that runs, \
         or a file whose name ends in .rrd"
    )]
    NoTarget {
        /// The text.
        text: String,
    },
    /// A URL at which no viewer can listen.
    #[error("`{url}` is no address of a Rerun viewer ({reason}); it looks like {DEFAULT_URL}")]
    NoUrl {
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing answers at a URL.
    #[error(
        "no viewer listens at {url} ({reason}); start one there first, for example with `rerun`"
    )]
    Silent {
        /// The URL.
        url: String,
        /// What happened instead.
        reason: String,
    },
    /// There is no viewer to start.
    #[error(
        "there is no program `rerun` on the PATH to show anything with: install it with \
         `pip install rerun-sdk=={RERUN_VERSION}` or `cargo install rerun-cli@{RERUN_VERSION}`, or write a file instead: --display session.rrd"
    )]
    NoViewer,
    /// The web viewer is not part of this program.
    #[error(
        "this program was built without Rerun's web viewer: build it with `--features web-viewer`"
    )]
    NoWebViewer,
    /// The viewer, the file or the server could not be opened.
    #[error("{what} cannot be opened: {reason}")]
    Open {
        /// What.
        what: String,
        /// Why not.
        reason: String,
    },
    /// Something could not be sent.
    #[error("could not send to {place}: {reason}")]
    Send {
        /// Where to.
        place: String,
        /// Why not.
        reason: String,
    },
    /// The dataset cannot be read.
    #[error(transparent)]
    Dataset(#[from] ulna_dataset::DatasetError),
}

impl FromStr for ViewerTarget {
    type Err = ViewerError;

    fn from_str(text: &str) -> Result<Self, ViewerError> {
        if let Some(url) = text.strip_prefix("connect=") {
            return proxy(url).map(|_| Self::Connect(url.to_owned()));
        }
        match text {
            "spawn" => Ok(Self::Spawn),
            "connect" => Ok(Self::Connect(DEFAULT_URL.to_owned())),
            "web" if cfg!(feature = "web-viewer") => Ok(Self::Web),
            "web" => Err(ViewerError::NoWebViewer),
            path if Path::new(path).extension().is_some_and(|end| end == "rrd") => {
                Ok(Self::File(PathBuf::from(path)))
            }
            _ => Err(ViewerError::NoTarget {
                text: text.to_owned(),
            }),
        }
    }
}

impl ViewerTarget {
    /// What people call it.
    fn place(&self) -> String {
        match self {
            Self::Spawn => "Rerun's viewer".to_owned(),
            Self::Connect(url) => format!("the viewer at {url}"),
            Self::File(path) => path.display().to_string(),
            Self::Web => "the web viewer".to_owned(),
        }
    }
}

/// An open way to a viewer.
#[derive(Debug)]
pub struct Viewer {
    pub(crate) stream: RecordingStream,
    pub(crate) place: String,
    /// It is watched live.
    pub(crate) live: bool,
    #[cfg(feature = "web-viewer")]
    server: Option<crate::web::Server>,
}

/// A stream into a file. It ends without the list of its blocks that Rerun would keep in memory until then: 0.1 MB more every second
/// of a session. Viewers read such a file from its beginning, and `rerun rrd optimize` adds the list.
fn save(builder: RecordingStreamBuilder, path: &Path) -> Result<RecordingStream, String> {
    let options = FileSinkOptions {
        write_footer: false,
    };
    let file = files::streamed(path, |aside| {
        FileSink::with_options(aside, options).map_err(std::io::Error::other)
    });
    let file = file.map_err(|error| error.to_string())?;
    let stream = builder.buffered().map_err(|error| chain(&error))?;
    stream.set_sink(Box::new(file));
    Ok(stream)
}

/// How long the last of it may take to arrive.
const FLUSH: Duration = Duration::from_secs(8);

impl Viewer {
    /// Opens it; `name` is what the viewer calls the recording.
    ///
    /// # Errors
    /// [`ViewerError`] if there is no viewer, or no such file can be written.
    pub fn open(target: &ViewerTarget, name: &str) -> Result<Self, ViewerError> {
        let failed = |reason: String| ViewerError::Open {
            what: target.place(),
            reason,
        };
        let builder = RecordingStreamBuilder::new("ulna")
            .recording_name(name)
            .enabled(true);
        #[cfg(feature = "web-viewer")]
        let mut server = None;
        let stream = match target {
            ViewerTarget::Spawn => builder.spawn_opts(&spawn_options()?),
            ViewerTarget::Connect(url) => {
                listens(url)?;
                builder.connect_grpc_opts(url.clone())
            }
            ViewerTarget::File(path) => Ok(save(builder, path).map_err(&failed)?),
            #[cfg(feature = "web-viewer")]
            ViewerTarget::Web => {
                let (started, stream) = crate::web::serve(builder).map_err(&failed)?;
                server = Some(started);
                Ok(stream)
            }
            #[cfg(not(feature = "web-viewer"))]
            ViewerTarget::Web => return Err(ViewerError::NoWebViewer),
        };
        let stream = stream.map_err(|error| failed(chain(&error)))?;
        // Wall-clock time and the order of arrival say nothing about a session.
        stream.set_log_tick_enabled(false);
        stream.set_log_time_enabled(false);
        Ok(Self {
            stream,
            place: target.place(),
            live: !matches!(target, ViewerTarget::File(_)),
            #[cfg(feature = "web-viewer")]
            server,
        })
    }

    /// The page to open in a browser, if it is shown on one.
    pub fn url(&self) -> Option<&str> {
        #[cfg(feature = "web-viewer")]
        return self.server.as_ref().map(crate::web::Server::url);
        #[cfg(not(feature = "web-viewer"))]
        None
    }

    /// Waits until everything has arrived, and completes a file. What comes later goes nowhere if it was one.
    ///
    /// # Errors
    /// [`ViewerError::Send`] if it does not.
    pub fn finish(&self) -> Result<(), ViewerError> {
        let flushed = self.stream.flush_with_timeout(FLUSH);
        flushed.map_err(|error| self.failed(&error))?;
        // The end of a file, with the table of its contents, is written now and not in whatever time is left before the exit.
        self.stream.finalize_deferred_sinks();
        Ok(())
    }

    pub(crate) fn failed(&self, error: &dyn std::error::Error) -> ViewerError {
        ViewerError::Send {
            place: self.place.clone(),
            reason: chain(error),
        }
    }
}

impl Drop for Viewer {
    /// Ends a file properly.
    fn drop(&mut self) {
        self.stream.disconnect();
    }
}

/// How long a viewer may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// Checks that something listens at a viewer's URL: the connection itself is made in the background, and says nothing.
fn listens(url: &str) -> Result<(), ViewerError> {
    let origin = proxy(url)?.origin;
    let silent = |reason: String| ViewerError::Silent {
        url: url.to_owned(),
        reason,
    };
    let addresses = (origin.host.to_string(), origin.port).to_socket_addrs();
    let mut reason = "no such host".to_owned();
    for address in addresses.map_err(|error| silent(error.to_string()))? {
        match TcpStream::connect_timeout(&address, ANSWER) {
            Ok(_) => return Ok(()),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(silent(reason))
}

fn proxy(url: &str) -> Result<re_uri::ProxyUri, ViewerError> {
    url.parse()
        .map_err(|error: re_uri::Error| ViewerError::NoUrl {
            url: url.to_owned(),
            reason: error.to_string(),
        })
}

/// How the viewer is started: it listens on this computer only.
fn spawn_options() -> Result<SpawnOptions, ViewerError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let program = env::split_paths(&path)
        .map(|folder| folder.join("rerun"))
        .find(|program| program.is_file())
        .ok_or(ViewerError::NoViewer)?;
    Ok(SpawnOptions {
        executable_path: Some(program.display().to_string()),
        extra_args: vec!["--bind=127.0.0.1".to_owned()],
        hide_welcome_screen: true,
        ..SpawnOptions::default()
    })
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

/// The one timeline: seconds since the epoch of the run, or the start of the episode.
pub(crate) const TIME: &str = "time";

/// A moment on it.
pub(crate) fn time(at: Duration) -> re_log_types::TimeCell {
    re_log_types::TimeCell::from_duration_nanos(nanos(at))
}

pub(crate) fn nanos(at: Duration) -> i64 {
    i64::try_from(at.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let parse = |text: &str| text.parse::<ViewerTarget>();
        assert_eq!(parse("spawn").unwrap(), ViewerTarget::Spawn);
        assert_eq!(
            parse("connect").unwrap(),
            ViewerTarget::Connect("rerun+http://127.0.0.1:9876/proxy".to_owned())
        );
        let url = "rerun+http://10.0.0.2:9000/proxy";
        assert_eq!(
            parse(&format!("connect={url}")).unwrap(),
            ViewerTarget::Connect(url.to_owned())
        );
        assert_eq!(
            parse("a/b.rrd").unwrap(),
            ViewerTarget::File(PathBuf::from("a/b.rrd"))
        );
        for wrong in ["", "rrd", "spwan", "a.rrd.mp4", ".rrd"] {
            let error = parse(wrong).unwrap_err().to_string();
            assert!(error.contains("ends in .rrd"), "{wrong}: {error}");
        }
        for wrong in ["connect=", "connect=hello", "connect=http://x:1"] {
            let error = parse(wrong).unwrap_err().to_string();
            assert!(
                error.contains("it looks like rerun+http"),
                "{wrong}: {error}"
            );
        }
    }

    #[test]
    fn a_viewer_that_is_not_there_is_an_error() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("rerun+http://127.0.0.1:{port}/proxy");
        assert!(listens(&url).is_ok());
        drop(listener);
        let error = listens(&url).unwrap_err().to_string();
        assert!(
            error.contains(&url) && error.contains("start one"),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error() {
        let target = ViewerTarget::File(PathBuf::from("/nowhere/at/all.rrd"));
        let error = Viewer::open(&target, "x").unwrap_err().to_string();
        assert!(error.contains("/nowhere/at/all.rrd"), "{error}");
    }
}

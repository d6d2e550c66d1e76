//! The emulated board between `ulna` and simulated servos, with cables that can be cut and disturbed.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::packets::Packets;

use super::toolchain::Qemu;

/// The id of the simulated arms, whose calibration files lie in the scratch folder.
pub(super) const ID: &str = "bridge";
/// How long a part may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);
/// The board's clock goes with the instructions that it has executed, 16 ns each (62 million a second, half of what a Pico executes), and waits for the
/// computer's clock where it is ahead. So it stands while a busy computer gives the emulator no processor, and nothing on the board is late by its own clock
/// because of other programs.
const INSTRUCTIONS: &str = "shift=4,align=on";

/// A process that ends with this.
#[derive(Debug)]
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Everything that runs.
pub(super) struct Rig {
    /// The host's end of the framed cable.
    pub(super) host: Cable,
    /// The raw port, a terminal of QEMU's own.
    pub(super) raw: String,
    /// The leader's port, which is no bridge.
    pub(super) leader: String,
    scratch: PathBuf,
    /// The raw port, held open while no other program has it: QEMU looks once a second only for one that comes back.
    _held: OwnedFd,
    _servos: Cable,
    _machine: Running,
    _arms: Running,
}

impl Rig {
    /// Starts arms and board. Calibrations are looked for in `calibrations`.
    pub(super) fn start(qemu: &Qemu, kernel: &Path, ulna: &Path, scratch: &Path) -> Result<Self> {
        let (arms, follower, leader) = arms(ulna, scratch)?;
        let mut machine = qemu.command();
        machine.args(["-M", "lm3s6965evb", "-nodefaults", "-nographic"]);
        machine.args(["-monitor", "none", "-icount", INSTRUCTIONS]);
        machine.arg("-kernel").arg(kernel);
        let cable = |name| {
            let path = scratch.join(name).display().to_string();
            format!("socket,path={path},server=on,wait=off")
        };
        for (name, backend) in [
            ("host", cable("host")),
            ("bus", cable("bus")),
            ("raw", "pty".to_owned()),
        ] {
            machine.args(["-chardev", &format!("{backend},id={name}")]);
            machine.args(["-serial", &format!("chardev:{name}")]);
        }
        machine.stdin(Stdio::null()).stdout(Stdio::piped());
        machine.stderr(Stdio::null());
        let mut machine = machine.spawn().context("cannot start the unpacked QEMU")?;
        let said = machine.stdout.take().context("it has no output")?;
        let machine = Running(machine);
        let raw = own_terminal(said)?;
        let held = raw_terminal(&raw)?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let servos = rustix::fs::open(&follower, flags, Mode::empty())
            .with_context(|| format!("cannot open {follower}"))?;
        let servos = Ends {
            board: connect(&scratch.join("bus"))?,
            other: servos.into(),
            held: None,
            packets: Some(Packets::default()),
        };
        Ok(Self {
            _servos: Cable::between(servos, String::new())?,
            host: Cable::with_terminal(&scratch.join("host"))?,
            raw,
            leader,
            scratch: scratch.to_owned(),
            _held: held,
            _machine: machine,
            _arms: arms,
        })
    }

    /// A new framed cable in the place of the old one, which is cut.
    pub(super) fn plug_in_again(&mut self) -> Result<()> {
        self.host.set(CUT);
        self.host = Cable::with_terminal(&self.scratch.join("host"))?;
        Ok(())
    }

    /// The port of the bridge, with these options.
    pub(super) fn bridge(&self, options: &str) -> String {
        format!("bridge:{}{options}", self.host.port)
    }
}

/// A simulated follower and its leader, and their ports.
fn arms(ulna: &Path, scratch: &Path) -> Result<(Running, String, String)> {
    let mut serve = Command::new(ulna);
    serve.args([
        "sim",
        "serve",
        "--leader",
        "--robot-id",
        ID,
        "--teleop-id",
        ID,
    ]);
    serve.env("HF_LEROBOT_HOME", scratch);
    serve.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = serve.spawn().context("cannot start `ulna sim serve`")?;
    let out = child.stdout.take().context("it has no output")?;
    let child = Running(child);
    let mut lines = BufReader::new(out).lines();
    let mut port = |role: &str| -> Result<String> {
        let line = lines.next().context("`ulna sim serve` names no port")??;
        let port = line.strip_prefix(role).map(|port| port.trim().to_owned());
        port.with_context(|| format!("`ulna sim serve` printed `{line}`"))
    };
    let (follower, leader) = (port("follower")?, port("leader")?);
    Ok((child, follower, leader))
}

/// The terminal that QEMU has made for the raw port: `char device redirected to /dev/pts/3 (label raw)`.
fn own_terminal(said: ChildStdout) -> Result<String> {
    for line in BufReader::new(said).lines() {
        let line = line.context("QEMU's output cannot be read")?;
        let terminal = line
            .split_whitespace()
            .find(|word| word.starts_with("/dev/"));
        if let Some(terminal) = terminal {
            return Ok(terminal.to_owned());
        }
    }
    bail!("QEMU names no terminal for the raw port, or did not start")
}

/// A terminal that alters no byte.
fn raw_terminal(path: &str) -> Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(path, flags, Mode::empty())
        .with_context(|| format!("cannot open {path}"))?;
    let mut settings = tcgetattr(&terminal)?;
    settings.make_raw();
    tcsetattr(&terminal, OptionalActions::Now, &settings)?;
    Ok(terminal)
}

fn connect(socket: &Path) -> Result<UnixStream> {
    let since = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return Ok(stream),
            Err(error) if since.elapsed() > PATIENCE => {
                return Err(error).context("QEMU offers no cable");
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// A cable carries bytes,
const WHOLE: u8 = 0;
/// or garbage with them,
pub(super) const NOISY: u8 = 1;
/// or nothing any more.
pub(super) const CUT: u8 = 2;

/// A cable between the board and a terminal.
#[derive(Debug)]
pub(super) struct Cable {
    /// The terminal's device.
    pub(super) port: String,
    state: Arc<AtomicU8>,
    thread: Option<JoinHandle<()>>,
}

impl Cable {
    fn with_terminal(socket: &Path) -> Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let controller = rustix::pty::openpt(flags).context("no pseudo-terminal can be had")?;
        // A session that inherited this end would keep the cable whole that is cut.
        rustix::io::fcntl_setfd(&controller, rustix::io::FdFlags::CLOEXEC)?;
        rustix::pty::grantpt(&controller)?;
        rustix::pty::unlockpt(&controller)?;
        let path = rustix::pty::ptsname(&controller, Vec::new())?;
        let port = path.to_string_lossy().into_owned();
        let ends = Ends {
            board: connect(socket)?,
            other: controller.into(),
            held: Some(raw_terminal(&port)?),
            packets: None,
        };
        Self::between(ends, port)
    }

    fn between(ends: Ends, port: String) -> Result<Self> {
        let state = Arc::new(AtomicU8::new(WHOLE));
        let shared = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("cable".to_owned());
        let thread = thread.spawn(move || {
            // A cable ends when either end does; the next use of it says so.
            let _ = carry(ends, &shared);
        });
        Ok(Self {
            port,
            state,
            thread: Some(thread.context("no thread can be had")?),
        })
    }

    /// What it carries from now on; [`CUT`] closes both ends.
    pub(super) fn set(&mut self, state: u8) {
        self.state.store(state, Ordering::Relaxed);
        if state == CUT
            && let Some(thread) = self.thread.take()
        {
            // A panic of it has said so.
            let _ = thread.join();
        }
    }

    /// Garbage no more.
    pub(super) fn quiet(&mut self) {
        self.set(WHOLE);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.set(CUT);
    }
}

/// What a cable joins.
struct Ends {
    board: UnixStream,
    other: File,
    /// The other side of a terminal, held open while there is no host.
    held: Option<OwnedFd>,
    /// What the board sends goes on packet by packet.
    packets: Option<Packets>,
}

/// Both directions in one thread, which looks every 20 ms whether the cable is cut.
fn carry(ends: Ends, state: &AtomicU8) -> Result<()> {
    let Ends {
        mut board,
        mut other,
        held,
        mut packets,
    } = ends;
    let mut noise = ChaCha8Rng::seed_from_u64(17);
    let glance = Timespec::try_from(Duration::from_millis(20))?;
    let mut bytes = [0; 4096];
    loop {
        let mut waits = [
            PollFd::new(&board, PollFlags::IN),
            PollFd::new(&other, PollFlags::IN),
        ];
        poll(&mut waits, Some(&glance))?;
        let [from_board, from_other] = waits.map(|wait| !wait.revents().is_empty());
        let now = state.load(Ordering::Relaxed);
        if now == CUT {
            drop(held);
            return Ok(());
        }
        let noisy = now == NOISY;
        if from_board {
            let count = board.read(&mut bytes)?;
            if count == 0 {
                bail!("the board is gone");
            }
            disturb(noisy, &mut noise, &mut other)?;
            match &mut packets {
                None => other.write_all(&bytes[..count])?,
                Some(packets) => other.write_all(packets.whole(&bytes[..count]))?,
            }
        }
        if from_other {
            let count = other.read(&mut bytes)?;
            disturb(noisy, &mut noise, &mut board)?;
            board.write_all(&bytes[..count])?;
        }
    }
}

/// Up to forty bytes of garbage, before one piece in four.
fn disturb(noisy: bool, noise: &mut ChaCha8Rng, to: &mut impl Write) -> Result<()> {
    if noisy && noise.random_ratio(1, 4) {
        let garbage: Vec<u8> = (0..noise.random_range(1..40))
            .map(|_| noise.random())
            .collect();
        to.write_all(&garbage)?;
    }
    Ok(())
}

//! The machine: QEMU, the servos behind its USB cable, and the hand that pulls the cable.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::cameras;
use super::guest::{self, END, ID, PULL};
use super::packages::Unpacked;
use super::seen::Seen;
use super::usb_camera;
use super::webcam::{self, Cable};

/// It takes two minutes; more than this means that it hangs.
const LONGEST: Duration = Duration::from_secs(600);
/// How often is looked at what it says.
const GLANCE: Duration = Duration::from_millis(200);

/// A process that ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Boots the machine with the program in it and pulls the cable when the guest says so.
pub(super) fn run(unpacked: &Unpacked, program: &Path, scratch: &Path) -> Result<Seen> {
    let calibrations = scratch.join("cal");
    let (_servos, port) = servos(program, &calibrations)?;
    let disk = scratch.join("disk");
    let bytes = guest::disk(unpacked, program, &calibrations)?;
    fs::write(&disk, bytes).with_context(|| format!("cannot write {}", disk.display()))?;
    let mut machine = Running(start(unpacked, &disk, scratch)?);
    cable(&scratch.join("arm"), &port)?;
    let webcam = plug_in(&scratch.join("webcam"))?;
    let mut pulls = 0;
    let console = scratch.join("console");
    let since = Instant::now();
    // Open until the end: QEMU drops the commands of a connection that has closed.
    let mut hand = None;
    loop {
        let said = fs::read_to_string(&console).unwrap_or_default();
        if said.contains(PULL) && hand.is_none() {
            let mut monitor = UnixStream::connect(scratch.join("monitor"))
                .context("cannot reach the machine's monitor")?;
            monitor
                .write_all(b"device_del cable\n")
                .context("cannot speak to the machine's monitor")?;
            hand = Some(monitor);
        }
        let asked = said.matches(usb_camera::PULL).count();
        (pulls..asked).for_each(|_| webcam.pull());
        pulls = pulls.max(asked);
        let ended = machine.0.try_wait().context("cannot wait for QEMU")?;
        if said.contains(END) || ended.is_some() {
            return Ok(Seen { console: said });
        }
        if since.elapsed() > LONGEST {
            bail!("the machine hangs; it said:\n{said}");
        }
        thread::sleep(GLANCE);
    }
}

/// A simulated follower, and its port. Its calibration is written where the program looks for it.
fn servos(program: &Path, calibrations: &Path) -> Result<(Running, String)> {
    let mut serve = Command::new(program);
    serve.args(["sim", "serve", "--robot-id", ID]);
    serve.env("HF_LEROBOT_CALIBRATION", calibrations);
    serve.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = serve.spawn().context("cannot start `ulna sim serve`")?;
    let out = child.stdout.take();
    let child = Running(child);
    let mut line = String::new();
    BufReader::new(out.context("it has no output")?)
        .read_line(&mut line)
        .context("cannot read what `ulna sim serve` says")?;
    match line.split_whitespace().last() {
        Some(port) => Ok((child, port.to_owned())),
        None => bail!("`ulna sim serve` names no port"),
    }
}

fn start(unpacked: &Unpacked, disk: &Path, scratch: &Path) -> Result<Child> {
    let root = &unpacked.root;
    let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];
    let libraries = libraries.map(|folder| root.join(folder));
    let at = |name: &str| scratch.join(name).display().to_string();
    let mut qemu = Command::new(root.join("usr/bin/qemu-system-x86_64"));
    qemu.env("LD_LIBRARY_PATH", std::env::join_paths(libraries)?);
    for data in ["usr/share/seabios", "usr/share/qemu"] {
        qemu.arg("-L").arg(root.join(data));
    }
    qemu.arg("-kernel").arg(
        root.join("boot")
            .join(format!("vmlinuz-{}", unpacked.kernel)),
    );
    qemu.arg("-initrd").arg(disk);
    qemu.args(["-append", "console=ttyS0 panic=-1 quiet"]);
    qemu.args(["-m", "1024", "-no-reboot", "-display", "none"]);
    qemu.args(["-serial", &format!("file:{}", at("console"))]);
    qemu.args(["-serial", &format!("file:{}", at(cameras::DATASET))]);
    qemu.args(["-monitor", &format!("unix:{},server,nowait", at("monitor"))]);
    qemu.args(["-device", "piix3-usb-uhci,id=usb"]);
    let socket = format!("socket,id=arm,path={},server=on,wait=off", at("arm"));
    qemu.args(["-chardev", &socket]);
    qemu.args(["-device", "usb-serial,chardev=arm,id=cable,bus=usb.0"]);
    qemu.args(["-device", "usb-ehci,id=fast"]);
    let socket = format!("socket,id=webcam,path={},server=on,wait=off", at("webcam"));
    qemu.args(["-chardev", &socket]);
    qemu.args(["-device", "usb-redir,chardev=webcam,bus=fast.0"]);
    qemu.stdin(Stdio::null()).stdout(Stdio::null());
    qemu.spawn().context("cannot start the unpacked QEMU")
}

/// Carries bytes between the machine's USB cable and the servos. QEMU could open the port itself, but sets 921,600 bits per second where the
/// guest asks for a million.
fn cable(socket: &Path, port: &str) -> Result<()> {
    let machine = connected(socket)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(NOCTTY);
    let servos = options
        .open(port)
        .with_context(|| format!("cannot open {port}"))?;
    let there = (machine.try_clone()?, servos.try_clone()?);
    // Both end when QEMU or the servos do.
    thread::spawn(move || carry(there.0, there.1));
    thread::spawn(move || carry(servos, machine));
    Ok(())
}

/// Plugs a webcam in; it is there until the machine is over.
fn plug_in(socket: &Path) -> Result<Cable> {
    let (socket, cable) = (connected(socket)?, Cable::default());
    let hand = cable.clone();
    thread::spawn(move || {
        if let Err(error) = webcam::serve(socket, &cable) {
            eprintln!("the webcam: {error:#}");
        }
    });
    Ok(hand)
}

/// One of QEMU's sockets, once it is there.
fn connected(socket: &Path) -> Result<UnixStream> {
    let since = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(machine) => return Ok(machine),
            Err(error) if since.elapsed() > Duration::from_secs(10) => {
                return Err(error).context("QEMU offers no cable");
            }
            Err(_) => thread::sleep(GLANCE),
        }
    }
}

/// Linux's `O_NOCTTY` on x86-64.
const NOCTTY: i32 = 0o400;

/// Until the machine is over, or the servos are. `io::copy` might wait for more than there is.
fn carry(mut from: impl Read, mut to: impl Write) {
    let mut bytes = [0; 4096];
    while let Ok(count) = from.read(&mut bytes) {
        if count == 0 || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
}

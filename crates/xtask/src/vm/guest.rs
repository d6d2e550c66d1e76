//! The guest: what is in its memory disk, what it does, and what must come of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::cameras;
use super::modules::modules;
use super::packages::Unpacked;
use super::seen::Check;
use super::usb_camera;
use crate::command::answer;

/// The modules behind a USB cable with an FTDI chip, the one that makes webcams, and those behind a real one's cable.
const MODULES: [&str; 5] = [
    "uhci-hcd",
    "ftdi_sio",
    cameras::MODULE,
    usb_camera::MODULES[0],
    usb_camera::MODULES[1],
];

/// The id under which the simulated arm was calibrated.
pub(super) const ID: &str = "vm";
/// Where its calibration files lie in the guest.
const CALIBRATIONS: &str = "cal";
/// The guest's word for "now the cable may be pulled".
pub(super) const PULL: &str = "VM pull the cable";
/// The guest's last word.
pub(super) const END: &str = "VM end";

/// What it does, as its first process. The program runs as user 1000, to whom the port was given as a udev rule gives it.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HF_LEROBOT_CALIBRATION=/cal
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
for module in $MODULES; do insmod /modules/$module.ko $([ $module = $WEBCAM ] && echo "$OPTIONS") || echo "VM no $module"; done
for i in $(seq 100); do [ -c /dev/ttyUSB0 ] && break; sleep 0.1; done
chmod 666 /dev/ttyUSB0
timer=/sys/bus/usb-serial/devices/ttyUSB0/latency_timer
echo 16 >$timer
echo "VM timer before: $(cat $timer)"
as_user() { su user -c "$*"; }
as_user "ulna scan /dev/ttyUSB0 --baud 1000000 >/tmp/scan 2>&1; echo VM scan: \$?"
grep -c sts3215 /tmp/scan | sed 's/^/VM servos: /'
as_user "ulna teleop --teleop none --robot-port /dev/ttyUSB0 --robot-id vm --rate 30 --duration 2 $YES >/tmp/short 2>&1; echo VM short: \$?"
$CAMERAS
$USBCAM
as_user "id -u; ulna teleop --teleop none --robot-port /dev/ttyUSB0 --robot-id vm --rate 30 $YES >/tmp/long 2>&1; echo VM long: \$?" &
sleep 12
echo "VM timer while running: $(cat $timer)"
pidof ulna >/dev/null && echo "VM pull the cable"
wait
for log in scan short long; do sed "s/^/VM $log| /" /tmp/$log; done
echo "VM end"
poweroff -f
"#;

/// All of them.
pub(super) const CHECKS: [Check; 5] = [
    Check {
        what: "a scan as an ordinary user finds the six servos behind ftdi_sio",
        holds: |seen| seen.says("VM scan: 0") && seen.says("VM servos: 6"),
    },
    Check {
        what: "a session of two seconds ends as asked",
        holds: |seen| seen.says("VM short: 0") && seen.of_log("short", &["time is over"]),
    },
    Check {
        what: "an open port has a latency timer of 1 ms, which was 16, without root",
        holds: |seen| {
            seen.says("1000")
                && seen.says("VM timer before: 16")
                && seen.says("VM timer while running: 1")
        },
    },
    Check {
        what: "pulling the cable ends a session with exit code 1",
        holds: |seen| seen.says(PULL) && seen.says("VM long: 1"),
    },
    Check {
        what: "and with the name of the port, and that the servos hold",
        holds: |seen| seen.of_log("long", &["/dev/ttyUSB0 is gone", "hold"]),
    },
];

/// The memory disk: an archive in cpio's "newc" format.
pub(super) fn disk(unpacked: &Unpacked, program: &Path, calibrations: &Path) -> Result<Vec<u8>> {
    let mut disk = Disk::default();
    for folder in [
        "bin",
        "dev",
        "proc",
        "sys",
        "etc",
        "modules",
        "lib",
        "lib/x86_64-linux-gnu",
        "lib64",
    ] {
        disk.folder(folder, 0o755);
    }
    disk.folder("tmp", 0o1777);
    let root = &unpacked.root;
    disk.file("bin/busybox", &root.join("bin/busybox"), 0o755)?;
    let drivers = root.join("lib/modules").join(&unpacked.kernel);
    let loaded = modules(&drivers, &MODULES)?;
    for module in &loaded {
        disk.entry(
            &format!("modules/{}.ko", module.name),
            &module.bytes,
            0o100_644,
        );
    }
    let names = loaded.iter().map(|module| module.name.as_str());
    let names = names.collect::<Vec<_>>().join(" ");
    let stripped = calibrations.with_file_name("ulna-stripped");
    let mut strip = Command::new("strip");
    strip
        .arg("--strip-debug")
        .arg("-o")
        .arg(&stripped)
        .arg(program);
    answer(&mut strip)?;
    disk.file("bin/ulna", &stripped, 0o755)?;
    let libraries = answer(Command::new("ldd").arg(program))?;
    for library in libraries
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
    {
        disk.file(library.trim_start_matches('/'), Path::new(library), 0o755)?;
    }
    disk.tree(CALIBRATIONS, calibrations)?;
    let users = "root::0:0:root:/:/bin/sh\nuser::1000:1000:user:/tmp:/bin/sh\n";
    disk.entry("etc/passwd", users.as_bytes(), 0o100_644);
    // Programs from before that question know no such option.
    let help = answer(Command::new(program).args(["teleop", "--help"]))?;
    let yes = if help.contains("--yes") { "--yes" } else { "" };
    let init = INIT.replace("$CAMERAS", cameras::SCRIPT);
    let init = init.replace("$USBCAM", usb_camera::SCRIPT);
    let init = init.replace("$YES", yes).replace("$MODULES", &names);
    let init = init
        .replace("$WEBCAM", cameras::MODULE)
        .replace("$OPTIONS", cameras::OPTIONS);
    disk.entry("init", init.as_bytes(), 0o100_755);
    disk.entry("TRAILER!!!", &[], 0);
    Ok(disk.bytes)
}

#[derive(Default)]
struct Disk {
    bytes: Vec<u8>,
    entries: u32,
}

impl Disk {
    fn folder(&mut self, name: &str, mode: u32) {
        self.entry(name, &[], 0o40_000 | mode);
    }

    fn file(&mut self, name: &str, source: &Path, mode: u32) -> Result<()> {
        let data = fs::read(source).with_context(|| format!("cannot read {}", source.display()))?;
        self.entry(name, &data, 0o100_000 | mode);
        Ok(())
    }

    /// A folder with all that is in it, for everybody to write.
    fn tree(&mut self, name: &str, source: &Path) -> Result<()> {
        self.folder(name, 0o777);
        let within = |path: &Path| format!("cannot read {}", path.display());
        for entry in fs::read_dir(source).with_context(|| within(source))? {
            let path = entry?.path();
            let file_name = path.file_name().unwrap_or_default().to_string_lossy();
            let inner = format!("{name}/{file_name}");
            match path.is_dir() {
                true => self.tree(&inner, &path)?,
                false => self.file(&inner, &path, 0o666)?,
            }
        }
        Ok(())
    }

    /// A header of thirteen numbers of eight hexadecimal digits, the name, the data; both end on a multiple of four.
    fn entry(&mut self, name: &str, data: &[u8], mode: u32) {
        self.entries += 1;
        let lengths =
            [data.len(), name.len() + 1].map(|len| u32::try_from(len).unwrap_or(u32::MAX));
        let [data_len, name_len] = lengths;
        let links = 1;
        let numbers = [
            self.entries,
            mode,
            0,
            0,
            links,
            0,
            data_len,
            0,
            0,
            0,
            0,
            name_len,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for number in numbers {
            self.bytes
                .extend_from_slice(format!("{number:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(data);
        self.pad();
    }

    fn pad(&mut self) {
        let len = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(len, 0);
    }
}

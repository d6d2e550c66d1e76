//! Cameras in the guest: the kernel's `vivid` as two webcams, and what must come of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::seen::{Check, Seen};
use crate::command::answer;
use crate::conformance::environment::{installed, python_script};

/// The module, and what makes two webcams of it and nothing else.
pub(super) const MODULE: &str = "vivid";
pub(super) const OPTIONS: &str = "n_devs=2 node_types=0x1,0x1 num_inputs=1,1 input_types=0x0,0x0";
/// The guest's dataset leaves by the second serial port, in this file.
pub(super) const DATASET: &str = "dataset.tgz";
/// What is recorded: small pictures, since an emulated processor is slow.
const EPISODE_ROWS: usize = 50;

/// What the guest does with them, as user 1000. `vivid` lets itself be disconnected, and comes back once nothing has it open.
pub(super) const SCRIPT: &str = r#"
for i in $(seq 50); do [ -c /dev/video1 ] && break; sleep 0.1; done
chmod 666 /dev/video0 /dev/video1
front=/dev/video0,width=320,height=180,fps=10 wrist=/dev/video1,width=320,height=180,fps=10
as_user "ulna cameras list >/tmp/clist 2>&1; echo VM clist: \$?"
as_user "ulna cameras test $front $wrist >/tmp/ctest 2>&1; echo VM ctest: \$?"
as_user "ulna cameras test /dev/video0,width=641,height=480 >/tmp/cwrong 2>&1; echo VM cwrong: \$?"
as_user "ulna cameras controls /dev/video0 --set brightness=77 >/tmp/ccontrols 2>&1; echo VM ccontrols: \$?"
as_user "ulna cameras snapshot $front --output /tmp/pictures >/tmp/csnapshot 2>&1; echo VM csnapshot: \$?"
as_user "XDG_CONFIG_HOME=/tmp/config ulna rig new vm --robot-port /dev/ttyUSB0 --teleop none --rate 30 --camera front=$front --camera wrist=$wrist --yes >/tmp/crig 2>&1; echo VM crig: \$?"
record="XDG_CONFIG_HOME=/tmp/config ulna record vm --dataset /tmp/d --task look --fps 10 --episode-time 5 --reset-time 0 $YES"
as_user "$record >/tmp/crecord 2>&1; echo VM crecord: \$?"
as_user "$record --more 1 >/tmp/cagain 2>&1; echo VM cagain: \$?" &
again=$!
for i in $(seq 600); do ls -d /tmp/d/.ulna/*/ >/dev/null 2>&1 && break; sleep 0.1; done
sleep 1
as_user "ulna cameras controls /dev/video0 --set disconnect=0 >/tmp/cpull 2>&1"
as_user "ulna cameras controls /dev/video1 --set 'percentage of dropped buffers=30' >/tmp/cdrop 2>&1"
wait $again
for log in clist ctest cwrong ccontrols csnapshot crig crecord cpull cdrop cagain; do sed "s/^/VM $log| /" /tmp/$log; done
stty -F /dev/ttyS1 raw -echo 2>/dev/null
tar -C /tmp -czf - d >/dev/ttyS1 && echo "VM dataset sent"
sleep 1
"#;

/// What must come of them.
pub(super) const CHECKS: [Check; 7] = [
    Check {
        what: "`cameras list` names both webcams with what they offer",
        holds: |seen| {
            seen.says("VM clist: 0")
                && seen.of_log("clist", &["/dev/video0", "/dev/video1", "YUYV", "vivid"])
        },
    },
    Check {
        what: "both at once settle and are measured, with the driver's own time stamps",
        holds: |seen| {
            seen.says("VM ctest: 0") && seen.of_log("ctest", &["YUYV 320x180", "the driver's"])
        },
    },
    Check {
        what: "a size that is not to be had is refused with those that are",
        holds: |seen| seen.says("VM cwrong: 2") && seen.of_log("cwrong", &["width=641"]),
    },
    Check {
        what: "a control is set by its name and read back, and a picture becomes a file",
        holds: |seen| {
            seen.says("VM ccontrols: 0")
                && seen.of_log("ccontrols", &["Brightness: 77"])
                && seen.says("VM csnapshot: 0")
                && seen.of_log("csnapshot", &["picture", "video0.png"])
        },
    },
    Check {
        what: "`record` of a rig file takes an episode with both cameras",
        holds: |seen| seen.says("VM crig: 0") && seen.says("VM crecord: 0"),
    },
    Check {
        what: "a webcam that is disconnected while it records comes back, and one that drops pictures costs no row",
        holds: |seen| {
            seen.says("VM cagain: 0")
                && seen.of_log("cagain", &["camera `front` was lost and came back"])
        },
    },
    Check {
        what: "the dataset leaves the machine",
        holds: |seen| seen.says("VM dataset sent"),
    },
];

/// Looks at the dataset that the guest recorded: with `ulna`, and with Python LeRobot where it is installed. A line for each, and whether it
/// is as it should be.
pub(super) fn dataset_holds(
    root: &Path,
    program: &Path,
    scratch: &Path,
) -> Result<Vec<(bool, String)>> {
    let folder = unpacked(scratch)?;
    let mut lines = Vec::new();
    let mut check = Command::new(program);
    check.args(["dataset", "info", "--json"]).arg(&folder);
    let info: serde_json::Value =
        serde_json::from_str(&answer(&mut check)?).context("`ulna dataset info` is no JSON")?;
    let episodes = info["episodes"].as_array().map_or(0, Vec::len);
    let frames = &info["frames"];
    let whole = episodes == 2 && *frames == 2 * EPISODE_ROWS;
    lines.push((
        whole,
        format!(
            "the dataset holds {episodes} episodes and {frames} rows, not one of which was lost"
        ),
    ));
    let Some(python) = installed() else {
        lines.push((
            true,
            "SKIPPED Python LeRobot: `xtask conformance` installs it".to_owned(),
        ));
        return Ok(lines);
    };
    let list = scratch.join("list");
    let line = format!("{}\t{EPISODE_ROWS} {EPISODE_ROWS}\n", folder.display());
    std::fs::write(&list, line).context("cannot write a list")?;
    let said = answer(python_script(root, scratch, &python, "open_datasets.py").arg(&list));
    lines.push(match said {
        Ok(said) => (
            said.contains("PASS"),
            format!("Python LeRobot opens it: {}", said.replace('\t', " ")),
        ),
        Err(error) => (false, format!("Python LeRobot opens it: {error:#}")),
    });
    Ok(lines)
}

fn unpacked(scratch: &Path) -> Result<PathBuf> {
    let mut tar = Command::new("tar");
    tar.arg("-C")
        .arg(scratch)
        .arg("-xzf")
        .arg(scratch.join(DATASET));
    answer(&mut tar)?;
    Ok(scratch.join("d"))
}

/// Whether the guest's cameras were all as they should be.
pub(super) fn were_good(seen: &Seen) -> bool {
    CHECKS.iter().all(|check| (check.holds)(seen))
}

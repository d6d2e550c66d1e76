//! The webcam on USB in the guest: what is done with it, and what must come of it.

use super::seen::{Check, Seen};

/// What it hangs on, and its driver.
pub(super) const MODULES: [&str; 2] = ["ehci-pci", "uvcvideo"];
/// The guest's word for "now its cable may be pulled". The second time another one is plugged in instead.
pub(super) const PULL: &str = "VM pull the webcam";

/// What the guest does with it, as user 1000, to whom each new node is given at once, as udev would.
pub(super) const SCRIPT: &str = r#"
for i in $(seq 100); do [ -c /dev/video2 ] && [ -c /dev/video3 ] && break; sleep 0.1; done
while :; do chmod 666 /dev/video2 /dev/video3 2>/dev/null; sleep 0.05; done &
giving=$!
as_user "ulna cameras list >/tmp/ulist 2>&1; echo VM ulist: \$?"
as_user "ulna cameras test /dev/video2,width=320,height=240,fps=10 >/tmp/utest 2>&1; echo VM utest: \$?"
as_user "ulna cameras controls /dev/video2 >/tmp/ucontrols 2>&1; echo VM ucontrols: \$?"
as_user "ulna cameras test /dev/video2,width=320,height=240 --auto >/tmp/uauto 2>&1; ulna cameras controls /dev/video2 >>/tmp/uauto 2>&1; echo VM uauto: \$?"
as_user "ulna cameras test /dev/video3 >/tmp/umeta 2>&1; echo VM umeta: \$?"
as_user "ulna cameras test /dev/video2,width=640,height=480 >/tmp/usize 2>&1; echo VM usize: \$?"
record="ulna record --robot-port /dev/ttyUSB0 --robot-id vm --teleop none --rate 30 --camera front=/dev/video2,width=320,height=240 --dataset /tmp/u --task look --fps 10 --reset-time 0 $YES"
for run in urecord umore; do
  rows=$([ $run = urecord ] && echo "--episodes 1 --episode-time 7" || echo "--more 1 --episode-time 30")
  as_user "$record $rows >/tmp/$run 2>&1; echo VM $run: \$?" &
  recording=$!
  for i in $(seq 600); do ls -d /tmp/u/.ulna/*/ >/dev/null 2>&1 && break; sleep 0.1; done
  sleep 1
  echo "VM pull the webcam"
  wait $recording
done
kill $giving
as_user "ulna dataset info /tmp/u >/tmp/uinfo 2>&1; echo VM uinfo: \$?"
grep -E '"(serial|stamps|exposure)"' /tmp/u/meta/ulna/manifest.json >/tmp/uwho
for log in ulist utest ucontrols uauto umeta usize urecord umore uinfo uwho; do sed "s/^/VM $log| /" /tmp/$log; done
"#;

/// What must come of it.
pub(super) const CHECKS: [Check; 7] = [
    Check {
        what: "`cameras list` names a USB webcam behind uvcvideo with its bus and what it offers",
        holds: |seen| {
            seen.says("VM ulist: 0")
                && seen.of_log(
                    "ulist",
                    &["Test Webcam", "USB bus", "MJPG", "320x240 at 10"],
                )
                && !seen.of_log("ulist", &["/dev/video3"])
        },
    },
    Check {
        what: "MJPG without Huffman tables is decoded, stamped by its driver, and the camera locked where it had settled",
        holds: |seen| {
            let words = [
                "MJPG 320x240",
                "the driver's",
                "exposure 157",
                "white balance 4600",
                "focus 35",
            ];
            seen.says("VM utest: 0") && seen.of_log("utest", &words)
        },
    },
    Check {
        what: "afterwards exposure is manual, and the rate does not fall in the dark; `--auto` gives exposure back",
        holds: |seen| {
            let is_free =
                seen.says("VM uauto: 0") && seen.of_log("uauto", &["Aperture Priority Mode"]);
            seen.says("VM ucontrols: 0") && is_locked(seen) && is_free
        },
    },
    Check {
        what: "its node for metadata is refused as one, a size that it has not with those that it has",
        holds: |seen| {
            seen.says("VM umeta: 1")
                && seen.of_log("umeta", &["the pictures come from the other"])
                && seen.says("VM usize: 1")
                && seen.of_log("usize", &["no 640x480; it has: MJPG 320x240"])
        },
    },
    Check {
        what: "pulled and plugged in again while it records, it comes back, and no row is lost",
        holds: |seen| {
            seen.says("VM urecord: 0")
                && seen.of_log("urecord", &["camera `front` was lost and came back"])
                && seen.of_log("uinfo", &["70"])
        },
    },
    Check {
        what: "another webcam in its place ends the session by name, and what was recorded stays",
        holds: |seen| {
            seen.says("VM umore: 1")
                && seen.of_log(
                    "umore",
                    &["another camera is there now", "`UL001` and is `UL002`"],
                )
                && seen.says("VM uinfo: 0")
        },
    },
    Check {
        what: "the dataset says who it was, whose time stamps it has, and where it was locked",
        holds: |seen| seen.of_log("uwho", &["\"UL001\"", "\"driver\"", "157"]),
    },
];

fn is_locked(seen: &Seen) -> bool {
    seen.of_log("ucontrols", &["Manual Mode"])
        && seen.lines_of("ucontrols").any(|line| {
            let mut words = line.split_whitespace().rev();
            line.starts_with("Exposure, Dynamic Framerate") && words.any(|word| word == "0")
        })
}

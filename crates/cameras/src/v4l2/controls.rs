//! Exposure, white balance and focus: they settle, and are then locked at what they settled to. A picture that changes its brightness by itself
//! is not what a policy learns from.

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::device::{Control, ControlKind, VideoDevice};
use crate::settings::CameraSettings;

// Of `linux/v4l2-controls.h`.
const AUTO_WHITE_BALANCE: u32 = 0x0098_090C;
const WHITE_BALANCE: u32 = 0x0098_091A;
const AUTO_EXPOSURE: u32 = 0x009A_0901;
const EXPOSURE: u32 = 0x009A_0902;
/// `V4L2_CID_EXPOSURE_AUTO_PRIORITY`, "Exposure, Dynamic Framerate": in the dark fewer pictures are taken.
const DYNAMIC_RATE: u32 = 0x009A_0903;
const FOCUS: u32 = 0x009A_090A;
const AUTO_FOCUS: u32 = 0x009A_090C;
/// `V4L2_EXPOSURE_MANUAL` and `V4L2_EXPOSURE_APERTURE_PRIORITY`.
const EXPOSURE_MANUAL: i32 = 1;
const EXPOSURE_APERTURE: i32 = 3;

/// A driver that enumerates without end is not believed.
const MOST: usize = 256;

/// What exposure, white balance and focus were locked at, in the camera's units; absent where the camera has no such control, or it
/// was left to the camera.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// Exposure time, 100 µs for USB cameras.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<i32>,
    /// K.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub white_balance: Option<i32>,
    /// The camera's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<i32>,
}

/// One thing that a camera may decide by itself.
struct Automatism {
    name: &'static str,
    switch: u32,
    value: u32,
}

const EXPOSING: Automatism = Automatism {
    name: "exposure",
    switch: AUTO_EXPOSURE,
    value: EXPOSURE,
};
const BALANCING: Automatism = Automatism {
    name: "white balance",
    switch: AUTO_WHITE_BALANCE,
    value: WHITE_BALANCE,
};
const FOCUSING: Automatism = Automatism {
    name: "focus",
    switch: AUTO_FOCUS,
    value: FOCUS,
};

impl Automatism {
    fn manual(&self) -> i32 {
        if self.switch == AUTO_EXPOSURE {
            EXPOSURE_MANUAL
        } else {
            0
        }
    }

    /// The automatic mode: the driver's usual one, unless that is manual.
    fn automatic(&self, switch: &Control) -> i32 {
        match (self.switch, switch.usual) {
            (AUTO_EXPOSURE, EXPOSURE_MANUAL) => EXPOSURE_APERTURE,
            (AUTO_EXPOSURE, usual) => usual,
            _ => 1,
        }
    }

    fn given(&self, settings: &CameraSettings) -> Option<i32> {
        match self.switch {
            AUTO_EXPOSURE => settings.exposure,
            AUTO_WHITE_BALANCE => settings.white_balance,
            _ => settings.focus,
        }
    }
}

const ALL: [Automatism; 3] = [EXPOSING, BALANCING, FOCUSING];

/// All controls of a device.
pub(crate) fn controls(device: &mut dyn VideoDevice) -> Vec<Control> {
    let mut controls: Vec<Control> = Vec::new();
    let mut last = 0;
    while controls.len() < MOST
        && let Ok(control) = device.control_after(last)
    {
        last = control.id;
        controls.push(control);
    }
    controls
}

/// Prepares a camera to settle: the automatisms on where the settings give no value, the dynamic frame rate off. A sentence for each thing that
/// could not be done.
pub(crate) fn begin(device: &mut dyn VideoDevice, settings: &CameraSettings) -> Vec<String> {
    let there = controls(device);
    let find = |id: u32| there.iter().find(|control| control.id == id);
    let mut notes = Vec::new();
    if find(DYNAMIC_RATE).is_some()
        && let Err(error) = device.set_control(DYNAMIC_RATE, 0)
    {
        notes.push(format!(
            "its rate may fall in the dark: the driver keeps the dynamic frame rate on ({error})"
        ));
    }
    for what in ALL {
        let (switch, value) = (find(what.switch), find(what.value));
        let name = what.name;
        match (what.given(settings), switch, value) {
            (Some(_), _, None) => notes.push(format!("it has no control of its {name}")),
            (Some(given), switch, Some(value)) => {
                if !(value.least..=value.most).contains(&given) {
                    let (least, most) = (value.least, value.most);
                    notes.push(format!(
                        "its {name} goes from {least} to {most}: {given} is not set"
                    ));
                    continue;
                }
                let manual =
                    switch.map_or(Ok(()), |_| device.set_control(what.switch, what.manual()));
                if let Err(error) = manual.and_then(|()| device.set_control(what.value, given)) {
                    notes.push(format!("its {name} cannot be set: {error}"));
                }
            }
            (None, Some(switch), _) => {
                // Also where they stay automatic: an earlier session may have locked them. One that is refused stays as it is.
                let _ = device.set_control(what.switch, what.automatic(switch));
            }
            (None, None, _) => {}
        }
    }
    notes
}

/// Locks what has settled; gives the values, and a sentence for each thing that stays automatic.
pub(crate) fn lock(
    device: &mut dyn VideoDevice,
    settings: &CameraSettings,
) -> (Locked, Vec<String>) {
    let there = controls(device);
    let has = |id: u32| there.iter().any(|control| control.id == id);
    let mut notes = Vec::new();
    let mut locked = |what: &Automatism| {
        if !has(what.value) {
            if has(what.switch) && !settings.auto {
                notes.push(format!(
                    "its {} cannot be locked: it has no control of it",
                    what.name
                ));
            }
            return None;
        }
        if what.given(settings).is_some() {
            return device.get_control(what.value).ok();
        }
        if settings.auto || !has(what.switch) {
            return None;
        }
        match lock_one(device, what) {
            Ok(value) => Some(value),
            Err(error) => {
                notes.push(format!("its {} cannot be locked: {error}", what.name));
                None
            }
        }
    };
    let values = Locked {
        exposure: locked(&EXPOSING),
        white_balance: locked(&BALANCING),
        focus: locked(&FOCUSING),
    };
    (values, notes)
}

fn lock_one(device: &mut dyn VideoDevice, what: &Automatism) -> Result<i32, Errno> {
    let settled = device.get_control(what.value)?;
    device.set_control(what.switch, what.manual())?;
    device.set_control(what.value, settled)?;
    device.get_control(what.value)
}

/// Leaves the exposure to the camera again.
pub(crate) fn unlock_exposure(device: &mut dyn VideoDevice) {
    let switch = controls(device)
        .into_iter()
        .find(|control| control.id == AUTO_EXPOSURE);
    if let Some(switch) = switch {
        // One that is refused stays as it is.
        let _ = device.set_control(AUTO_EXPOSURE, EXPOSING.automatic(&switch));
    }
}

/// A control with its value, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CameraControl {
    /// As the driver calls it.
    pub name: String,
    /// The value now, if it can be read.
    pub value: Option<i32>,
    /// Least, most and step.
    pub range: (i32, i32, i32),
    /// What it is unless set.
    pub usual: i32,
    /// Names of the values of a menu.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub menu: Vec<(i32, String)>,
    /// Another control decides it now.
    pub inactive: bool,
}

/// The controls of a device that hold a number.
pub(crate) fn described(device: &mut dyn VideoDevice) -> Vec<CameraControl> {
    let numbers = controls(device);
    let numbers = numbers
        .into_iter()
        .filter(|control| control.kind != ControlKind::Other);
    let described = numbers.map(|control| CameraControl {
        value: device.get_control(control.id).ok(),
        menu: match control.kind {
            ControlKind::Menu => menu(device, &control),
            _ => Vec::new(),
        },
        range: (control.least, control.most, control.step),
        usual: control.usual,
        inactive: control.inactive,
        name: control.name,
    });
    described.collect()
}

fn menu(device: &mut dyn VideoDevice, control: &Control) -> Vec<(i32, String)> {
    let most = control.most.min(control.least.saturating_add(MOST as i32));
    let entries = (control.least..=most).filter_map(|value| {
        let index = u32::try_from(value).ok()?;
        Some((value, device.menu_entry(control.id, index).ok()?))
    });
    entries.collect()
}

/// Sets the control of this name, however it is cased and spaced; gives its name and value as read back.
///
/// # Errors
/// In words, if there is none, or the value is refused.
pub(crate) fn set(
    device: &mut dyn VideoDevice,
    name: &str,
    value: i32,
) -> Result<(String, i32), String> {
    let plain = |name: &str| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters
            .map(|letter| letter.to_ascii_lowercase())
            .collect::<String>()
    };
    let there = controls(device);
    let control = there
        .iter()
        .find(|control| plain(&control.name) == plain(name));
    let control = control.ok_or_else(|| {
        let names: Vec<&str> = there.iter().map(|control| control.name.as_str()).collect();
        format!("it has no control `{name}`; it has: {}", names.join(", "))
    })?;
    if control.read_only {
        return Err(format!("`{}` can only be read", control.name));
    }
    if !(control.least..=control.most).contains(&value) {
        let Control { least, most, .. } = control;
        return Err(format!(
            "`{}` goes from {least} to {most}, which {value} is not in",
            control.name
        ));
    }
    let inactive = match control.inactive {
        true => "; it is inactive: an automatic control decides it now, switch that off first",
        false => "",
    };
    let refused = |error: Errno| format!("`{}` cannot be set: {error}{inactive}", control.name);
    device.set_control(control.id, value).map_err(refused)?;
    // A button is pressed, and has no value.
    if control.kind == ControlKind::Other {
        return Ok((control.name.clone(), value));
    }
    let is = device.get_control(control.id).map_err(refused)?;
    Ok((control.name.clone(), is))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4l2::scripted::Scripted;

    fn settings(text: &str) -> CameraSettings {
        CameraSettings::parse(text).unwrap()
    }

    #[test]
    fn what_has_settled_is_locked_where_it_was() {
        let (mut device, usual) = (Scripted::webcam(), settings("0"));
        assert_eq!(begin(&mut device, &usual), Vec::<String>::new());
        assert_eq!(device.value(DYNAMIC_RATE), 0);
        assert_eq!(device.value(AUTO_EXPOSURE), EXPOSURE_APERTURE);
        device.settle(&[(EXPOSURE, 312), (WHITE_BALANCE, 4100), (FOCUS, 35)]);
        let (locked, notes) = lock(&mut device, &usual);
        let wanted = Locked {
            exposure: Some(312),
            white_balance: Some(4100),
            focus: Some(35),
        };
        assert_eq!((locked, notes), (wanted, Vec::new()));
        assert_eq!(
            [AUTO_EXPOSURE, AUTO_WHITE_BALANCE, AUTO_FOCUS].map(|id| device.value(id)),
            [1, 0, 0]
        );
        unlock_exposure(&mut device);
        assert_eq!(device.value(AUTO_EXPOSURE), EXPOSURE_APERTURE);
    }

    #[test]
    fn values_that_are_given_are_set_and_auto_leaves_the_rest() {
        let (mut device, given) = (Scripted::webcam(), settings("0,exposure=200,auto=true"));
        assert!(begin(&mut device, &given).is_empty());
        let (locked, _) = lock(&mut device, &given);
        assert_eq!(
            locked,
            Locked {
                exposure: Some(200),
                ..Locked::default()
            }
        );
        assert_eq!(
            (device.value(AUTO_EXPOSURE), device.value(AUTO_FOCUS)),
            (1, 1)
        );
        // What an earlier session has locked is the camera's again.
        let (mut device, auto) = (Scripted::webcam(), settings("0,auto=true"));
        lock(&mut device, &settings("0"));
        assert_eq!(device.value(AUTO_FOCUS), 0);
        begin(&mut device, &auto);
        assert_eq!(lock(&mut device, &auto).0, Locked::default());
        let switches = [AUTO_EXPOSURE, AUTO_WHITE_BALANCE, AUTO_FOCUS];
        let automatic = [EXPOSURE_APERTURE, 1, 1];
        assert_eq!(switches.map(|id| device.value(id)), automatic);
        let notes = begin(&mut Scripted::webcam(), &settings("0,exposure=999999"));
        assert!(
            notes[0].contains("exposure goes from 3 to 2047"),
            "{notes:?}"
        );
    }

    #[test]
    fn controls_are_set_by_name_and_read_back() {
        let mut device = Scripted::webcam();
        assert_eq!(set(&mut device, "exposure_time_absolute", 7), Err("`Exposure Time, Absolute` cannot be set: Permission denied (os error 13); it is inactive: an automatic control decides it now, switch that off first".to_owned()));
        assert_eq!(
            set(&mut device, "auto exposure", 1),
            Ok(("Auto Exposure".to_owned(), 1))
        );
        assert_eq!(set(&mut device, "exposure time absolute", 7).unwrap().1, 7);
        assert!(
            set(&mut device, "sharpness", 7)
                .unwrap_err()
                .contains("Auto Exposure")
        );
        assert!(
            set(&mut device, "auto exposure", 9)
                .unwrap_err()
                .contains("from 0 to 3")
        );
        let all = described(&mut device);
        assert_eq!(all[2].menu[0], (1, "Manual Mode".to_owned()));
    }
}

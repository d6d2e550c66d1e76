//! Who a camera is, so that another one is noticed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::usb;
use crate::v4l2::device::Capability;

/// Who a camera is, as far as it can be known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraIdentity {
    /// The camera's name, as its driver says it; empty if it has none.
    #[serde(default)]
    pub card: String,
    /// Its serial number on USB, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Its link in `/dev/v4l/by-id`: cameras of a model that have no serial numbers share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_id: Option<PathBuf>,
    /// Its link in `/dev/v4l/by-path`: the socket that it is plugged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_path: Option<PathBuf>,
    /// Where it hangs, in its driver's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bus_info: String,
    /// The address of one that is no device of this computer, without a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl CameraIdentity {
    /// What is at an address, which has no password in it.
    pub(crate) fn of_address(address: &str) -> Self {
        Self {
            address: Some(address.to_owned()),
            ..Self::default()
        }
    }

    /// What the system whose root is `root` knows of a device.
    pub(crate) fn of_device(root: &Path, device: &Path) -> Self {
        Self {
            serial: usb::serial(root, device),
            by_id: link_to(root, "by-id", device),
            by_path: link_to(root, "by-path", device),
            ..Self::default()
        }
    }

    /// What the driver knows.
    pub(crate) fn is(&mut self, capability: Capability) {
        self.card = capability.card;
        self.bus_info = capability.bus_info;
    }

    /// The link that stays: by serial number if there is one, else by socket.
    pub(crate) fn lasting(&self) -> Option<&Path> {
        let by_id = self.by_id.as_deref().filter(|_| self.serial.is_some());
        by_id.or(self.by_path.as_deref()).or(self.by_id.as_deref())
    }

    /// How `other` differs from this one, which is in the dataset, in words; nothing if it is the same camera as far as can be known.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let differs =
            |what: &str, was: &str, is: &str| Some(format!("{what} was `{was}` and is `{is}`"));
        let path = |path: &Option<PathBuf>| {
            path.as_ref()
                .map_or("none".to_owned(), |path| path.display().to_string())
        };
        if self.address != other.address {
            let address = |one: &Self| one.address.clone().unwrap_or("a device".to_owned());
            return differs("its address", &address(self), &address(other));
        }
        if self.card != other.card {
            return differs("the camera", &self.card, &other.card);
        }
        if self.serial != other.serial {
            let serial = |one: &Self| one.serial.clone().unwrap_or("none".to_owned());
            return differs("its serial number", &serial(self), &serial(other));
        }
        if self.serial.is_some() {
            return None; // in whichever socket
        }
        // Two of a model without serial numbers differ only in their sockets.
        match (&self.by_path, &other.by_path) {
            (Some(was), Some(is)) if was != is => differs(
                "its socket (it has no serial number)",
                &path(&self.by_path),
                &path(&other.by_path),
            ),
            (Some(_), Some(_)) => None,
            _ if self.bus_info != other.bus_info => {
                differs("its place", &self.bus_info, &other.bus_info)
            }
            _ => None,
        }
    }
}

/// The link under `dev/v4l/<kind>` that leads to a device.
fn link_to(root: &Path, kind: &str, device: &Path) -> Option<PathBuf> {
    let folder = root.join("dev/v4l").join(kind);
    let wanted = device.file_name()?;
    let entries = fs::read_dir(folder).ok()?.flatten();
    let leads = entries.filter(|entry| {
        fs::read_link(entry.path()).is_ok_and(|target| target.file_name() == Some(wanted))
    });
    let mut links: Vec<PathBuf> = leads
        .map(|entry| Path::new("/dev/v4l").join(kind).join(entry.file_name()))
        .collect();
    links.sort();
    links.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn camera(serial: Option<&str>, socket: &str) -> CameraIdentity {
        CameraIdentity {
            card: "HD Webcam".to_owned(),
            serial: serial.map(str::to_owned),
            by_path: Some(PathBuf::from(socket)),
            ..CameraIdentity::default()
        }
    }

    #[test]
    fn another_camera_is_noticed_and_the_same_in_another_socket_is_not() {
        let mine = camera(Some("A1"), "one");
        assert_eq!(mine.difference(&camera(Some("A1"), "two")), None);
        assert!(
            mine.difference(&camera(Some("B2"), "one"))
                .unwrap()
                .contains("`A1` and is `B2`")
        );
        let bare = camera(None, "one");
        assert_eq!(bare.difference(&camera(None, "one")), None);
        assert!(
            bare.difference(&camera(None, "two"))
                .unwrap()
                .contains("socket")
        );
        let other = CameraIdentity {
            card: "Laptop".to_owned(),
            ..bare.clone()
        };
        assert!(bare.difference(&other).unwrap().contains("Laptop"));
    }

    #[test]
    fn links_and_serial_numbers_are_found() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        for folder in [
            "dev/v4l/by-id",
            "dev/v4l/by-path",
            "sys/class/video4linux",
            "sys/devices/usb1/1-2/1-2:1.0/video4linux/video0",
        ] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        for (file, text) in [
            ("idVendor", "046d\n"),
            ("serial", "A1B2\n"),
            ("busnum", "1\n"),
            ("speed", "480\n"),
        ] {
            fs::write(at("sys/devices/usb1/1-2").join(file), text).unwrap();
        }
        symlink(
            at("sys/devices/usb1/1-2/1-2:1.0/video4linux/video0"),
            at("sys/class/video4linux/video0"),
        )
        .unwrap();
        symlink(
            "../../../1-2:1.0",
            at("sys/devices/usb1/1-2/1-2:1.0/video4linux/video0/device"),
        )
        .unwrap();
        symlink("../../video0", at("dev/v4l/by-id/usb-Logi-index0")).unwrap();
        symlink("../../video1", at("dev/v4l/by-id/usb-Logi-index1")).unwrap();
        symlink("../../video0", at("dev/v4l/by-path/pci-usb-0:2")).unwrap();
        let found = CameraIdentity::of_device(root.path(), Path::new("/dev/video0"));
        assert_eq!(found.serial.as_deref(), Some("A1B2"));
        assert_eq!(
            found.lasting(),
            Some(Path::new("/dev/v4l/by-id/usb-Logi-index0"))
        );
        assert_eq!(
            found.by_path.as_deref(),
            Some(Path::new("/dev/v4l/by-path/pci-usb-0:2"))
        );
        let place = usb::usb_place(root.path(), Path::new("/dev/video0")).unwrap();
        assert_eq!((place.bus, place.speed_mbit), (1, 480.0));
    }
}

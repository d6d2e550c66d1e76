//! Where a camera hangs on USB, and whether its bus carries what it is asked for.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A place on USB.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsbPlace {
    /// The bus: cameras on one bus share its bandwidth.
    pub bus: u32,
    /// The speed of the device, Mbit/s.
    pub speed_mbit: f64,
}

/// The folder in sysfs of the USB device behind a video device.
fn usb_device(root: &Path, device: &Path) -> Option<PathBuf> {
    let class = root.join("sys/class/video4linux").join(device.file_name()?);
    let interface = fs::canonicalize(class.join("device")).ok()?;
    let mut folders = interface.ancestors();
    folders
        .find(|folder| folder.join("idVendor").exists())
        .map(Path::to_owned)
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The serial number of the USB device behind a video device. Makers that write the same few digits into all of theirs have none.
pub(crate) fn serial(root: &Path, device: &Path) -> Option<String> {
    let serial = read(&usb_device(root, device)?.join("serial"))?;
    let own = serial
        .chars()
        .any(|letter| !matches!(letter, '0' | '.' | '-'))
        && serial != "SN0001"
        && serial != "200901010001";
    own.then_some(serial)
}

/// Where a video device hangs.
pub(crate) fn usb_place(root: &Path, device: &Path) -> Option<UsbPlace> {
    let folder = usb_device(root, device)?;
    Some(UsbPlace {
        bus: read(&folder.join("busnum"))?.parse().ok()?,
        speed_mbit: read(&folder.join("speed"))?.parse().ok()?,
    })
}

/// Of what a USB bus carries, isochronous transfers may take so much: 80 % at high speed (USB 2.0, 5.6.4).
const SHARE: f64 = 0.8;
/// Bits per pixel of YUYV, and of MJPG as webcams pack it (measured: 9 Mbit/s at 640x480 and 30 a second).
const YUYV_BITS: f64 = 16.0;
const MJPG_BITS: f64 = 1.0;

/// What a camera asks of its bus.
#[derive(Debug, Clone)]
pub struct UsbDemand {
    /// The camera's name.
    pub camera: String,
    /// Where it hangs.
    pub place: UsbPlace,
    /// Such as `MJPG`.
    pub format: String,
    /// Width and height, pixels.
    pub size: (u32, u32),
    /// Pictures per second.
    pub fps: f64,
}

impl UsbDemand {
    /// An estimate, Mbit/s.
    pub fn mbit(&self) -> f64 {
        let bits = if self.format == "MJPG" {
            MJPG_BITS
        } else {
            YUYV_BITS
        };
        f64::from(self.size.0) * f64::from(self.size.1) * bits * self.fps / 1e6
    }
}

/// One sentence for each bus that these cameras ask too much of.
pub fn overloaded(demands: &[UsbDemand]) -> Vec<String> {
    let mut buses: Vec<u32> = demands.iter().map(|demand| demand.place.bus).collect();
    buses.sort_unstable();
    buses.dedup();
    let over = buses.into_iter().filter_map(|bus| {
        let on_it: Vec<&UsbDemand> = demands.iter().filter(|demand| demand.place.bus == bus).collect();
        // A slow hub in between is the narrowest place of its camera; the bus itself is as fast as its fastest camera at least.
        let speed = on_it.iter().map(|demand| demand.place.speed_mbit).fold(0.0, f64::max);
        let asked: f64 = on_it.iter().map(|demand| demand.mbit()).sum();
        (asked > SHARE * speed).then(|| {
            let names: Vec<String> = on_it.iter().map(|demand| format!("{} {:.0}", demand.camera, demand.mbit())).collect();
            format!(
                "USB bus {bus} carries some {:.0} Mbit/s for cameras, and these ask for {asked:.0} ({}): use fourcc=MJPG, smaller pictures, or a socket of another USB controller",
                SHARE * speed,
                names.join(", ")
            )
        })
    });
    over.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(camera: &str, bus: u32, format: &str) -> UsbDemand {
        UsbDemand {
            camera: camera.to_owned(),
            place: UsbPlace {
                bus,
                speed_mbit: 480.0,
            },
            format: format.to_owned(),
            size: (640, 480),
            fps: 30.0,
        }
    }

    #[test]
    fn three_uncompressed_cameras_do_not_fit_one_bus() {
        assert_eq!(demand("a", 1, "YUYV").mbit().round(), 147.0);
        let on = |buses: [u32; 3], format: &str| {
            let all: Vec<UsbDemand> = ["front", "wrist", "top"]
                .iter()
                .zip(buses)
                .map(|(name, bus)| demand(name, bus, format))
                .collect();
            overloaded(&all)
        };
        let over = on([1, 1, 1], "YUYV");
        assert!(
            over.len() == 1 && over[0].contains("442") && over[0].contains("wrist 147"),
            "{over:?}"
        );
        assert!(on([1, 1, 2], "YUYV").is_empty());
        assert!(on([1, 1, 1], "MJPG").is_empty());
    }
}

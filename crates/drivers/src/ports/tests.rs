#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;

/// A system with one USB adapter, one UART of the board, one place for a UART that is not there, and a console.
fn system() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    let write = |path: &str, text: &str| {
        fs::create_dir_all(at(path).parent().unwrap()).unwrap();
        fs::write(at(path), text).unwrap();
    };
    let usb = "sys/devices/pci0/usb2/2-1/2-1.4";
    for (file, text) in [
        ("idVendor", "1a86\n"),
        ("idProduct", "55d3\n"),
        ("product", "USB Single Serial\n"),
        ("serial", "58FA083324\n"),
    ] {
        write(&format!("{usb}/{file}"), text);
    }
    for name in ["ttyACM0", "ttyAMA0", "ttyS0", "tty1"] {
        fs::create_dir_all(at(&format!("sys/class/tty/{name}"))).unwrap();
    }
    fs::create_dir_all(at(&format!("{usb}/2-1.4:1.0"))).unwrap();
    symlink(
        at(&format!("{usb}/2-1.4:1.0")),
        at("sys/class/tty/ttyACM0/device"),
    )
    .unwrap();
    fs::create_dir_all(at("sys/devices/soc/serial")).unwrap();
    for (name, kind) in [("ttyAMA0", "32\n"), ("ttyS0", "0\n")] {
        symlink(
            at("sys/devices/soc/serial"),
            at(&format!("sys/class/tty/{name}/device")),
        )
        .unwrap();
        write(&format!("sys/class/tty/{name}/type"), kind);
    }
    fs::create_dir_all(at("dev/serial/by-id")).unwrap();
    symlink(
        "../../ttyACM0",
        at("dev/serial/by-id/usb-1a86_USB_Single_Serial_58FA083324-if00"),
    )
    .unwrap();
    root
}

#[test]
fn ports_are_identified_by_what_is_plugged_in() {
    let root = system();
    let ports = list_in(root.path());
    let paths: Vec<_> = ports
        .iter()
        .map(|port| port.path.to_str().unwrap())
        .collect();
    assert_eq!(paths, ["/dev/ttyACM0", "/dev/ttyAMA0"]);
    let adapter = &ports[0];
    assert_eq!(
        adapter.name(),
        Path::new("/dev/serial/by-id/usb-1a86_USB_Single_Serial_58FA083324-if00")
    );
    assert_eq!(
        adapter.description(),
        "USB Single Serial [1a86:55d3], serial number 58FA083324"
    );
    assert_eq!(
        adapter.usb.as_ref().unwrap().socket.as_deref(),
        Some("2-1.4")
    );
    assert!(
        adapter.looks_like.unwrap().contains("SO-101"),
        "{adapter:?}"
    );
    assert_eq!(ports[1].usb, None);
}

#[test]
fn the_port_that_vanished_is_named() {
    let root = system();
    let before = list_in(root.path());
    fs::remove_dir_all(root.path().join("sys/class/tty/ttyACM0")).unwrap();
    let after = list_in(root.path());
    assert_eq!(gone(&before, &after), [&before[0]]);
    assert!(gone(&before, &before).is_empty());
}

#[test]
fn who_holds_a_device_is_found() {
    let missing = access(Path::new("/dev/no-such-port"));
    assert_eq!(missing, PortAccess::Missing);
    let file = tempfile::NamedTempFile::new().unwrap();
    assert_eq!(access(file.path()), PortAccess::Free);
    let sleeper = std::process::Command::new("sleep")
        .arg("30")
        .stdin(fs::File::open(file.path()).unwrap())
        .spawn();
    let mut sleeper = sleeper.unwrap();
    let found = access(file.path());
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    let pid = format!("(pid {})", sleeper.id());
    assert!(
        matches!(&found, PortAccess::Busy { holders } if holders.len() == 1 && holders[0].ends_with(&pid)),
        "{found:?}"
    );
}

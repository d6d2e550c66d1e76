//! Adapters by their USB ids. Several boards carry the same chip, so this is what a port looks like, not what it is.

/// The ids of ulna's own bridge board: those that pid.codes reserves for tests, under which nothing may be sold.
pub(super) const BRIDGE: (u16, u16) = (0x1209, 0x0001);

/// Vendor, product (any if absent), and what people use it for here.
const KNOWN: [(u16, Option<u16>, &str); 13] = [
    (
        0x1A86,
        Some(0x55D3),
        "servo adapter with a CH343 (Waveshare and Feetech boards of SO-100, SO-101 and LeKiwi)",
    ),
    (
        0x1A86,
        Some(0x55D4),
        "adapter with a CH9102 (Feetech boards, ESP32 boards)",
    ),
    (
        0x1A86,
        Some(0x7523),
        "adapter with a CH340 (Feetech FE-URT-1, Arduino clones)",
    ),
    (0x1A86, Some(0x5523), "adapter with a CH341"),
    (
        0x0403,
        Some(0x6014),
        "adapter with an FT232H (ROBOTIS U2D2 for Dynamixel)",
    ),
    (
        0x0403,
        Some(0x6001),
        "adapter with an FT232R (USB2Dynamixel and others)",
    ),
    (0x0403, Some(0x6015), "adapter with an FT230X"),
    (
        0x2F5D,
        None,
        "ROBOTIS board (OpenRB-150 and kin, Dynamixel)",
    ),
    (
        0x10C4,
        Some(0xEA60),
        "adapter with a CP210x (ESP32 servo boards, RPLIDAR)",
    ),
    (
        BRIDGE.0,
        Some(BRIDGE.1),
        "ulna's bridge board (its first port: bridge:PORT, its second passes raw bytes)",
    ),
    (0x2E8A, None, "Raspberry Pi Pico (an MCU bridge?)"),
    (0x303A, None, "ESP32 with its own USB (an MCU bridge?)"),
    (0x0483, Some(0x5740), "STM32 board with its own USB"),
];

/// Whether a USB device is ulna's own bridge board.
pub(super) fn is_bridge(vid: u16, pid: u16) -> bool {
    (vid, pid) == BRIDGE
}

/// What a USB device looks like.
pub(super) fn looks_like(vid: u16, pid: u16) -> Option<&'static str> {
    KNOWN
        .iter()
        .find(|(vendor, product, _)| *vendor == vid && product.is_none_or(|one| one == pid))
        .map(|(_, _, words)| *words)
}

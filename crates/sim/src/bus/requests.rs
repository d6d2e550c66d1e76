//! Requests in memory of their own, since answering one needs the whole bus.

use ulna_bus::{dynamixel, feetech};

/// A packet of Feetech's protocols.
#[derive(Debug, Clone, Copy)]
pub(super) struct FeetechRequest {
    pub(super) id: u8,
    pub(super) kind: u8,
    pub(super) params: [u8; feetech::MAX_PACKET],
    pub(super) len: usize,
}

impl From<feetech::Packet<'_>> for FeetechRequest {
    fn from(packet: feetech::Packet<'_>) -> Self {
        let mut params = [0; feetech::MAX_PACKET];
        let len = packet.params.len().min(feetech::MAX_PACKET);
        params[..len].copy_from_slice(&packet.params[..len]);
        Self {
            id: packet.id,
            kind: packet.kind,
            params,
            len,
        }
    }
}

/// A packet of Dynamixel Protocol 2.0.
#[derive(Debug, Clone, Copy)]
pub(super) struct DynamixelRequest {
    pub(super) id: u8,
    pub(super) instruction: u8,
    pub(super) params: [u8; dynamixel::MAX_PACKET],
    pub(super) len: usize,
}

impl From<dynamixel::Packet<'_>> for DynamixelRequest {
    fn from(packet: dynamixel::Packet<'_>) -> Self {
        let mut params = [0; dynamixel::MAX_PACKET];
        let len = packet.params.len().min(dynamixel::MAX_PACKET);
        params[..len].copy_from_slice(&packet.params[..len]);
        Self {
            id: packet.id,
            instruction: packet.instruction,
            params,
            len,
        }
    }
}

//! The buses of a simulated robot, and the wires to them.

use std::path::PathBuf;

use ulna_drivers::bridge::{BridgeClient, BridgePort, PREFIX};
use ulna_drivers::{Port, PortError, SerialPort, open_port};
use ulna_rt::VirtualClock;

use crate::adapter::{Adapter, AdapterModel};
use crate::board::{PtyBoard, SoftBoard};
use crate::bus::{BusOptions, Meter, ServoBus, Traffic};
use crate::fault::FaultPlan;
use crate::memory::MemoryPort;
use crate::plant::Plant;
use crate::pty::PtyBus;
use crate::workbench::Workbench;
use crate::world::error::SimError;
use crate::world::options::{SimArm, Wire};

/// One simulated bus with a wire to it.
#[derive(Debug)]
pub(crate) struct WiredBus<P> {
    /// `follower`, `leader right`.
    role: String,
    baud: u32,
    meter: Meter,
    wire: BusWire<P>,
}

#[derive(Debug)]
enum BusWire<P> {
    /// The port holds the bus; it is given away once.
    InMemory(Option<MemoryPort<P>>),
    /// A thread serves the bus behind a terminal until this is dropped.
    Pty { bus: PtyBus<P>, taken: bool },
    /// The same behind a bridge board: the port holds both.
    BoardInMemory(Option<MemoryPort<P>>),
    /// A thread serves the board behind two terminals, and the bus behind it.
    Board { board: PtyBoard, taken: bool },
}

impl<P: Plant + Send + 'static> WiredBus<P> {
    /// The servos of an arm, calibrated and with these registers in their EEPROM, moving this plant.
    pub(crate) fn new(
        role: &str,
        arm: &SimArm,
        registers: &std::collections::BTreeMap<String, i32>,
        plant: P,
        surroundings: (FaultPlan, Adapter),
        wire: Wire,
    ) -> Result<Self, SimError> {
        let servos = Workbench::calibrated(&arm.kind, &arm.calibration, registers, true)?;
        let (faults, adapter) = surroundings;
        let options = BusOptions {
            faults,
            adapter,
            ..BusOptions::default()
        };
        let bus = servos.into_bus(plant, options)?;
        let role = format!("{role} {}", arm.side).trim_end().to_owned();
        Ok(Self {
            meter: bus.meter(),
            wire: BusWire::new(bus, &role, wire, adapter.model == AdapterModel::Bridge)?,
            role,
            baud: arm.kind.bus.baud,
        })
    }

    /// The host's port, the first time.
    pub(crate) fn port(&mut self) -> Result<Option<Box<dyn Port>>, SimError> {
        match &mut self.wire {
            BusWire::InMemory(port) => Ok(port.take().map(|port| Box::new(port) as Box<dyn Port>)),
            BusWire::Pty { taken: true, .. } => Ok(None),
            BusWire::Pty { bus, taken } => {
                let port = SerialPort::open(&bus.path().to_string_lossy(), self.baud)?;
                *taken = true;
                Ok(Some(Box::new(port)))
            }
            BusWire::BoardInMemory(port) => {
                let Some(port) = port.take() else {
                    return Ok(None);
                };
                let board = Box::new(SoftBoard::new(port));
                // Its answers come at once, so no time passes.
                let mut pacer = VirtualClock::new();
                let name = "bridge:simulated";
                let client =
                    BridgeClient::greet(board, name, &mut pacer).map_err(PortError::from)?;
                let address = name.parse().map_err(PortError::from)?;
                let port = BridgePort::new(client, &address, self.baud, &mut pacer);
                Ok(Some(Box::new(port.map_err(PortError::from)?)))
            }
            BusWire::Board { taken: true, .. } => Ok(None),
            BusWire::Board { board, taken } => {
                let port = open_port(&bridge_name(board), self.baud)?;
                *taken = true;
                Ok(Some(port))
            }
        }
    }

    /// Its role, and its terminal if it has one.
    pub(crate) fn device(&self) -> Option<(&str, PathBuf)> {
        match &self.wire {
            BusWire::InMemory(_) | BusWire::BoardInMemory(_) => None,
            BusWire::Pty { bus, .. } => Some((&self.role, bus.path().to_owned())),
            BusWire::Board { board, .. } => Some((&self.role, bridge_name(board).into())),
        }
    }

    /// Its role, and the terminal of its bridge board's raw port, if it has one.
    pub(crate) fn raw_device(&self) -> Option<(&str, PathBuf)> {
        match &self.wire {
            BusWire::Board { board, .. } => Some((&self.role, board.raw().to_owned())),
            _ => None,
        }
    }

    /// Its role, and what passed over it.
    pub(crate) fn traffic(&self) -> (&str, Traffic) {
        (&self.role, self.meter.traffic())
    }

    /// Its role, if the thread that serves it has ended.
    pub(crate) fn fallen(&self) -> Option<&str> {
        match &self.wire {
            BusWire::Pty { bus, .. } if !bus.is_running() => Some(&self.role),
            BusWire::Board { board, .. } if !board.is_running() => Some(&self.role),
            _ => None,
        }
    }
}

/// Under which name a board's framed port is opened.
fn bridge_name(board: &PtyBoard) -> String {
    format!("{PREFIX}{}", board.framed().display())
}

impl<P: Plant + Send + 'static> BusWire<P> {
    fn new(bus: ServoBus<P>, role: &str, wire: Wire, board: bool) -> Result<Self, SimError> {
        let baud = bus.options().baud;
        match wire {
            Wire::InMemory if board => Ok(Self::BoardInMemory(Some(MemoryPort(bus)))),
            Wire::Pty { epoch } if board => {
                let board = SoftBoard::new(MemoryPort(bus));
                Ok(Self::Board {
                    board: PtyBoard::spawn(board, role, baud, epoch)?,
                    taken: false,
                })
            }
            Wire::InMemory => Ok(Self::InMemory(Some(MemoryPort(bus)))),
            Wire::Pty { epoch } => Ok(Self::Pty {
                bus: PtyBus::spawn(bus, role, epoch)?,
                taken: false,
            }),
        }
    }
}

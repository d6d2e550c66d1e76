//! A bus to work on before there is an arm: a port, or simulated servos, and the clock.

mod clock;
pub(crate) mod options;
mod shared_port;
mod simulated;

use ulna_bus::Family;
use ulna_drivers::ports::{self, PortInfo};
use ulna_drivers::{Port, ServoBus, open_port};
use ulna_outside::Printable;
use ulna_robot::RobotKind;
use ulna_rt::{Pacer, RealClock, RealPacer, Stop};

use crate::error::{BringupError, Usage};
use crate::servos::setup::family_of;

pub use options::WorkOptions;
pub(crate) use shared_port::SharedPort;
pub(crate) use simulated::{SimOperator, SimScenario};

/// One command's work on a bus: the servos, the clock, the robot file, and who does by hand what is asked.
pub(crate) struct ServiceSession {
    pub(crate) line: ServoBus,
    /// The port of `line`, for the arm's driver.
    pub(crate) port: SharedPort,
    pub(crate) pacer: Box<dyn Pacer>,
    /// Who acts on a simulated bus; `None` on hardware, where that is the person at the terminal.
    pub(crate) operator: Option<SimOperator>,
    pub(crate) kind: RobotKind,
    pub(crate) stop: Stop,
}

impl ServiceSession {
    /// Opens the port, or makes the simulated servos of this scenario.
    pub(crate) fn open(
        options: &WorkOptions,
        scenario: SimScenario,
        stop: &Stop,
    ) -> Result<Self, BringupError> {
        let kind = options.kind()?;
        let family = family_of(&kind).map_err(|problem| Usage::Servos {
            robot: kind.name.clone(),
            problem: problem.into(),
        })?;
        if options.sim {
            if options.port.is_some() {
                return Err(Usage::PortInSimulation.into());
            }
            let bus = simulated::open(options, &kind, family, scenario)?;
            let pacer = clock::simulated(options.live, bus.start);
            return Ok(Self {
                operator: Some(bus.operator),
                ..Self::new(bus.port, pacer, kind, family, stop)
            });
        }
        if !options.faults.is_empty() {
            return Err(Usage::FaultOnHardware.into());
        }
        if options.adapter.is_some() {
            return Err(Usage::AdapterOnHardware.into());
        }
        let path = match &options.port {
            Some(path) => path.clone(),
            None => only_adapter()?,
        };
        let port = open_port(&path, kind.bus.baud)?;
        let inputs = port.input().into_iter().collect();
        let pacer = Box::new(RealPacer::new(RealClock::start(), inputs));
        Ok(Self::new(port, pacer, kind, family, stop))
    }

    /// Work on an open port, at which a person sits.
    pub(crate) fn new(
        port: Box<dyn Port>,
        pacer: Box<dyn Pacer>,
        kind: RobotKind,
        family: &'static Family,
        stop: &Stop,
    ) -> Self {
        let port = SharedPort::new(port);
        Self {
            line: ServoBus::new(Box::new(port.clone()), family, kind.bus.baud),
            port,
            pacer,
            operator: None,
            kind,
            stop: stop.clone(),
        }
    }

    /// The family of the servos.
    pub(crate) fn family(&self) -> &'static Family {
        self.line.family()
    }

    /// No port was opened.
    pub(crate) fn is_simulated(&self) -> bool {
        self.operator.is_some()
    }

    /// In the simulation: connects one servo and no other.
    pub(crate) fn connect_only(&self, index: usize) {
        if let Some(SimOperator::Plugs(plugs)) = &self.operator {
            plugs.only(index);
        }
    }

    /// In the simulation: connects all servos.
    pub(crate) fn connect_all(&self) {
        if let Some(SimOperator::Plugs(plugs)) = &self.operator {
            plugs.all();
        }
    }

    /// An error if a stop was requested; `left` says how things are.
    pub(crate) fn check_stop(&self, left: &str) -> Result<(), BringupError> {
        match self.stop.requested() {
            Some(_) => Err(BringupError::Interrupted {
                left: left.to_owned(),
            }),
            None => Ok(()),
        }
    }
}

/// The port to use when none is given: the only USB adapter that is plugged in.
fn only_adapter() -> Result<String, BringupError> {
    let all = ports::list();
    let adapters = all
        .iter()
        .filter(|port| port.usb.is_some() && !port.is_bridge());
    let adapters: Vec<&PortInfo> = adapters.collect();
    match adapters.as_slice() {
        [one] => Ok(one.path.display().to_string()),
        [] => Err(Usage::NoAdapter.into()),
        several => {
            let lines = several.iter().map(|port| {
                format!(
                    "\n  {}  {}",
                    Printable(port.path.display()),
                    Printable(port.description())
                )
            });
            let list = lines.collect();
            Err(Usage::SeveralAdapters { list }.into())
        }
    }
}

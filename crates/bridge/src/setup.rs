//! What the host says of the arm behind the board: which servos, how often, within which limits, and what happens when the host falls silent.

use core::time::Duration;

use heapless::Vec;
use serde::{Deserialize, Serialize};
use ulna_bus::engine::wire_time;
use ulna_bus::registers::{Register, Role, Span};
use ulna_bus::{Model, Protocol, models};

mod fault;

pub use fault::{DEAD_MAN_MS, MAX_RATE_HZ, SetupFault};

/// Most joints on one bus.
pub const MAX_JOINTS: usize = 12;

/// An arm, as the board has to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BridgeSetup {
    /// The rate of the servos' wire, bits per second.
    pub baud: u32,
    /// Cycles per second; 0 for as many as the wire carries.
    pub rate_hz: u16,
    /// Ask for the whole state of all servos in every cycle, instead of for positions, and for what one servo feels at a time.
    pub full_state: bool,
    /// Ask Dynamixel servos with fast sync reads.
    pub fast_reads: bool,
    /// The dead-man's time: how long without a valid frame the board goes on, ms.
    pub dead_man_ms: u16,
    /// What it does then.
    pub on_silence: StopAction,
    /// What it does with a goal outside the limits.
    pub on_excess: ExcessAction,
    /// The servos, in the order in which goals and states name them.
    pub joints: Vec<BridgeJoint, MAX_JOINTS>,
}

/// How an arm is stopped that gets no more goals. Wheels stop in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopAction {
    /// It holds: no more goals, and a joint that is still far from its goal gets the place where it is as one.
    Hold,
    /// It holds with little torque, so that a person can push it away.
    Damp,
    /// It goes limp. An arm that stands up falls.
    Relax,
}

/// What the board does with a goal outside the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExcessAction {
    /// It goes as far as the limits allow, and says so.
    Clamp,
    /// It stops the arm.
    Trip,
}

/// One joint's servo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BridgeJoint {
    /// Its id on the bus.
    pub id: u8,
    /// Its model number.
    pub model: u16,
    /// Its goals are speeds.
    pub wheel: bool,
    /// What its goals keep to.
    pub limits: JointLimits,
}

/// What one joint's goals keep to, in counts of its registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JointLimits {
    /// Lowest goal.
    pub low: i32,
    /// Highest goal.
    pub high: i32,
    /// Most that a goal may differ from the one sent before it.
    pub step: u32,
    /// Most that goals may move in a second.
    pub velocity: u32,
    /// Most current, counts of the servo's register; without, none is checked.
    pub current: Option<u16>,
    /// Highest temperature, °C; without, none is checked.
    pub celsius: Option<u8>,
}

impl BridgeSetup {
    /// Of these servos on a wire of this rate: 250 cycles per second, positions in each, and a board that holds and clamps; the dead-man's time is 100 ms.
    #[must_use]
    pub const fn new(baud: u32, joints: Vec<BridgeJoint, MAX_JOINTS>) -> Self {
        Self {
            baud,
            rate_hz: 250,
            full_state: false,
            fast_reads: false,
            dead_man_ms: 100,
            on_silence: StopAction::Hold,
            on_excess: ExcessAction::Clamp,
            joints,
        }
    }
}

impl BridgeJoint {
    /// A joint whose goals are positions.
    #[must_use]
    pub const fn new(id: u8, model: u16, limits: JointLimits) -> Self {
        Self {
            id,
            model,
            wheel: false,
            limits,
        }
    }
}

impl JointLimits {
    /// Goals from the first to the last of `range`, which move by `step` at once and by `velocity` in a second at most. Neither current nor
    /// temperature is checked.
    #[must_use]
    pub const fn new((low, high): (i32, i32), step: u32, velocity: u32) -> Self {
        Self {
            low,
            high,
            step,
            velocity,
            current: None,
            celsius: None,
        }
    }

    /// The same with a highest temperature, °C.
    #[must_use]
    pub const fn with_celsius(self, celsius: u8) -> Self {
        Self {
            celsius: Some(celsius),
            ..self
        }
    }
}

/// A setup that is sound, with what follows from it.
#[derive(Debug, Clone)]
pub(crate) struct SoundSetup {
    pub(crate) setup: BridgeSetup,
    pub(crate) protocol: Protocol,
    /// Where the goals of joints lie, if any joint is no wheel.
    pub(crate) position_goal: Option<Register>,
    /// Where the goals of wheels lie.
    pub(crate) speed_goal: Option<Register>,
    /// Each joint's servo.
    pub(crate) models: Vec<&'static Model, MAX_JOINTS>,
    /// What is read in every cycle.
    pub(crate) read: Span,
}

/// What servos feel.
pub(crate) const FEELINGS: [Role; 4] = [
    Role::PresentLoad,
    Role::PresentCurrent,
    Role::PresentVoltage,
    Role::PresentTemperature,
];

impl SoundSetup {
    pub(crate) fn new(setup: BridgeSetup) -> Result<Self, SetupFault> {
        if !DEAD_MAN_MS.contains(&setup.dead_man_ms) {
            return Err(SetupFault::DeadMan {
                ms: setup.dead_man_ms,
            });
        }
        let mut sound = Self {
            protocol: Protocol::default(),
            position_goal: None,
            speed_goal: None,
            models: Vec::new(),
            read: Span { address: 0, len: 0 },
            setup,
        };
        let mut place = 0;
        while let Some(joint) = sound.setup.joints.get(usize::from(place)).copied() {
            sound.take_joint(place, &joint)?;
            place += 1;
        }
        let Some(first) = sound.models.first() else {
            return Err(SetupFault::NoJoints);
        };
        if first.table.baud_code(sound.setup.baud).is_none() {
            return Err(SetupFault::Baud);
        }
        sound.find_span()?;
        sound.check_rate()?;
        Ok(sound)
    }

    fn take_joint(&mut self, place: u8, joint: &BridgeJoint) -> Result<(), SetupFault> {
        let before = &self.setup.joints[..usize::from(place)];
        let twice = before.iter().any(|other| other.id == joint.id);
        if twice || usize::from(joint.id) >= ulna_bus::engine::ALL_IDS {
            return Err(SetupFault::Id { id: joint.id });
        }
        let unknown = SetupFault::Model {
            joint: place,
            number: joint.model,
        };
        let model = models::all().find(|model| model.number == joint.model);
        let model = model.ok_or(unknown)?;
        let mixed = SetupFault::Mixed { joint: place };
        match self.models.first() {
            None => self.protocol = model.family.protocol(),
            Some(first) if first.family != model.family => return Err(mixed),
            Some(_) => {}
        }
        let (role, known) = match joint.wheel {
            true => (Role::GoalVelocity, &mut self.speed_goal),
            false => (Role::GoalPosition, &mut self.position_goal),
        };
        let goal = model.table.find(role).ok_or(mixed)?;
        if *known.get_or_insert(goal) != goal {
            return Err(mixed);
        }
        let limits = joint.limits;
        let encodable = [limits.low, limits.high].map(|counts| goal.encode(counts).is_ok());
        let no_room = limits.low > limits.high || limits.step == 0 || limits.velocity == 0;
        let wheel_must_move = joint.wheel && (limits.low > 0 || limits.high < 0);
        if no_room || wheel_must_move || encodable != [true; 2] || limits.current == Some(0) {
            return Err(SetupFault::Limits { joint: place });
        }
        if self.setup.on_silence == StopAction::Damp && damping(model).is_none() {
            return Err(SetupFault::CannotDamp { joint: place });
        }
        // Cannot fail: there are as many places as the setup has joints.
        let _ = self.models.push(model);
        Ok(())
    }

    /// What is read in every cycle: the same registers of every servo.
    fn find_span(&mut self) -> Result<(), SetupFault> {
        let mut all: Option<Span> = None;
        for (place, (model, joint)) in (0..).zip(self.models.iter().zip(&self.setup.joints)) {
            let mixed = SetupFault::Mixed { joint: place };
            let present = match joint.wheel {
                true => Role::PresentVelocity,
                false => Role::PresentPosition,
            };
            let mut span = model.table.span(&[present]).ok_or(mixed)?;
            if self.setup.full_state
                && let Some(feelings) = model.table.span(&FEELINGS)
            {
                span = joined(span, feelings);
            }
            let span = all.map_or(span, |all| joined(all, span));
            if usize::from(span.len) > ulna_bus::engine::MAX_DATA {
                return Err(mixed);
            }
            all = Some(span);
        }
        self.read = all.ok_or(SetupFault::NoJoints)?;
        Ok(())
    }

    /// One cycle has to fit into its time on the wire.
    fn check_rate(&self) -> Result<(), SetupFault> {
        let hz = self.setup.rate_hz;
        let wire = wire_time(self.cycle_bytes(), self.setup.baud);
        let period = self.period().unwrap_or(Duration::MAX);
        if hz > MAX_RATE_HZ || period < wire {
            return Err(SetupFault::Rate { hz });
        }
        Ok(())
    }

    /// Bytes of one cycle on the wire, the least that the protocol allows.
    fn cycle_bytes(&self) -> usize {
        let goal = self.position_goal.or(self.speed_goal);
        let width = goal.map_or(0, |goal| usize::from(goal.width));
        self.protocol
            .least_cycle_bytes(self.models.len(), width, self.read.len.into())
    }

    /// From one cycle to the next, if there is a rate.
    pub(crate) fn period(&self) -> Option<Duration> {
        let nanos = 1_000_000_000_u64.checked_div(self.setup.rate_hz.into())?;
        Some(Duration::from_nanos(nanos))
    }

    pub(crate) fn dead_man(&self) -> Duration {
        Duration::from_millis(self.setup.dead_man_ms.into())
    }

    /// The register of one joint that plays this part.
    pub(crate) fn register(&self, joint: usize, role: Role) -> Option<Register> {
        self.models.get(joint)?.table.find(role)
    }
}

/// The register and the counts that leave a servo little torque, if it has such a register that is no goal.
pub(crate) fn damping(model: &Model) -> Option<(Register, i32)> {
    let gentle = model.family.gentle_torque?;
    let register = model.table.find(Role::TorqueLimit)?;
    gentle
        .is_goal_in_mode
        .is_none()
        .then_some((register, gentle.counts))
}

fn joined(one: Span, other: Span) -> Span {
    let address = one.address.min(other.address);
    let end = (one.address + one.len).max(other.address + other.len);
    Span {
        address,
        len: end - address,
    }
}

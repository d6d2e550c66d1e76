//! The constants of a servo model.

/// Everything that makes one servo model differ from another. Torques, inertias and angles are those of the output shaft.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServoModel {
    /// Encoder steps per turn of the output.
    pub resolution: f64,
    /// Torque constant, N·m/A; the same number is the back-EMF constant, V·s/rad.
    pub torque_constant: f64,
    /// Resistance of the winding, Ω.
    pub resistance: f64,
    /// Inertia of rotor and gears, kg·m².
    pub armature: f64,
    /// Friction of motor and gears while moving, N·m.
    pub coulomb: f64,
    /// Friction of the gears by the torque that they transmit.
    pub load_friction: f64,
    /// What more it takes to break loose, N·m.
    pub stiction: f64,
    /// Speed at which that extra has faded to 1/e, rad/s.
    pub stribeck: f64,
    /// Friction that grows with speed, N·m·s/rad.
    pub viscous: f64,
    /// Duty per radian of error and unit of the P register.
    pub duty_per_gain: f64,
    /// Duty per rad/s of error speed and unit of the D register.
    pub damping_per_gain: f64,
    /// Duty per radian-second of error and unit of the I register.
    pub integral_per_gain: f64,
    /// Largest duty that the firmware gives.
    pub duty_max: f64,
    /// Errors up to this many steps are none.
    pub dead_zone: f64,
    /// Fastest set point, steps/s.
    pub speed_max: f64,
    /// Fastest change of the set point's speed, steps/s².
    pub acceleration_max: f64,
    /// Time from a goal's arrival to its effect, s.
    pub delay: f64,
    /// Whole play of the gears, rad.
    pub play: f64,
    /// Stiffness of the gears at the ends of the play, N·m/rad.
    pub gear_stiffness: f64,
    /// Damping there, N·m·s/rad.
    pub gear_damping: f64,
    /// Friction of the output's bearing, N·m.
    pub output_friction: f64,
    /// Current of the electronics, A.
    pub idle_current: f64,
    /// Warming of the case by lost power in the end, K/W.
    pub thermal_resistance: f64,
    /// Time in which the case gets 63 % of the way there, s.
    pub thermal_time: f64,
}

impl ServoModel {
    /// Feetech STS3215, gears 1:345.
    ///
    /// * `torque_constant`, `resistance`, `armature`, `coulomb`, `viscous`, `duty_per_gain`, `duty_max`, `speed_max`: BAM's identification
    ///   of the 7.4 V servo (better-actuator-models 1.0.2, model M1).
    /// * `play`: 0.87 to 1.0 degrees were measured on new servos (Robonine); the data sheet promises 0.5.
    /// * `dead_zone`: factory value of the registers `CW_Dead_Zone` and `CCW_Dead_Zone`.
    /// * `thermal_*`: estimates from the servo's 55 g and its surface.
    pub const STS3215: Self = Self {
        resolution: 4096.0,
        torque_constant: 1.21164,
        resistance: 2.67617,
        armature: 0.0284034,
        coulomb: 0.0523930,
        load_friction: 0.0,
        stiction: 0.02,
        stribeck: 0.05,
        viscous: 0.0590852,
        duty_per_gain: 0.166,
        damping_per_gain: 0.0,
        integral_per_gain: 0.166,
        duty_max: 0.97,
        dead_zone: 1.0,
        speed_max: 3400.0,
        acceleration_max: 25_400.0,
        delay: 0.0,
        play: 0.0087,
        gear_stiffness: 150.0,
        gear_damping: 0.3,
        output_friction: 0.005,
        idle_current: 0.03,
        thermal_resistance: 8.0,
        thermal_time: 400.0,
    };

    /// The model with this name in robot files, e.g. `sts3215`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "sts3215" => Some(Self::STS3215),
            _ => None,
        }
    }

    /// Torque at stall under this voltage and full duty, before friction, N·m.
    pub fn stall_torque(&self, voltage: f64) -> f64 {
        self.torque_constant * voltage * self.duty_max / self.resistance
    }

    /// Speed without load under this voltage, rad/s.
    pub fn no_load_speed(&self, voltage: f64) -> f64 {
        let damping = self.torque_constant * self.torque_constant / self.resistance + self.viscous;
        (self.stall_torque(voltage) - self.coulomb) / damping
    }

    /// Stiffness of the position loop, N·m/rad: gravity pulls the output that far from its goal.
    pub fn stiffness(&self, voltage: f64, p_gain: u8) -> f64 {
        self.torque_constant * voltage * self.duty_per_gain * f64::from(p_gain) / self.resistance
    }
}

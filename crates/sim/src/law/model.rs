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
    /// Friction of motor and gears while moving without load, N·m.
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
    /// Whole play of the gears, rad.
    pub play: f64,
    /// Stiffness of the gears at the ends of the play, N·m/rad.
    pub gear_stiffness: f64,
    /// Damping there, N·m·s/rad.
    pub gear_damping: f64,
    /// Friction of the output's bearing, N·m.
    pub output_friction: f64,
    /// Voltage that the maker recommends, V.
    pub supply: f64,
    /// Current of the electronics, A.
    pub idle_current: f64,
    /// Warming of the case by lost power in the end, K/W.
    pub thermal_resistance: f64,
    /// Time in which the case gets 63 % of the way there, s.
    pub thermal_time: f64,
}

/// Names and constants of the models whose motors are known.
const KNOWN: [(&str, ServoModel); 6] = [
    ("sts3215", ServoModel::STS3215),
    ("sts3215-12v", ServoModel::STS3215_12V),
    ("scs0009", ServoModel::SCS0009),
    ("xl430-w250", ServoModel::XL430_W250),
    ("xl330-m288", ServoModel::XL330_M288),
    ("xl330-m077", ServoModel::XL330_M077),
];

/// Steps in a radian, and counts of PWM in the full duty, of Dynamixel's X series.
const STEPS: f64 = 4096.0 / core::f64::consts::TAU;
const FULL_PWM: f64 = 885.0;
/// Duty per radian, radian-second and rad/s in one count of its gains.
const DYNAMIXEL_P: f64 = STEPS / 128.0 / FULL_PWM;
const DYNAMIXEL_I: f64 = STEPS * 1000.0 / 65_536.0 / FULL_PWM;
const DYNAMIXEL_D: f64 = STEPS / 1000.0 / 16.0 / FULL_PWM;
/// Its profile is none unless it is asked for: faster than any motor.
const UNLIMITED_SPEED: f64 = 40_000.0;
const UNLIMITED_ACCELERATION: f64 = 2e6;

impl ServoModel {
    /// Names of the models that [`ServoModel::named`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|(name, _)| *name)
    }

    /// Feetech STS3215, the servo of 7.4 V.
    ///
    /// **Known before.** Motor, P gain, duty and set point speed are BAM's identification on a pendulum (better-actuator-models
    /// 1.0.2, `feetech_sts3215_7_4V`, model M1); the set point's acceleration is the register's greatest value, 254, in units of
    /// 100 steps/s²; the dead zone is its registers' factory value.
    ///
    /// **Identified on a real SO-101** under teleoperation (public recording `SamueleSandrini/record-test`, 4 episodes, 1,492
    /// frames at 30 fps, LeRobot's gains P 16, D 32): friction, the D gain and the play. Where the arm rests, its sag against
    /// the weight of the link table gives a stiffness of 9.5, 8.5 and 8.0 N·m/rad at shoulder, elbow and wrist, where BAM's
    /// constants promise 8.9; and a friction of 0.09 N·m where no weight hangs, but of half the weight's torque and more where it
    /// does, which is why friction here grows with load. The rest was fitted by CMA-ES, to the simulated minus the recorded
    /// state, relative to the best that a pure delay of the recorded actions can do. P gain, viscous friction and acceleration,
    /// when left free, came back to 0.164, 0.044 and 26,600, so they stay at the values above.
    ///
    /// Fitted to episodes 0 and 1, the simulated arm beats the delay in every joint of every episode; its error over the five
    /// body joints is 0.33 of the delay's there and 0.54 on episodes 2 and 3. The figures below were fitted to all four: 0.34 and
    /// 0.49, and 0.93 for the gripper, most of whose error is the thing that it holds in the recording. Play was hardly felt: any
    /// from 0.5 to 0.9 degrees does, and so much was measured on new servos (Robonine; the data sheet has 0.5).
    ///
    /// **Guessed.** Stiffness of the gears (a degree under full torque), the I gain's unit, and heat, from a weight of 55 g.
    ///
    /// The data sheet promises 52 rpm and 1.91 N·m (19.5 kg·cm) at 7.4 V; this model turns at 50 and, after the friction of its
    /// gears, pushes with 1.99.
    pub const STS3215: Self = Self {
        resolution: 4096.0,
        torque_constant: 1.21164,
        resistance: 2.67617,
        armature: 0.0284034,
        coulomb: 0.078,
        load_friction: 0.57,
        stiction: 0.045,
        stribeck: 0.085,
        viscous: 0.0590852,
        duty_per_gain: 0.166,
        damping_per_gain: 0.0026,
        integral_per_gain: 0.166,
        duty_max: 0.97,
        dead_zone: 1.0,
        speed_max: 3400.0,
        acceleration_max: 25_400.0,
        play: 0.0105,
        gear_stiffness: 150.0,
        gear_damping: 0.3,
        output_friction: 0.009,
        supply: 7.4,
        idle_current: 0.03,
        thermal_resistance: 8.0,
        thermal_time: 400.0,
    };

    /// Feetech STS3215 with the stronger of its motors, at 12 V.
    ///
    /// **Measured.** On recordings of seven real SO-101 arms under teleoperation, torque per duty comes out at 0.96 to 1.04 times that of
    /// [`ServoModel::STS3215`] on some arms and at 1.7 to 1.9 times on the others, with nothing between; `kt²/R`, which neither gain nor
    /// voltage can change, at 1.64 times. Gains, voltage, friction, masses, payload and zero offsets, each alone, leave far more. Torque
    /// constant and resistance here are the ones at 12 V that have both figures.
    ///
    /// **Inferred.** That the others carry the 12 V servo: its data sheet's 30 kg·cm against 19.5 and 45 rpm against 52 make 1.8 times the
    /// stiffness, too. Only stiffness (torque by duty and gain) and lag (speed by duty and gain) show in such recordings, so the sheet's
    /// own split (torque 1.48, speed 0.90, duty by gain 1.22) does equally well. All that is not the motor is as in the other.
    pub const STS3215_12V: Self = Self {
        torque_constant: 1.786,
        resistance: 3.554,
        supply: 12.0,
        ..Self::STS3215
    };

    /// Dynamixel XL430-W250.
    ///
    /// **Known before** (ROBOTIS e-manual): 1.5 N·m and 1.4 A at stall and 61 rpm without load, all at 12 V; 52 mA at rest. A motor that
    /// turns as fast would be stronger than that by 0.6 without the friction of its gears, which is what the STS3215 was found to have;
    /// friction and torque constant follow. The gains are the e-manual's conversions (P/128, I/65536 and D/16 in 1/885 of the duty) for
    /// loops that run every millisecond.
    ///
    /// **Guessed.** The armature, from the STS3215's by the square of the gear ratios (258.5 and 345); stiction, play, stiffness and heat.
    pub const XL430_W250: Self = Self {
        resolution: 4096.0,
        torque_constant: 1.718,
        resistance: 8.571,
        armature: 0.0159,
        coulomb: 0.03,
        load_friction: 0.57,
        stiction: 0.02,
        stribeck: 0.085,
        viscous: 0.0273,
        duty_per_gain: DYNAMIXEL_P,
        damping_per_gain: DYNAMIXEL_D,
        integral_per_gain: DYNAMIXEL_I,
        duty_max: 1.0,
        dead_zone: 0.0,
        speed_max: UNLIMITED_SPEED,
        acceleration_max: UNLIMITED_ACCELERATION,
        play: 0.006,
        gear_stiffness: 120.0,
        gear_damping: 0.2,
        output_friction: 0.006,
        supply: 12.0,
        idle_current: 0.052,
        thermal_resistance: 8.0,
        thermal_time: 400.0,
    };

    /// Dynamixel XL330-M288.
    ///
    /// **Known before** (ROBOTIS e-manual): 0.52 N·m and 1.47 A at stall and 103 rpm without load, all at 5 V; 17 mA at rest. **Guessed:**
    /// as for [`ServoModel::XL430_W250`], its motor being an eighth of that one's.
    pub const XL330_M288: Self = Self {
        torque_constant: 0.4368,
        resistance: 3.401,
        armature: 0.0025,
        coulomb: 0.015,
        load_friction: 0.187,
        stiction: 0.01,
        viscous: 0.002,
        play: 0.0087,
        gear_stiffness: 40.0,
        gear_damping: 0.06,
        output_friction: 0.003,
        supply: 5.0,
        idle_current: 0.017,
        thermal_resistance: 20.0,
        thermal_time: 150.0,
        ..Self::XL430_W250
    };

    /// Dynamixel XL330-M077, the same motor behind a quarter of the gears.
    ///
    /// **Known before** (ROBOTIS e-manual): 0.215 N·m at stall and 383 rpm without load, at 5 V. No linear motor has these and the stall
    /// current of 1.47 A as well; this one takes 2.1 A.
    pub const XL330_M077: Self = Self {
        torque_constant: 0.1185,
        resistance: 2.433,
        armature: 0.000_18,
        coulomb: 0.004,
        load_friction: 0.1,
        stiction: 0.003,
        viscous: 0.0002,
        gear_stiffness: 15.0,
        gear_damping: 0.02,
        output_friction: 0.001,
        ..Self::XL330_M288
    };

    /// Feetech SCS0009.
    ///
    /// **Sellers' figures**, not measured and in no data sheet that we have: 2.3 kg·cm (0.226 N·m) at stall and 0.10 s for 60° without load, at
    /// 6 V. Torque constant and resistance follow from them. **Guessed:** all else; the gains' units are the STS3215's, friction and gears those
    /// of [`ServoModel::XL330_M288`], which has the same size.
    ///
    /// Its 1024 counts span 300°, and LeRobot takes them for a whole turn. So does this model, as a robot file does: an angle of such a joint
    /// is 1.2 times the real one everywhere.
    pub const SCS0009: Self = Self {
        resolution: 1024.0,
        torque_constant: 0.49,
        resistance: 9.73,
        duty_per_gain: Self::STS3215.duty_per_gain,
        damping_per_gain: Self::STS3215.damping_per_gain,
        integral_per_gain: Self::STS3215.integral_per_gain,
        duty_max: Self::STS3215.duty_max,
        dead_zone: 1.0,
        supply: 6.0,
        ..Self::XL330_M288
    };

    /// The model with this name in robot files, e.g. `sts3215`.
    pub fn named(name: &str) -> Option<Self> {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        known.map(|(_, model)| *model)
    }

    /// Torque of the motor at stall under this voltage and full duty, before friction, N·m.
    pub fn motor_torque(&self, voltage: f64) -> f64 {
        self.torque_constant * voltage * self.duty_max / self.resistance
    }

    /// Torque that the output can push with at stall, N·m.
    #[cfg(test)]
    pub(crate) fn stall_torque(&self, voltage: f64) -> f64 {
        (self.motor_torque(voltage) - self.coulomb - self.stiction) / (1.0 + self.load_friction)
    }

    /// Speed without load under this voltage, rad/s.
    #[cfg(test)]
    pub(crate) fn no_load_speed(&self, voltage: f64) -> f64 {
        let damping = self.torque_constant * self.torque_constant / self.resistance + self.viscous;
        (self.motor_torque(voltage) - self.coulomb) / damping
    }

    /// Stiffness of the position loop, N·m/rad: but for friction, a load pulls the output so far from its goal.
    pub fn stiffness(&self, voltage: f64, p_gain: u8) -> f64 {
        self.torque_constant * voltage * self.duty_per_gain * f64::from(p_gain) / self.resistance
    }
}

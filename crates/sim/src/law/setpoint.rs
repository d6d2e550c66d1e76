//! The set point inside a servo: where the position loop has to be, on its way to the goal.

/// A point that moves towards a goal with limited speed and limited change of speed, and stops there.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SetPoint {
    /// Where it is, in the caller's unit.
    pub position: f64,
    /// How fast it moves, units/s.
    pub velocity: f64,
}

impl SetPoint {
    /// A resting set point.
    pub fn at(position: f64) -> Self {
        Self {
            position,
            velocity: 0.0,
        }
    }

    /// One step of `dt` seconds towards `goal`, no faster than `speed`, changing speed by at most `acceleration`.
    pub fn step(&mut self, goal: f64, speed: f64, acceleration: f64, dt: f64) {
        let way = goal - self.position;
        let change = acceleration * dt;
        // The fastest speed from which whole steps of braking still end at the goal.
        let brake = change * ((0.25 + 2.0 * way.abs() / (change * dt)).sqrt() - 0.5);
        let wanted = brake.min(speed).min(way.abs() / dt).copysign(way);
        self.velocity += (wanted - self.velocity).clamp(-change, change);
        self.position += self.velocity * dt;
        let left = goal - self.position;
        if left.abs() < 0.5 * change * dt && self.velocity.abs() <= change {
            *self = Self::at(goal);
        }
    }

    /// One step of `dt` seconds at `speed`, reached by at most `acceleration`, and no more than `lead` away from `output`.
    pub fn run(&mut self, speed: f64, acceleration: f64, output: f64, lead: f64, dt: f64) {
        let change = acceleration * dt;
        self.velocity += (speed - self.velocity).clamp(-change, change);
        self.position += self.velocity * dt;
        self.position = self.position.clamp(output - lead, output + lead);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_the_trapezoids_time_and_does_not_overshoot() {
        let mut point = SetPoint::default();
        let (mut time, mut fastest, mut furthest) = (0.0_f64, 0.0_f64, 0.0_f64);
        while point != SetPoint::at(1000.0) && time < 5.0 {
            point.step(1000.0, 500.0, 2000.0, 1e-3);
            time += 1e-3;
            fastest = fastest.max(point.velocity);
            furthest = furthest.max(point.position);
        }
        // 1000 steps at 500 steps/s, and half of the 0.25 s at each end.
        assert!((time - 2.25).abs() < 0.02, "{time}");
        assert!((fastest - 500.0).abs() < 1e-9);
        assert!(furthest <= 1000.0 + 1e-9, "{furthest}");
    }

    #[test]
    fn it_turns_round_when_the_goal_does() {
        let mut point = SetPoint::default();
        for _ in 0..300 {
            point.step(1000.0, 500.0, 2000.0, 1e-3);
        }
        for _ in 0..1500 {
            point.step(0.0, 500.0, 2000.0, 1e-3);
        }
        assert_eq!(point, SetPoint::at(0.0));
    }
}

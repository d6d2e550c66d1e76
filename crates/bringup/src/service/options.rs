//! What the user says about the bus to work on.

use ulna_robot::{ArmRole, RobotKind, files};

use crate::error::{BringupError, Usage};

/// What the user says about the bus.
#[derive(Debug, Clone)]
pub struct WorkOptions {
    /// Name or path of the robot.
    pub robot: String,
    /// Follower or leader.
    pub role: ArmRole,
    /// Of a pair, the arm on this side alone: `left` or `right`.
    pub side: Option<String>,
    /// The port, of a pair both as `LEFT,RIGHT`; if absent, the only adapter that is plugged in.
    pub port: Option<String>,
    /// Simulated servos; no port is opened.
    pub sim: bool,
    /// The simulation keeps real time, for a person who looks on; else it is as fast as the computer allows.
    pub live: bool,
    /// Seed of everything that is random in the simulation.
    pub seed: u64,
    /// What goes wrong on the simulated bus.
    pub faults: Vec<String>,
    /// The USB adapter in front of the simulated bus, such as `ftdi:16`; an ordinary CDC adapter if absent.
    pub adapter: Option<String>,
}

impl Default for WorkOptions {
    fn default() -> Self {
        Self {
            robot: files::DEFAULT.to_owned(),
            role: ArmRole::Follower,
            side: None,
            port: None,
            sim: false,
            live: false,
            seed: 0,
            faults: Vec::new(),
            adapter: None,
        }
    }
}

impl WorkOptions {
    /// The robot to work on: of a leader the one that is moved by hand, of a pair the side that was chosen, if one was.
    ///
    /// # Errors
    /// If there is no such robot, or no such side.
    pub(crate) fn kind(&self) -> Result<RobotKind, BringupError> {
        let named = files::find(&self.robot)?;
        let kind = match self.role {
            ArmRole::Follower => named,
            ArmRole::Leader => match &named.driven_by {
                Some(driver) => files::find(driver)?.as_leader(),
                None => named.as_leader(),
            },
        };
        let Some(side) = &self.side else {
            return Ok(kind);
        };
        let mut sides = kind.sides.into_iter();
        let found = sides.find(|known| known.name == *side);
        found.map(|side| side.kind).ok_or_else(|| {
            let (robot, side) = (self.robot.clone(), side.clone());
            Usage::NoSide { robot, side }.into()
        })
    }

    /// The arms to work on, one after the other: both of a pair, each on a port of its own, or the one that there is.
    ///
    /// # Errors
    /// If there is no such robot, or if a pair's ports are not two.
    pub fn arms(&self) -> Result<Vec<Self>, BringupError> {
        let kind = self.kind()?;
        if kind.sides.is_empty() {
            return Ok(vec![self.clone()]);
        }
        let given = self.port.as_deref().map(|ports| ports.split(','));
        let ports: Vec<Option<String>> = match given {
            Some(ports) => ports.map(|port| Some(port.to_owned())).collect(),
            None if self.sim => vec![None; kind.sides.len()],
            None => Vec::new(),
        };
        if ports.len() != kind.sides.len() {
            return Err(Usage::PairPorts {
                robot: kind.name.clone(),
                given: ports.len(),
            }
            .into());
        }
        let arms = kind.sides.iter().zip(ports).map(|(side, port)| Self {
            side: Some(side.name.clone()),
            port,
            ..self.clone()
        });
        Ok(arms.collect())
    }

    /// Under which id the arm that is called `id` is calibrated: those of a pair as `<id>_left` and `<id>_right`.
    pub fn id_of(&self, id: &str) -> String {
        match &self.side {
            Some(side) => format!("{id}_{side}"),
            None => id.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(port: Option<&str>, sim: bool) -> WorkOptions {
        WorkOptions {
            robot: "bi_omx".to_owned(),
            role: ArmRole::Leader,
            port: port.map(str::to_owned),
            sim,
            ..WorkOptions::default()
        }
    }

    #[test]
    fn a_pair_is_two_arms_with_a_port_and_an_id_each() {
        let arms = pair(Some("/dev/a,/dev/b"), false).arms().unwrap();
        let ports: Vec<&str> = arms.iter().filter_map(|arm| arm.port.as_deref()).collect();
        assert_eq!(ports, ["/dev/a", "/dev/b"]);
        assert_eq!(arms[1].id_of("mine"), "mine_right");
        let ids: Vec<u8> = arms[0]
            .kind()
            .unwrap()
            .joints
            .iter()
            .map(|joint| joint.id)
            .collect();
        assert_eq!(
            ids,
            [1, 2, 3, 4, 5, 6],
            "the leader's servos, not the follower's 11 to 16"
        );
        assert_eq!(pair(None, true).arms().unwrap().len(), 2);
        for ports in [None, Some("/dev/a"), Some("a,b,c")] {
            let error = pair(ports, false).arms().unwrap_err().to_string();
            assert!(error.contains("LEFT,RIGHT"), "{error}");
        }
    }

    #[test]
    fn a_lekiwi_is_led_by_an_so101() {
        let options = WorkOptions {
            robot: "lekiwi".to_owned(),
            role: ArmRole::Leader,
            ..WorkOptions::default()
        };
        let leader = options.kind().unwrap();
        assert_eq!(
            (leader.dof(), leader.joints[0].name.as_str()),
            (6, "shoulder_pan")
        );
        assert_eq!(options.arms().unwrap().len(), 1);
    }
}

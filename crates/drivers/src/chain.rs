//! What is wrong with the servos of a chain, in sentences, and what to do about the pattern.

use std::fmt;

use ulna_bus::engine::ServoFault;

/// One servo of a chain that is not as the robot file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainFault {
    /// Index of its joint.
    pub index: usize,
    /// Its id.
    pub id: u8,
    /// Its joint.
    pub joint: String,
    /// What is wrong.
    pub problem: ChainProblem,
}

/// What is wrong with one servo of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainProblem {
    /// It does not answer a ping.
    Silent,
    /// It answers a ping with garbled bytes.
    Garbled,
    /// It did not answer a question that was repeated for long.
    Unanswered(ServoFault),
    /// It is another model.
    OtherModel {
        /// What it is.
        found: String,
        /// What the robot file says.
        expected: String,
    },
}

impl ChainProblem {
    fn is_silence(&self) -> bool {
        matches!(self, Self::Silent | Self::Unanswered(_))
    }
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, joint, .. } = self;
        write!(f, "servo {id} (`{joint}`) ")?;
        match &self.problem {
            ChainProblem::Silent => f.write_str("does not answer"),
            ChainProblem::Garbled => {
                f.write_str("answers with garbled bytes: two servos with this id, or a bad cable")
            }
            ChainProblem::Unanswered(fault) => write!(f, "{fault}"),
            ChainProblem::OtherModel { found, expected } => {
                write!(f, "is a {found}, not a {expected}")
            }
        }
    }
}

/// The faults as one line of sentences.
pub fn sentences(faults: &[ChainFault]) -> String {
    let sentences: Vec<String> = faults.iter().map(ToString::to_string).collect();
    sentences.join("; ")
}

/// The faults in a chain of `count` servos as sentences, and below them what to do about their pattern.
pub fn explain(faults: &[ChainFault], count: usize) -> String {
    format!("{}\n{}", sentences(faults), advice(faults, count))
}

/// What to do about these faults in a chain of `count` servos.
pub fn advice(faults: &[ChainFault], count: usize) -> &'static str {
    let silent = faults.iter().filter(|fault| fault.problem.is_silence());
    let silent: Vec<usize> = silent.map(|fault| fault.index).collect();
    let models = faults
        .iter()
        .filter(|fault| matches!(fault.problem, ChainProblem::OtherModel { .. }));
    match models.count() {
        others if silent.is_empty() && others > 0 => other_models(others, count),
        _ => silent_ones(&silent, count),
    }
}

fn silent_ones(silent: &[usize], count: usize) -> &'static str {
    let tail = !silent.is_empty() && silent.iter().copied().eq(count - silent.len()..count);
    if silent.len() == count {
        "No servo answers: is the arm's power supply on, is this the right port, and do the servos run at this baud rate?"
    } else if tail {
        "All servos from one joint on are silent: the cable into the first of them is the likely cause."
    } else {
        "The others answer, so port and power are good: check the cables, ids and models of those named."
    }
}

/// All servos answer, but these many of `count` are of other models.
fn other_models(others: usize, count: usize) -> &'static str {
    if others == count {
        "All answer, and none is what the robot file says: is this port another robot's, or the leader's instead of the follower's?"
    } else if others == 1 {
        "The others are right: either that servo was given the wrong id, or another model was built in there; a robot file of your own can \
         say so."
    } else {
        "Two servos of different models may have swapped their ids: set up those named again, one at a time."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(index: usize, problem: ChainProblem) -> ChainFault {
        let id = u8::try_from(index + 1).unwrap();
        let joint = format!("joint_{id}");
        ChainFault {
            index,
            id,
            joint,
            problem,
        }
    }

    fn other_model() -> ChainProblem {
        ChainProblem::OtherModel {
            found: "sts3250".to_owned(),
            expected: "sts3215".to_owned(),
        }
    }

    #[test]
    fn the_advice_fits_the_pattern() {
        let silent = |indices: &[usize]| -> Vec<ChainFault> {
            let faults = indices.iter().map(|&at| fault(at, ChainProblem::Silent));
            faults.collect()
        };
        for (faults, says) in [
            (silent(&[0, 1, 2]), "power supply"),
            (silent(&[1, 2]), "cable into the first"),
            (silent(&[0]), "The others answer"),
            (vec![fault(1, other_model())], "wrong id"),
            (
                vec![fault(0, other_model()), fault(1, other_model())],
                "swapped their ids",
            ),
            (
                vec![fault(0, other_model()), fault(2, ChainProblem::Silent)],
                "cable into the first",
            ),
        ] {
            assert!(advice(&faults, 3).contains(says), "{faults:?}");
        }
    }

    #[test]
    fn each_servo_is_named() {
        let faults = [
            fault(0, ChainProblem::Garbled),
            fault(1, other_model()),
            fault(2, ChainProblem::Unanswered(ServoFault::Checksum)),
        ];
        let text = explain(&faults, 3);
        for says in [
            "servo 1 (`joint_1`) answers with garbled bytes",
            "servo 2 (`joint_2`) is a sts3250, not a sts3215",
            "servo 3 (`joint_3`) answered with damaged bytes",
        ] {
            assert!(text.contains(says), "{text}");
        }
    }
}

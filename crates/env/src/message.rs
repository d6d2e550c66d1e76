//! What clients ask and what they are answered, as `protocol.md` has it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use rmp_serde::{Deserializer, Serializer};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Serialize};

use crate::frame::{FrameTooLong, LONGEST_REPLY, framed};

/// The version of the protocol.
pub const PROTOCOL: u32 = 1;

/// How deep a message may be nested: a request has three levels.
const DEPTH: usize = 16;

/// What a client asks. Lists have an entry for each environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvRequest {
    /// Begin new episodes.
    Reset(ResetSeeds),
    /// Hold these actions for one step.
    Step(StepActions),
    /// Show what the camera for people sees.
    Render(RenderWhich),
    /// End the connection.
    Close,
}

/// New episodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetSeeds {
    /// The seed of each; an environment without one goes on.
    pub seeds: Vec<Option<u64>>,
    /// Which task is meant, where a scene has several; as the server's options say for all, if absent.
    #[serde(default)]
    pub tasks: Option<Vec<Option<String>>>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepActions {
    /// The action of each; an environment without one stands still.
    pub actions: Vec<Option<Vec<f64>>>,
}

/// Pictures for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderWhich {
    /// Of which environments.
    pub which: Vec<bool>,
}

/// What a client is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvReply {
    /// The first frame of a connection.
    Hello(Box<Hello>),
    /// What is seen.
    Observed(Vec<Option<EnvView>>),
    /// Pictures for people.
    Pictures(Vec<Option<Pixels>>),
    /// The connection ends.
    Closed,
    /// It could not be done.
    Error(EnvRefusal),
}

/// What the environments are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The version of ulna.
    pub ulna: String,
    /// The scene.
    pub scene: String,
    /// The robot.
    pub robot: String,
    /// LeRobot's name of its type.
    pub robot_type: String,
    /// The values of a state and an action.
    pub joints: Vec<HelloJoint>,
    /// The observed cameras.
    pub cameras: Vec<HelloCamera>,
    /// Names of the values of `environment_state`.
    pub environment: Vec<String>,
    /// What may be to be done, in words.
    pub tasks: Vec<String>,
    /// Steps per second.
    pub fps: f64,
    /// How many environments there are.
    pub num_envs: u64,
    /// How long an episode may take, s.
    pub time_limit_s: f64,
    /// The most steps that an episode can have.
    pub most_steps: u64,
    /// The camera for people, if there is one.
    pub render: Option<HelloCamera>,
    /// The longest request, bytes.
    pub longest_request: u64,
}

/// One value of a state and an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HelloJoint {
    /// LeRobot's name: `shoulder_pan.pos`.
    pub name: String,
    /// `degrees`, `m100`, `percent` or `velocity`.
    pub unit: String,
    /// The lowest goal that the gate lets through.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

/// One camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HelloCamera {
    /// Its name.
    pub name: String,
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
}

/// What is seen of one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvView {
    /// Measured positions, in each joint's unit.
    pub agent_pos: Vec<f64>,
    /// The newest picture of each camera.
    pub pixels: BTreeMap<String, Pixels>,
    /// The values of the surroundings.
    pub environment_state: Vec<f64>,
    /// How often the task was done in this step.
    pub reward: f64,
    /// The task is done.
    pub terminated: bool,
    /// The time is up.
    pub truncated: bool,
    /// What a policy must not see.
    pub info: EnvInfo,
}

/// What a policy must not see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvInfo {
    /// The task is done; where a scene goes on after a success, all of it was when the time was up.
    pub is_success: bool,
    /// What is to be done, in words; empty if nothing is.
    pub task: String,
    /// How often it could be done until now.
    pub attempts: u32,
    /// How often it was.
    pub successes: u32,
    /// Since the episode's first tick, s.
    pub time_s: f64,
    /// Joints whose target lay outside the limits in this step.
    pub clamped: Vec<bool>,
    /// Joints that the gate slowed.
    pub slowed: Vec<bool>,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvRefusal {
    /// Whose fault it is.
    pub kind: EnvRefusalKind,
    /// What is wrong, in words.
    pub message: String,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EnvRefusalKind {
    /// The request's; nothing has changed.
    Request,
    /// An environment broke down.
    Failed,
    /// A frame is too long; the connection ends.
    Frame,
    /// Another client is connected; the connection ends.
    Busy,
}

impl EnvRefusal {
    /// A refusal of this kind.
    pub fn new(kind: EnvRefusalKind, message: impl fmt::Display) -> Self {
        let message = message.to_string();
        Self { kind, message }
    }
}

/// Height x width x 3 bytes: red, green, blue. Cloning shares them.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels(pub Arc<[u8]>);

/// Without the bytes, which would fill a message.
impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pixels({} bytes)", self.0.len())
    }
}

impl Serialize for Pixels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Pixels {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Pixels;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of a picture")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Pixels, E> {
                Ok(Pixels(bytes.into()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Why a frame is no message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// It is none.
    #[error("{0}")]
    Malformed(#[from] rmp_serde::decode::Error),
    /// There is more behind it.
    #[error("{0} bytes follow the message in its frame")]
    Trailing(u64),
    /// It cannot be written.
    #[error("{0}")]
    Unwritten(#[from] rmp_serde::encode::Error),
    /// It is too long.
    #[error(transparent)]
    TooLong(#[from] FrameTooLong),
}

/// Reads the message that is the content of a frame.
///
/// # Errors
/// [`MessageError`] if it is none.
pub fn read<T: DeserializeOwned>(content: &[u8]) -> Result<T, MessageError> {
    let mut reader = Deserializer::new(Cursor::new(content));
    reader.set_max_depth(DEPTH);
    let message = T::deserialize(&mut reader)?;
    match content.len() as u64 - reader.position() {
        0 => Ok(message),
        more => Err(MessageError::Trailing(more)),
    }
}

/// Writes a message as a frame.
///
/// # Errors
/// [`MessageError`] if it is too long.
pub fn written(message: &impl Serialize) -> Result<Vec<u8>, MessageError> {
    framed(LONGEST_REPLY, |bytes| {
        let mut writer = Serializer::new(bytes).with_struct_map();
        Ok(message.serialize(&mut writer)?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frame::{EnvFrames, LONGEST_REQUEST};

    fn requests() -> impl Strategy<Value = EnvRequest> {
        let seeds = prop::collection::vec(any::<Option<u64>>(), 0..5);
        let tasks = prop::option::of(prop::collection::vec(any::<Option<String>>(), 0..5));
        let action = prop::collection::vec(
            any::<f64>().prop_filter("equal to itself", |it| !it.is_nan()),
            0..8,
        );
        let actions = prop::collection::vec(prop::option::of(action), 0..5);
        prop_oneof![
            (seeds, tasks)
                .prop_map(|(seeds, tasks)| EnvRequest::Reset(ResetSeeds { seeds, tasks })),
            actions.prop_map(|actions| EnvRequest::Step(StepActions { actions })),
            prop::collection::vec(any::<bool>(), 0..5)
                .prop_map(|which| EnvRequest::Render(RenderWhich { which })),
            Just(EnvRequest::Close),
        ]
    }

    proptest! {
        #[test]
        fn a_request_is_read_as_it_was_written(request in requests()) {
            let frame = written(&request).unwrap();
            let mut reader = EnvFrames::new(LONGEST_REQUEST);
            reader.push(&frame);
            let content = reader.frame().unwrap().unwrap();
            prop_assert_eq!(read::<EnvRequest>(&content).unwrap(), request);
            // Whatever is cut off or changed, it is a message or it is none.
            for cut in 0..content.len() {
                prop_assert!(read::<EnvRequest>(&content[..cut]).is_err());
            }
        }

        #[test]
        fn any_bytes_are_a_request_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read::<EnvRequest>(&bytes);
            let _ = read::<EnvReply>(&bytes);
        }
    }

    /// As a client in another language may write it.
    #[test]
    fn whole_numbers_are_numbers_and_unknown_keys_are_named() {
        // {"step": {"actions": [[1, -2.5], nil]}}
        let mut bytes = vec![0x81, 0xa4];
        bytes.extend_from_slice(b"step");
        bytes.extend_from_slice(&[0x81, 0xa7]);
        bytes.extend_from_slice(b"actions");
        bytes.extend_from_slice(&[0x92, 0x92, 0x01, 0xcb]);
        bytes.extend_from_slice(&(-2.5f64).to_be_bytes());
        bytes.push(0xc0);
        let actions = vec![Some(vec![1.0, -2.5]), None];
        assert_eq!(
            read::<EnvRequest>(&bytes).unwrap(),
            EnvRequest::Step(StepActions { actions })
        );
        let error = read::<EnvRequest>(&[&bytes[..], &[0xc0]].concat()).unwrap_err();
        assert!(error.to_string().contains("1 bytes follow"), "{error}");
        // {"reset": {"seed": 3}}
        let wrong = [&b"\x81\xa5reset\x81\xa4seed\x03"[..]].concat();
        let error = read::<EnvRequest>(&wrong).unwrap_err().to_string();
        assert!(error.contains("seed") && error.contains("seeds"), "{error}");
        // {"leap": nil}
        let error = read::<EnvRequest>(b"\x81\xa4leap\xc0")
            .unwrap_err()
            .to_string();
        assert!(error.contains("leap") && error.contains("reset"), "{error}");
        // A bomb of nested lists ends at once.
        assert!(read::<EnvRequest>(&[0x91; 100_000]).is_err());
    }
}

//! What can be wrong with what the data says.

use super::{Kind, kind};

const DELETE: &str = "look at it: `ulna dataset view DIR --episode K` and leave it out of training: `ulna dataset delete DIR --episodes LIST`";

pub(super) static CONTENT: &[Kind] = &[
    kind(
        "unknown-units",
        "the units of the joints are not told",
        "Speeds and limits could not be checked, and replaying it needs --units.",
        "nothing, if you know the units",
    ),
    kind(
        "rate",
        "states were measured less often than the dataset says",
        "Rows repeat old states beside new actions, so the policy learns to act on the past.",
        "see what the machine and the bus can do: `ulna bench bus` then record again",
    ),
    kind(
        "time-gap",
        "gaps between measured states",
        "Rows in a gap repeat an old state beside new actions.",
        DELETE,
    ),
    kind(
        "stale-state",
        "joints whose values are old",
        "The recorded position is not where the joint was: a servo stopped answering.",
        "see which servo and why: `ulna doctor` then remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "control-rate",
        "the control loop did not keep its rate",
        "The arm moved in steps, so the motion is rougher than the demonstration was.",
        "see what the machine and the bus can do: `ulna bench bus` then record again",
    ),
    kind(
        "stale-pictures",
        "pictures that are old",
        "The policy learns to act on what it saw a while ago.",
        "test the camera and its cable, and remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "camera-rate",
        "a camera slower than the dataset",
        "Pictures repeat, so motion looks jerky to the policy.",
        "record with more light, a smaller picture or a lower --fps",
    ),
    kind(
        "lost-pictures",
        "pictures were lost on the way to the encoder",
        "The one before stands in their place, so motion looks jerky to the policy.",
        "see what the machine can do: `ulna bench record` and record smaller pictures",
    ),
    kind(
        "idle-head",
        "the arm stands still at the start",
        "A policy learns to stand still where it should begin.",
        "cut it off: `ulna dataset trim DIR --idle --episodes LIST`",
    ),
    kind(
        "idle-tail",
        "the arm stands still at the end",
        "These frames teach nothing, and weigh as much as the others.",
        "cut it off: `ulna dataset trim DIR --idle --episodes LIST`",
    ),
    kind(
        "no-motion",
        "nothing moves",
        "The episode teaches the policy to stand still.",
        "remove it: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "short",
        "much shorter than the others",
        "Most likely the demonstration was broken off.",
        DELETE,
    ),
    kind(
        "state-jump",
        "a joint moves faster than its servo can",
        "The position was read wrongly, and the policy learns the leap.",
        DELETE,
    ),
    kind(
        "action-jump",
        "a target leaps further than the arm can follow",
        "The policy learns leaps that a safety gate or a servo cuts off.",
        DELETE,
    ),
    kind(
        "dead-joint",
        "a joint does not move although it should",
        "The policy learns that its commands have no effect.",
        "check the servo: `ulna doctor` and remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "saturated-joint",
        "a joint stands at the end of its range",
        "Where the joint really was is cut off, and the policy learns to push against the end.",
        "calibrate so that the whole travel fits: `ulna calibrate` and record again",
    ),
    kind(
        "clipped-action",
        "targets are cut off",
        "The arm did not do what the action says, so the policy learns targets that were never reached.",
        "move the leader more slowly or within the follower's range; what was really sent is the column ulna.action_sent",
    ),
    kind(
        "beyond-range",
        "values outside what their unit allows",
        "The units are most likely not what the dataset says, and replaying it would be dangerous.",
        "see what the dataset says: `ulna dataset info DIR`",
    ),
    kind(
        "duplicate",
        "the same episode twice",
        "It counts double, and if one is in the validation part, the result there is too good.",
        "remove it: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "duplicated-pictures",
        "the pictures of another episode",
        "What the policy sees does not belong to what the arm did.",
        DELETE,
    ),
    kind(
        "frozen-camera",
        "the picture stands still while the arm moves",
        "The policy learns to act without seeing.",
        "test the camera and its cable, and remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "dark",
        "pictures that are all but black",
        "The policy sees nothing in them.",
        "take the cap off or switch the light on; remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "overexposed",
        "pictures that are burnt out",
        "What is white cannot be told apart.",
        "lower the camera's exposure and record again; remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "blank",
        "pictures of one colour",
        "The policy sees nothing in them.",
        "test the camera and its cable, and remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "blurred",
        "pictures out of focus",
        "Edges that other episodes show cannot be seen.",
        "focus or clean the lens; remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "pictures-unread",
        "pictures that could not be looked at",
        "Whether they are good is not known.",
        "read what is in the way, or leave pictures out: `ulna dataset check DIR --pictures none`",
    ),
];

//! What can be wrong with what the data says.

use super::kind::{Kind, Next, kind};

const LEAVE: Next = Next::Leave("look at them, and make a copy without them");

pub(super) static CONTENT: &[Kind] = &[
    kind(
        "unknown-units",
        "the units of the joints are unknown",
        "Speeds and limits could not be checked, and replaying it needs --units.",
        Next::Words("nothing, if you know the units"),
    ),
    kind(
        "rate",
        "states were measured less often than the dataset says",
        "Rows repeat old states with new actions, so the policy learns to act on the past.",
        Next::Words(
            "see what the machine and the bus can do with ulna bench bus, then record again",
        ),
    ),
    kind(
        "time-gap",
        "gaps between measured states",
        "Rows in a gap repeat an old state with new actions.",
        LEAVE,
    ),
    kind(
        "stale-state",
        "joints whose values are old",
        "The recorded position is not where the joint was: a servo stopped answering.",
        Next::Leave(
            "see with ulna doctor which servo it is and why; make a copy without the episodes",
        ),
    ),
    kind(
        "control-rate",
        "the control loop did not keep its rate",
        "The arm moved in steps, so the motion is rougher than the demonstration was.",
        Next::Words(
            "see what the machine and the bus can do with ulna bench bus, then record again",
        ),
    ),
    kind(
        "stale-pictures",
        "pictures that are old",
        "The policy learns to act on what it saw a while ago.",
        Next::LeaveCamera("test the camera and its cable; make a copy without the episodes"),
    ),
    kind(
        "camera-rate",
        "a camera slower than the dataset",
        "Pictures repeat, so motion looks jerky to the policy.",
        Next::Words("record with more light, a smaller picture or a lower --fps"),
    ),
    kind(
        "lost-pictures",
        "pictures were lost on the way to the encoder",
        "The one before stands in their place, so motion looks jerky to the policy.",
        Next::Words(
            "see what the machine can do with ulna bench record, and record smaller pictures",
        ),
    ),
    kind(
        "idle-head",
        "the arm stands still at the start",
        "A policy learns to stand still where it should begin.",
        Next::Trim("cut it off"),
    ),
    kind(
        "idle-tail",
        "the arm stands still at the end",
        "These frames teach nothing, and weigh as much as the others.",
        Next::Trim("cut it off"),
    ),
    kind(
        "no-motion",
        "nothing moves",
        "The episode teaches the policy to stand still.",
        Next::Leave("make a copy without it"),
    ),
    kind(
        "short",
        "much shorter than the others",
        "Most likely the demonstration was broken off.",
        LEAVE,
    ),
    kind(
        "state-jump",
        "a joint moves faster than its servo can",
        "The position was read wrongly, and the policy learns the leap.",
        LEAVE,
    ),
    kind(
        "action-jump",
        "a target leaps further than the arm can follow",
        "The policy learns leaps that a safety gate or a servo cuts off.",
        LEAVE,
    ),
    kind(
        "dead-joint",
        "a joint does not move although it should",
        "The policy learns that its commands have no effect.",
        Next::Leave("check the servo with ulna doctor; make a copy without the episodes"),
    ),
    kind(
        "saturated-joint",
        "a joint stands at the end of its range",
        "Where the joint really was is cut off, and the policy learns to push against the end.",
        Next::Words(
            "calibrate with ulna calibrate so that the whole travel fits, and record again",
        ),
    ),
    kind(
        "clipped-action",
        "targets are cut off",
        "The arm did not do what the action says, so the policy learns targets that were never reached.",
        Next::Words(
            "move the leader more slowly or within the follower's range; what was really sent is the column ulna.action_sent",
        ),
    ),
    kind(
        "beyond-range",
        "values outside what their unit allows",
        "The units are most likely not what the dataset says, and replaying it would be dangerous.",
        Next::Words(
            "find out in which units it was recorded, and give them with --units when you replay it",
        ),
    ),
    kind(
        "outside-range",
        "values a little outside what their unit allows",
        "The safety gate cuts them off when the dataset is replayed, and counts them.",
        Next::Words("nothing has to be done"),
    ),
    kind(
        "other-units",
        "numbers that look like another unit than the dataset's",
        "A policy trains on any unit, but replayed as the declared one the arm would go elsewhere.",
        Next::Words(
            "find out in which units it was recorded; convert the values, or give --units when you replay it",
        ),
    ),
    kind(
        "constant-joint",
        "a joint that never moves in any episode",
        "The policy learns nothing about it: a servo that is dead or held, or a column that was never filled.",
        Next::Words("check the servo with ulna doctor, if the joint was meant to move"),
    ),
    kind(
        "duplicate",
        "the same episode twice",
        "It counts double, and if one is in the validation part, the result there is too good.",
        Next::Leave("make a copy without it"),
    ),
    kind(
        "duplicated-pictures",
        "the pictures of another episode",
        "What the policy sees does not belong to what the arm did.",
        LEAVE,
    ),
    kind(
        "frozen-camera",
        "the picture stands still while the arm moves",
        "The policy learns to act without seeing.",
        Next::LeaveCamera("test the camera and its cable; make a copy without the episodes"),
    ),
    kind(
        "dark",
        "pictures that are all but black",
        "The policy sees nothing in them.",
        Next::LeaveCamera(
            "take the cap off or switch the light on; make a copy without the episodes",
        ),
    ),
    kind(
        "overexposed",
        "pictures that are burnt out",
        "What is white cannot be told apart.",
        Next::LeaveCamera("lower the camera's exposure; make a copy without the episodes"),
    ),
    kind(
        "blank",
        "pictures of one colour",
        "The policy sees nothing in them.",
        Next::LeaveCamera("test the camera and its cable; make a copy without the episodes"),
    ),
    kind(
        "pictures-unread",
        "pictures that could not be looked at",
        "Whether they are good is not known.",
        Next::Words("see what the message says; --pictures none leaves pictures out"),
    ),
];

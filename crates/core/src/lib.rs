//! Joints, units, robot descriptions, states, actions and the safety gate: the types everything else shares.

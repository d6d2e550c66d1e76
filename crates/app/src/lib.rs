//! What the commands of ulna do: rigs, sessions, the demo, benches.

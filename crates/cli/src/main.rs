//! The `ulna` command.

fn main() {}

//! Environments for programs in other languages: `reset`, `step`, `render` and `close` of gymnasium, for several environments at once, over a local socket.
//!
//! Reading order: [`frame`] (bytes), [`message`] (what they mean; `protocol.md` is the page for clients), [`worlds`] (the environments, each an episode of
//! `ulna_session::stepped`), [`server`] (who is served). The client in Python is in `crates/sim/python`.

mod connection;
pub mod error;
pub mod frame;
pub mod message;
mod options;
pub mod server;
pub mod worlds;

pub use error::EnvError;
pub use options::{EnvOptions, MOST_ENVIRONMENTS};
pub use server::EnvServer;

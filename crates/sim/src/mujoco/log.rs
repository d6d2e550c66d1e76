//! What MuJoCo says.
#![allow(unsafe_code)] // its settings are one global that may only be written while no thread uses MuJoCo

use std::sync::Once;

use mujoco_rs::wrappers::mj_logging::{log_config, set_log_config};

/// Has MuJoCo write no `MUJOCO_LOG.TXT` into the user's folder: what is wrong with a model comes back as an error, and a state that is not finite is
/// found by looking at it. To be called before each first use.
pub(super) fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let config = log_config();
        let config = config.with_logto_file(false).with_logto_console(false);
        // SAFETY: all of MuJoCo is used through this module's parent, which calls this before it loads a model, and other threads wait
        // at `ONCE` meanwhile; so none uses MuJoCo now.
        unsafe { set_log_config(config) };
    });
}

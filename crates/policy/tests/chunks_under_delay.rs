//! The policies that come with ulna, one of them an ACT that LeRobot trained, with 300 ms of delay, on the virtual clock.
#![cfg(feature = "tract")]
#![allow(missing_docs, clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use ulna_policy::bench::{Delayed, delay};
use ulna_policy::{Bundle, Engine, EngineChoice};

fn played(bundle: &str, latency_ms: u64) -> Vec<Delayed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let bundle = Bundle::open(&folder.join(bundle)).unwrap();
    let engine = Engine::open(EngineChoice::Tract).unwrap();
    let latency = Duration::from_millis(latency_ms);
    delay(&bundle, &engine, NonZeroUsize::MIN, latency, 20).unwrap()
}

#[test]
fn with_delay_no_merge_in_time_starves_or_has_sharper_corners_than_the_chunks() {
    for bundle in ["so101-reach", "so101-reach-act"] {
        let all = played(bundle, 300);
        let [synchronous, append, aligned, blended] = all.as_slice() else {
            unreachable!("three merges, and none")
        };
        assert!(synchronous.starved > 0.2, "{bundle}: {synchronous:?}");
        for merge in [aligned, blended] {
            assert!(merge.starved == 0.0, "{bundle}: {merge:?}");
            assert!(merge.jerk_ratio <= 1.2, "{bundle}: {merge:?}");
            assert!(merge.chunks >= 20, "{bundle}: {merge:?}");
        }
        assert!(append.jerk_ratio > 2.0, "{bundle}: {append:?}");
    }
}

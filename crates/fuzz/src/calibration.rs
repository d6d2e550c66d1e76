//! Any text as a calibration is read or refused, and what is read is written as what it is.

use std::sync::LazyLock;

use ulna_drivers::calibration::{parse, to_text};
use ulna_robot::RobotKind;

static ROBOT: LazyLock<RobotKind> =
    LazyLock::new(|| ulna_robot::files::find("so101").expect("a built-in robot"));

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(calibration) = parse(text, &ROBOT) {
        let again = parse(&to_text(&calibration), &ROBOT);
        assert_eq!(again.ok().as_ref(), Some(&calibration));
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    vec![to_text(&ROBOT.nominal_calibration()).into_bytes()]
}

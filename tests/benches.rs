//! The benches run and have the form that scripts rely on. Their figures are not judged here: machines are shared and noisy.

mod harness;

fn cases(bench: &serde_json::Value) -> &[serde_json::Value] {
    assert!(bench["machine"].is_object());
    let cases = bench["cases"].as_array().map_or(&[][..], Vec::as_slice);
    for case in cases {
        assert!(case["case"].is_string() && case["metric"].is_string() && case["unit"].is_string());
        assert!(case["value"].as_f64().is_some_and(f64::is_finite), "{case}");
        assert!(
            case["floor"].is_null() || case["floor"].as_f64().is_some_and(|floor| floor > 0.0),
            "{case}"
        );
    }
    cases
}

#[test]
fn a_cycle_of_six_is_the_least_that_its_protocol_allows() {
    let bench = harness::json(&["bench", "bus"]);
    assert_eq!(bench["bench"], "bus");
    let cases = cases(&bench);
    let bytes = cases
        .iter()
        .filter(|case| case["unit"] == "bytes")
        .filter_map(|case| case["value"].as_f64());
    // Four of Feetech's, with different turn-around times, and one of Dynamixel's.
    assert_eq!(bytes.collect::<Vec<_>>(), [88.0, 88.0, 88.0, 88.0, 120.0]);
    assert!(
        cases
            .iter()
            .any(|case| case["metric"] == "host CPU per cycle" && case["floor"].is_number())
    );
}

#[test]
fn recording_loses_no_row() {
    let bench = harness::json(&["bench", "record"]);
    assert_eq!(bench["bench"], "record");
    let rows = cases(&bench).iter().find(|case| case["metric"] == "rows");
    assert!(
        rows.is_some_and(|rows| rows["value"] == rows["floor"]),
        "{bench}"
    );
}

#[test]
fn reading_is_measured_with_bare_decoding_as_its_floor() {
    let bench = harness::json(&["bench", "read"]);
    assert_eq!(bench["bench"], "read");
    let cases = cases(&bench);
    // Every figure comes with the floor of the same run, and none is below what no reader can do without.
    assert!(
        cases.iter().all(|case| case["floor"].is_number()),
        "{bench}"
    );
    let having = |metric: &str| cases.iter().filter(|case| case["metric"] == metric).count();
    let metrics = [
        "items in order, from the disk",
        "random items, in memory",
        "whole episodes, from the disk",
        "items random, 2 pictures each",
        "items in order, 2 pictures each",
    ];
    assert!(metrics.iter().all(|metric| having(metric) == 1), "{bench}");
    // A thousand episodes in a table file each, and in one.
    assert_eq!(having("opening"), 2, "{bench}");
}

#[test]
fn sessions_behind_an_adapter_have_what_its_round_trip_allows() {
    let bench = harness::json(&["bench", "bus", "--adapter", "cdc:0.5"]);
    let cases = cases(&bench);
    let sound = cases
        .iter()
        .find(|case| case["metric"] == "sessions within the limits");
    // One arm, two arms, nine servos.
    assert!(
        sound.is_some_and(|sound| sound["floor"] == 3.0 && sound["value"] == 3.0),
        "{bench}"
    );
}

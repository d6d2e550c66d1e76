//! The benches run and have the form that scripts rely on. Their figures are not judged here: machines are shared and noisy.

mod harness;

#[test]
fn a_cycle_is_88_bytes_on_the_wire_and_every_case_has_its_parts() {
    let bench = harness::json(&["bench", "bus"]);
    assert_eq!(bench["bench"], "bus");
    assert!(bench["machine"].is_object());
    let cases = bench["cases"].as_array().unwrap();
    for case in cases {
        assert!(case["case"].is_string() && case["metric"].is_string() && case["unit"].is_string());
        assert!(case["value"].as_f64().is_some_and(f64::is_finite), "{case}");
        assert!(
            case["floor"].is_null() || case["floor"].as_f64().is_some_and(|floor| floor > 0.0),
            "{case}"
        );
    }
    let bytes: Vec<f64> = (cases.iter().filter(|case| case["unit"] == "bytes"))
        .filter_map(|case| case["value"].as_f64())
        .collect();
    assert_eq!(bytes, [88.0; 4]);
    assert!(
        cases
            .iter()
            .any(|case| case["metric"] == "host CPU per cycle" && case["floor"].is_number())
    );
}

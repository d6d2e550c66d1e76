use super::*;

fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= tolerance, "{found:?} is not {expected:?}");
    }
}

const ROWS: [f64; 10] = [0.0, -1.0, 1.0, 0.5, 2.0, 0.25, 4.0, 3.0, 8.0, 2.0];

// The expected numbers of these tests were computed by Python LeRobot 0.6.2.
#[test]
fn float32_rows() {
    let stats = FeatureStats::of_rows(&ROWS, 2, Precision::Single);
    close(&stats.min, &[0.0, -1.0], 0.0);
    close(&stats.max, &[8.0, 3.0], 0.0);
    close(&stats.mean, &[3.0, 0.95], 1e-6);
    close(&stats.std, &[2.828_427_1, 1.4], 1e-6);
    assert_eq!(stats.count, 5);
    let [q01, q10, q50, q90, q99] = stats.quantiles.unwrap();
    close(&q01, &[-1e-10, -1.0], 1e-12);
    close(&q10, &[-1e-10, -1.0], 1e-12);
    close(&q50, &[2.000_8, 0.500_4], 1e-6);
    close(&q90, &[7.999_199_9, 2.999_599_6], 1e-6);
    close(&q99, &[7.999_919_9, 2.999_96], 1e-6);
}

#[test]
fn int64_rows() {
    let stats = FeatureStats::of_rows(&[0.0, 1.0, 2.0, 3.0, 4.0], 1, Precision::Double);
    close(&stats.std, &[std::f64::consts::SQRT_2], 1e-8);
    let [q01, q10, q50, q90, q99] = stats.quantiles.unwrap();
    close(&[q01[0], q10[0]], &[-1e-10, -1e-10], 1e-14);
    close(&[q50[0], q90[0], q99[0]], &[2.0004, 3.9996, 3.999_96], 1e-8);
}

#[test]
fn pictures() {
    // Values 0..96 as 2 pictures of 3 x 4 x 4: the first colour holds 0..16 and 48..64.
    let mut histogram = [0_u64; 256];
    for value in (0..16).chain(48..64) {
        histogram[value] = 1;
    }
    let stats = FeatureStats::of_pictures(&[histogram], 2);
    close(&stats.max, &[0.247_058_82], 1e-8);
    close(&stats.mean, &[0.123_529_41], 1e-8);
    close(&stats.std, &[0.095_838_04], 1e-8);
    let q = stats.quantiles.unwrap();
    close(&[q[2][0], q[4][0]], &[0.058_849_41, 0.247_043_01], 1e-8);
}

#[test]
fn aggregates_with_the_envelope_of_quantiles() {
    let all = FeatureStats::of_rows(&ROWS, 2, Precision::Single);
    let doubled: Vec<f64> = ROWS[..6].iter().map(|v| v * 2.0).collect();
    let some = FeatureStats::of_rows(&doubled, 2, Precision::Single);
    let one = |s: &FeatureStats| Stats::from([("x".to_owned(), s.clone())]);
    let both = &aggregate(&[&one(&all), &one(&some)])["x"];
    close(&both.mean, &[2.625, 0.531_25], 1e-6);
    close(&both.std, &[2.496_87, 1.470_74], 1e-5);
    assert_eq!(both.count, 8);
    let q = |s: &FeatureStats, at: usize| s.quantiles.as_ref().unwrap()[at][0];
    assert_eq!(q(both, 2), q(&all, 2).min(q(&some, 2)));
    assert_eq!(q(both, 3), q(&all, 3).max(q(&some, 3)));
}

#[test]
fn one_row_has_its_value_everywhere() {
    let stats = FeatureStats::of_rows(&[3.5], 1, Precision::Single);
    for (name, list) in stats.lists() {
        let expected = if name == "std" { 0.0 } else { 3.5 };
        assert_eq!(list, &vec![expected], "{name}");
    }
}

#[test]
fn json_round_trip() {
    let stats = Stats::from([
        (
            "a".to_owned(),
            FeatureStats::of_rows(&ROWS, 2, Precision::Single),
        ),
        ("c".to_owned(), FeatureStats::of_pictures(&[[1; 256]; 3], 7)),
    ]);
    let value = to_value(&stats);
    assert_eq!(value["c"]["mean"][2][0].as_array().unwrap().len(), 1);
    assert_eq!(parse(&value).unwrap(), stats);
}

#[test]
fn what_json_has_no_words_for_is_no_number_and_words_are_refused() {
    let stats = |mean: Value| {
        parse(&json!({"a": {
            "min": [0], "max": [true], "mean": [mean], "std": [0.5], "count": [2],
        }}))
    };
    let read = stats(Value::Null).unwrap();
    assert!(read["a"].mean[0].is_nan());
    assert_eq!(read["a"].max, [1.0]);
    let (feature, reason) = stats(json!("high")).unwrap_err();
    assert_eq!(feature, "a");
    assert_eq!(reason, "mean holds something that isn't a number");
}

use super::*;
use proptest::prelude::*;

/// A config of ACT with these fields and the usual features.
fn act_with(fields: &str) -> String {
    format!(
        r#"{{"type": "act", "input_features": {{"observation.state": {{"type": "STATE", "shape": [6]}},
        "observation.images.front": {{"type": "VISUAL", "shape": [3, 96, 128]}}}},
        "output_features": {{"action": {{"type": "ACTION", "shape": [6]}}}}{fields}}}"#
    )
}

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text.as_bytes(), &[])
}

#[test]
fn what_is_absent_is_lerobots_default() {
    let config = parse(&act_with("")).unwrap();
    let chunks = config.architecture.chunks();
    assert_eq!((chunks.chunk_size, chunks.n_action_steps), (100, 100));
    let all = format!("{:?}", config.architecture);
    for field in [
        "dim_model: 512",
        "n_heads: 8",
        "use_vae: true",
        "pre_norm: false",
        "gelu: false",
    ] {
        assert!(all.contains(field), "{field} in {all}");
    }
    let image = &config.features.images[0];
    assert_eq!((image.height, image.width), (96, 128));
}

#[test]
fn what_cannot_be_is_refused_with_the_name_of_the_field() {
    for (fields, word) in [
        (r#", "n_obs_steps": 2"#, "n_obs_steps"),
        (r#", "chunk_size": 0"#, "chunk_size"),
        (r#", "chunk_size": 1e9"#, "chunk_size"),
        (r#", "dim_model": 511"#, "dim_model"),
        (r#", "n_action_steps": 101"#, "n_action_steps"),
        (r#", "vision_backbone": "vit_b_16""#, "vision_backbone"),
        (r#", "feedforward_activation": "glu""#, "glu"),
        (r#", "temporal_ensemble_coeff": 0.01"#, "n_action_steps"),
        (r#", "use_peft": true"#, "merge_and_unload"),
        (r#", "swish_everything": true"#, "--ignore swish_everything"),
        (r#", "dropout": "#, "JSON"),
    ] {
        let error = parse(&act_with(fields)).unwrap_err();
        assert!(error.contains(word), "{fields}: {error}");
    }
}

#[test]
fn what_is_off_may_be_unknown_and_what_is_ignored_too() {
    let text = act_with(r#", "new_thing": false, "other": null, "third": 3"#);
    assert!(parse(&text).unwrap_err().contains("third"));
    assert!(Config::parse(text.as_bytes(), &["third".to_owned()]).is_ok());
}

#[test]
fn other_policies_are_refused_by_name() {
    for (kind, word) in [
        ("smolvla", "SmolVLA"),
        ("pi05", "π0.5"),
        ("groot", "GR00T"),
        ("xvla", "X-VLA"),
        ("brand_new", "`brand_new`"),
    ] {
        let text = act_with("").replace("\"act\"", &format!("\"{kind}\""));
        let error = parse(&text).unwrap_err();
        assert!(error.contains(word), "{error}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Config::parse(&bytes, &[]);
    }

    #[test]
    fn any_number_anywhere_is_no_panic(key in prop::sample::select(types::find("diffusion").unwrap().fields), number in any::<i64>()) {
        let text = act_with(&format!(", \"{key}\": {number}"));
        let _ = parse(&text);
        let _ = parse(&text.replace("\"act\"", "\"diffusion\""));
        let _ = parse(&text.replace(&number.to_string(), &format!("[{number}, {number}]")).replace("\"act\"", "\"diffusion\""));
    }
}

//! Which engine is used, and what is said when the one that was asked for cannot be. The choice is one per process, so this is
//! one test: what fails first leaves the choice open.
#![cfg(feature = "tract")]
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;

use ulna_policy::engine::{LIBRARY_NAME, Search};
use ulna_policy::{Engine, EngineChoice, EngineKind, PolicyError};

#[test]
fn what_was_asked_for_or_words() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = Search::default();
    let explicit = |path: &std::path::Path| Search {
        explicit: Some(path.to_owned()),
        ..Search::default()
    };

    // A path that fails is an error, whatever else there may be.
    let missing = folder.path().join("libmissing.so");
    for choice in [EngineChoice::Auto, EngineChoice::Ort] {
        let error = Engine::open_from(choice, &explicit(&missing)).unwrap_err();
        assert!(
            matches!(error, PolicyError::ExplicitLibrary { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("libmissing.so"), "{error}");
    }

    // A file that is no library, and a library that is no ONNX Runtime.
    let garbage = folder.path().join(LIBRARY_NAME);
    fs::write(&garbage, "not a library").unwrap();
    let error = Engine::open_from(EngineChoice::Auto, &explicit(&garbage)).unwrap_err();
    assert!(
        matches!(error, PolicyError::ExplicitLibrary { .. }),
        "{error}"
    );
    if cfg!(target_os = "linux") {
        let libc = explicit("libc.so.6".as_ref());
        let error = Engine::open_from(EngineChoice::Auto, &libc)
            .unwrap_err()
            .to_string();
        assert!(error.contains("not an ONNX Runtime"), "{error}");
    }

    // None anywhere: what to do is said.
    let error = Engine::open_from(EngineChoice::Ort, &nowhere)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("fetch-ort") && error.contains("--engine tract"),
        "{error}"
    );

    // The automatic choice falls to tract, and says what it passed over.
    let broken = Search {
        folders: vec![folder.path().to_owned()],
        ..Search::default()
    };
    let engine = Engine::open_from(EngineChoice::Auto, &broken).unwrap();
    assert_eq!(engine.info().kind, EngineKind::Tract);
    assert!(engine.info().to_string().contains("tract"));
    assert!(engine.info().passed_over[0].contains(LIBRARY_NAME));

    // It stays.
    assert!(Engine::open_from(EngineChoice::Auto, &nowhere).is_ok());
    assert!(Engine::open_from(EngineChoice::Tract, &nowhere).is_ok());
    let error = Engine::open_from(EngineChoice::Ort, &nowhere).unwrap_err();
    assert!(matches!(error, PolicyError::EngineChosen { .. }), "{error}");
}

#[test]
fn engines_have_names() {
    for choice in [EngineChoice::Auto, EngineChoice::Ort, EngineChoice::Tract] {
        assert_eq!(choice.to_string().parse(), Ok(choice));
    }
    assert!(
        "cuda"
            .parse::<EngineChoice>()
            .unwrap_err()
            .to_string()
            .contains("tract")
    );
}

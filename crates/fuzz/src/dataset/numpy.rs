//! Any bytes as a numpy file become a sound dataset's feature with a value for each frame, or are refused and nothing is made.

use std::sync::LazyLock;

use ulna_dataset::tools::{FeatureChanges, NewFeature, NewValues, Target, Work, change_features};
use ulna_dataset::{Dataset, check};

use super::sound::Sound;

static SOUND: LazyLock<Sound> = LazyLock::new(Sound::new);
const FRAMES: usize = 8;

pub(crate) fn run(input: &[u8]) {
    SOUND.with("values.npy", input, |root| {
        let values = NewValues::Numpy(root.join("values.npy"));
        let changes = FeatureChanges::default().added(vec![NewFeature::new("extra", values)]);
        let folder = tempfile::tempdir().expect("a folder");
        let new = folder.path().join("new");
        let mut go_on = |_| true;
        let made = change_features(
            root,
            &changes,
            &Target::New(new.clone()),
            &mut Work::new(&mut go_on),
        );
        match made {
            Ok(_) => {
                let dataset = Dataset::open(&new).expect("it opens");
                let frames = dataset.episodes().iter().map(|row| row.length).sum::<u64>();
                assert_eq!(frames, FRAMES as u64);
                assert!(check(&new).is_sound());
            }
            Err(_) => assert!(!new.exists(), "what is refused is not made"),
        }
    });
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let file = |kind: &str, shape: &str, size: usize| {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let length = u16::try_from(header.len()).expect("a short header");
        [
            b"\x93NUMPY\x01\x00".as_slice(),
            &length.to_le_bytes(),
            header.as_bytes(),
            &vec![1; size * FRAMES],
        ]
        .concat()
    };
    vec![
        file("<f4", "(8,)", 4),
        file("<f8", "(8, 2)", 16),
        file("|u1", "(8, 2, 2)", 4),
        file("<i8", "(8, 1)", 8),
    ]
}

//! Whatever a client of `ulna sim env` sends, in whatever pieces: requests are read or refused, and what they ask of environments at rest has an answer.

use ulna_env::frame::{EnvFrames, LONGEST_REQUEST};
use ulna_env::message::{
    EnvReply, EnvRequest, RenderWhich, ResetSeeds, StepActions, read, written,
};
use ulna_env::worlds::Worlds;
use ulna_rt::Stop;
use ulna_session::RigOptions;
use ulna_session::stepped::SteppedOptions;

fn worlds() -> Worlds {
    let options = SteppedOptions {
        rig: RigOptions::default(),
        fps: 30.0,
        cameras: Vec::new(),
        picture: Some((32, 24)),
        objects: false,
        render: None,
    };
    let joints = vec!["a.pos".to_owned(), "b.pos".to_owned()];
    Worlds::new(&options, joints, 2, &Stop::new())
}

pub(crate) fn run(input: &[u8]) {
    let Some((&piece, bytes)) = input.split_first() else {
        return;
    };
    let (mut frames, mut worlds) = (EnvFrames::new(LONGEST_REQUEST), worlds());
    for piece in bytes.chunks(usize::from(piece).max(1)) {
        frames.push(piece);
        while let Ok(Some(content)) = frames.frame() {
            assert!(content.len() <= LONGEST_REQUEST);
            let _ = read::<EnvReply>(&content);
            let Ok(request) = read::<EnvRequest>(&content) else {
                continue;
            };
            let again = written(&request).expect("a request that was read can be written");
            // NaN is not equal to itself, so the bytes are compared.
            let same = read::<EnvRequest>(&again[4..]).expect("it can be read again");
            assert_eq!(written(&same).expect("and written"), again);
            let answer = match request {
                // Only environments that stay at rest: a session takes long.
                EnvRequest::Reset(reset) if reset.seeds.iter().any(Option::is_some) => continue,
                EnvRequest::Reset(reset) => worlds.reset(reset),
                EnvRequest::Step(step) => worlds.step(&step),
                EnvRequest::Render(render) => worlds.render(&render),
                EnvRequest::Close => continue,
            };
            let reply = answer.unwrap_or_else(EnvReply::Error);
            assert!(written(&reply).is_ok());
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let actions = vec![Some(vec![1.0, -2.5]), None];
    let requests = [
        EnvRequest::Step(StepActions { actions }),
        EnvRequest::Reset(ResetSeeds {
            seeds: vec![None, None],
            tasks: Some(vec![Some("Lift the cube".to_owned()), None]),
        }),
        EnvRequest::Render(RenderWhich {
            which: vec![true, false],
        }),
        EnvRequest::Close,
    ];
    let written = requests.iter().map(|request| {
        let frame = written(request).expect("a request");
        [&[16u8][..], &frame].concat()
    });
    written.collect()
}

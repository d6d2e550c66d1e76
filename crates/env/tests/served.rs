//! Promise: environments are served over a socket; whatever is asked has one answer, and what is wrong changes nothing.

#![allow(clippy::unwrap_used, clippy::panic)]

mod client;

use std::io::Write;

use client::{Served, options, said, step};
use ulna_env::message::{
    EnvRefusalKind, EnvReply, EnvRequest, PROTOCOL, RenderWhich, ResetSeeds, written,
};
use ulna_env::server::Place;
use ulna_env::{EnvOptions, EnvServer};
use ulna_session::stepped::SteppedOptions;

#[test]
fn several_environments_are_reset_stepped_rendered_and_closed() {
    let served = Served::new(options("lift", 2, &["front", "wrist"]));
    let (mut client, hello) = served.client();
    assert_eq!((hello.protocol, hello.num_envs), (PROTOCOL, 2));
    assert_eq!(
        (hello.scene.as_str(), hello.robot.as_str()),
        ("lift", "so101")
    );
    assert_eq!(
        (hello.most_steps, hello.tasks.as_slice()),
        (600, &["Lift the cube".to_owned()][..])
    );
    assert_eq!(hello.joints[0].name, "shoulder_pan.pos");
    assert_eq!(hello.environment[0], "cube.x");
    let first = client.reset(&[Some(3), Some(3)]);
    assert_eq!(first[0], first[1], "the same seed is the same world");
    let view = first[0].clone().unwrap();
    assert_eq!(view.agent_pos.len(), 6);
    let sizes: Vec<_> = view
        .pixels
        .iter()
        .map(|(name, it)| (name.as_str(), it.0.len()))
        .collect();
    assert_eq!(sizes, [("front", 32 * 24 * 3), ("wrist", 32 * 24 * 3)]);
    assert_eq!(view.environment_state.len(), hello.environment.len());
    // One of them alone steps, or begins again.
    let hold = Some(view.agent_pos.clone());
    let seen = client.step(&[hold.clone(), None]);
    assert!(seen[1].is_none() && seen[0].as_ref().unwrap().info.time_s > view.info.time_s);
    let seen = client.step(&[None, hold.clone()]);
    assert!(seen[0].is_none() && seen[1].is_some());
    let again = client.reset(&[None, Some(3)]);
    assert_eq!((&again[0], &again[1]), (&None, &first[1]));
    let other = client.reset(&[Some(4), None])[0].clone().unwrap();
    assert_ne!(other.environment_state, view.environment_state);
    let which = vec![false, true];
    match client.ask(&EnvRequest::Render(RenderWhich { which })) {
        EnvReply::Pictures(pictures) => {
            let sizes: Vec<_> = pictures
                .iter()
                .map(|it| it.as_ref().map(|it| it.0.len()))
                .collect();
            assert_eq!(sizes, [None, Some(32 * 24 * 3)]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(client.ask(&EnvRequest::Close), EnvReply::Closed);
    assert!(client.bytes().is_none(), "the connection is over");
    // The next client finds new environments.
    let (mut client, _) = served.client();
    let error = client.refused(&step(&[hold, None]));
    assert!(error.contains("environment 0 was not reset"), "{error}");
    drop(client);
    served.end();
}

#[test]
fn wrong_requests_are_named_and_change_nothing() {
    let served = Served::new(options("sort", 2, &[]));
    let (mut client, _) = served.client();
    let tasks = |tasks: Vec<Option<&str>>| {
        let tasks = tasks.into_iter().map(|task| task.map(str::to_owned));
        let tasks = Some(tasks.collect());
        EnvRequest::Reset(ResetSeeds {
            seeds: vec![Some(1), Some(2)],
            tasks,
        })
    };
    let red = "Put the red cube into the bin";
    let seen = client.seen(&tasks(vec![Some(red), None]));
    assert_eq!(seen[0].as_ref().unwrap().info.task, red);
    let hold = seen[0].as_ref().unwrap().agent_pos.clone();
    let mut nan = hold.clone();
    nan[3] = f64::NAN;
    let wrong = [
        (step(&[Some(hold.clone())]), "1 entries, and there are 2"),
        (step(&vec![Some(hold.clone()); 3]), "3 entries"),
        (
            step(&[Some(hold.clone()), Some(vec![0.0; 7])]),
            "environment 1: an action has 6 numbers",
        ),
        (
            step(&[Some(hold.clone()), Some(Vec::new())]),
            "this one has 0",
        ),
        (
            step(&[Some(hold.clone()), Some(nan)]),
            "environment 1: the action for `wrist_flex.pos` is NaN",
        ),
        (
            EnvRequest::Reset(ResetSeeds {
                seeds: vec![Some(9)],
                tasks: None,
            }),
            "seeds: 1 entries",
        ),
        (tasks(vec![None]), "tasks: 1 entries"),
        (
            tasks(vec![None, Some("dance")]),
            "environment 1: --scene sort: the task `dance`",
        ),
        (
            tasks(vec![None, Some(&"x".repeat(2000))]),
            "1000 bytes at most",
        ),
        (
            EnvRequest::Render(RenderWhich { which: vec![true] }),
            "which: 1 entries",
        ),
        (
            EnvRequest::Render(RenderWhich {
                which: vec![true, true],
            }),
            "no camera is there to render",
        ),
    ];
    for (request, part) in wrong {
        let error = client.refused(&request);
        assert!(error.contains(part), "{request:?}: {error}");
    }
    // No requests at all: nothing, noise, one with more behind it, one of another protocol.
    let mut longer = written(&EnvRequest::Close).unwrap();
    longer.push(0xc0);
    for content in [
        &b""[..],
        b"\xff\xff",
        &longer[4..],
        b"\x81\xa4stop\xc0",
        &[0x91; 1000],
    ] {
        let head = u32::try_from(content.len()).unwrap().to_be_bytes();
        client.stream.write_all(&[&head, content].concat()).unwrap();
        let error = said(client.reply(), EnvRefusalKind::Request);
        assert!(error.starts_with("this is no request"), "{error}");
    }
    // After all that the same step leads where it leads without it.
    let after = client.step(&[Some(hold.clone()), Some(hold.clone())]);
    drop(client);
    let (mut client, _) = served.client();
    client.seen(&tasks(vec![Some(red), None]));
    assert_eq!(client.step(&[Some(hold.clone()), Some(hold)]), after);
    served.end();
}

#[test]
fn an_episode_that_is_over_takes_no_step_until_its_reset() {
    let served = Served::new(EnvOptions {
        episode: SteppedOptions {
            fps: 1.0,
            ..options("lift", 1, &[]).episode
        },
        ..options("lift", 1, &[])
    });
    let (mut client, hello) = served.client();
    assert_eq!(hello.most_steps, 20);
    let hold = vec![Some(
        client.reset(&[Some(0)])[0]
            .as_ref()
            .unwrap()
            .agent_pos
            .clone(),
    )];
    for number in 1..=20 {
        let seen = client.step(&hold)[0].clone().unwrap();
        assert_eq!(
            (seen.terminated, seen.truncated),
            (false, number == 20),
            "step {number}"
        );
        assert_eq!((seen.reward, seen.info.is_success), (0.0, false));
    }
    let error = client.refused(&step(&hold));
    assert!(
        error.contains("environment 0: the episode is over"),
        "{error}"
    );
    assert!(!client.reset(&[Some(0)])[0].as_ref().unwrap().truncated);
    client.step(&hold);
    served.end();
}

#[test]
fn a_signal_ends_it_while_a_client_is_silent() {
    let served = Served::new(options("push", 1, &[]));
    let (mut client, _) = served.client();
    client.reset(&[Some(1)]);
    served.end();
    assert!(client.bytes().is_none());
}

#[test]
fn what_cannot_be_served_is_refused_at_once() {
    let too_much = EnvOptions {
        count: 256,
        episode: SteppedOptions {
            picture: Some((640, 480)),
            ..options("lift", 1, &["front", "wrist"]).episode
        },
    };
    let error = EnvServer::open(too_much, &Place::Private).unwrap_err();
    assert!(
        error.is_usage() && error.to_string().contains("450 MiB"),
        "{error}"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("here");
    std::fs::write(&path, "something of the user's").unwrap();
    let taken = EnvServer::open(options("lift", 1, &[]), &Place::Socket(path.clone()));
    let error = taken.unwrap_err().to_string();
    assert!(
        error.contains("here") && error.contains("remove it"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "something of the user's"
    );
    let long = Place::Socket(folder.path().join("x".repeat(200)));
    let error = EnvServer::open(options("lift", 1, &[]), &long).unwrap_err();
    assert!(error.to_string().contains("100 bytes"), "{error}");
    // Where it is wanted, and gone with the server.
    let path = folder.path().join("socket");
    let server = EnvServer::open(options("lift", 1, &[]), &Place::Socket(path.clone())).unwrap();
    assert!(path.exists());
    drop(server);
    assert!(!path.exists());
    // What has taken its name since stays.
    let server = EnvServer::open(options("lift", 1, &[]), &Place::Socket(path.clone())).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "something of the user's").unwrap();
    drop(server);
    assert!(path.exists());
}

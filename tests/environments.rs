//! Promise: `ulna sim env` is `ulna eval` step by step, for programs in other languages: the same seed and actions are the same bits in every process, and
//! whatever ends it ends it cleanly.

#![allow(clippy::unwrap_used, clippy::panic)]

mod harness;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use harness::{fails, finish, run, ulna};
use serde_json::Value;
use ulna_env::frame::{EnvFrames, LONGEST_REPLY};
use ulna_env::message::{EnvReply, EnvRequest, ResetSeeds, StepActions, read, written};

/// The content of the next frame; nothing if the other end is closed.
fn frame(stream: &mut UnixStream, frames: &mut EnvFrames) -> Option<Vec<u8>> {
    let mut piece = vec![0; 1 << 16];
    loop {
        if let Some(content) = frames.frame().unwrap() {
            return Some(content);
        }
        match stream.read(&mut piece).unwrap() {
            0 => return None,
            count => frames.push(&piece[..count]),
        }
    }
}

fn reset(seed: u64) -> EnvRequest {
    let (seeds, tasks) = (vec![Some(seed)], None);
    EnvRequest::Reset(ResetSeeds { seeds, tasks })
}

fn step(action: Vec<f64>) -> EnvRequest {
    let actions = vec![Some(action)];
    EnvRequest::Step(StepActions { actions })
}

/// A server whose client is at the other end of its standard input.
struct Started {
    child: Child,
    stream: UnixStream,
    frames: EnvFrames,
}

impl Started {
    fn new(options: &[&str]) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut command = ulna(&[&["sim", "env", "--on-stdin"], options].concat());
        command.stdin(Stdio::from(OwnedFd::from(theirs)));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        // Its end of the pair is its own now.
        drop(command);
        Self {
            child,
            stream: ours,
            frames: EnvFrames::new(LONGEST_REPLY),
        }
    }

    fn ask(&mut self, request: &EnvRequest) -> Vec<u8> {
        self.stream.write_all(&written(request).unwrap()).unwrap();
        frame(&mut self.stream, &mut self.frames).unwrap()
    }
}

/// All bytes that come of some steps.
fn bytes_of_a_run(seed: u64) -> Vec<Vec<u8>> {
    let mut started = Started::new(&["--scene", "push", "--camera-size", "64x48", "--objects"]);
    let hello = frame(&mut started.stream, &mut started.frames).unwrap();
    let mut all = vec![hello, started.ask(&reset(seed))];
    for number in 0..20 {
        let swing = f64::from(number) * 1.5;
        all.push(started.ask(&step(vec![swing, -swing, swing, 0.0, 5.0, 30.0])));
    }
    let Started { child, stream, .. } = started;
    drop(stream);
    let ran = finish(child.wait_with_output().unwrap());
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (0, "", "")
    );
    all
}

#[test]
fn a_seed_and_actions_are_the_same_bits_in_every_process() {
    let one = bytes_of_a_run(5);
    assert_eq!(one, bytes_of_a_run(5));
    assert_ne!(one[1], bytes_of_a_run(6)[1]);
}

#[test]
fn a_socket_is_named_with_the_line_to_type_and_gone_in_the_end() {
    for (signal, options) in [
        ("-INT", &["--scene", "pick-place"][..]),
        ("-TERM", &["--scene", "lift", "--num-envs", "3"]),
    ] {
        let mut command = ulna(&[&["sim", "env", "--no-cameras", "--json"], options].concat());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let facts: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let socket = facts["socket"].as_str().unwrap().to_owned();
        assert_eq!(
            (&facts["protocol"], &facts["scene"]),
            (&1.into(), &options[1].into())
        );
        let mut said = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        while !said.contains("Ctrl-C") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
        }
        let plain: String = said.split_whitespace().collect();
        let made = match options[1] {
            "lift" => "gymnasium.make_vec(\"ulna_env:ulna/Lift-v0\",num_envs=3,address=",
            _ => "gymnasium.make(\"ulna_env:ulna/PickPlace-v0\",address=",
        };
        assert!(plain.contains(made), "{said}");
        // A client is in the middle of an episode when the signal comes.
        let mut stream = UnixStream::connect(&socket).unwrap();
        let mut frames = EnvFrames::new(LONGEST_REPLY);
        let hello = frame(&mut stream, &mut frames).unwrap();
        assert!(matches!(read(&hello).unwrap(), EnvReply::Hello(_)));
        let count = facts["num_envs"].as_u64().unwrap();
        let (seeds, tasks) = ((0..count).map(Some).collect(), None);
        let reset = EnvRequest::Reset(ResetSeeds { seeds, tasks });
        stream.write_all(&written(&reset).unwrap()).unwrap();
        assert!(matches!(
            read(&frame(&mut stream, &mut frames).unwrap()).unwrap(),
            EnvReply::Observed(_)
        ));
        let sent = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        assert!(frame(&mut stream, &mut frames).is_none());
        assert!(!Path::new(&socket).exists(), "{socket} is left");
    }
}

#[test]
fn options_that_cannot_be_are_refused_before_anything_is_served() {
    let wrong: [(&[&str], &[&str]); 10] = [
        (&["--scene", "moon"], &["moon", "pick-place"]),
        (&["--scene", "./no.toml"], &["no.toml"]),
        (&["--scene", "lift", "--num-envs", "0"], &["1 to 256"]),
        (
            &["--scene", "lift", "--cameras", "rear"],
            &["`rear`", "front", "wrist"],
        ),
        (&["--scene", "lift", "--render=rear"], &["`rear`"]),
        (&["--scene", "lift", "--camera-size", "0x0"], &["0 x 0"]),
        (
            &["--scene", "lift", "--physics", "moon"],
            &["moon", "mujoco"],
        ),
        (
            &["--scene", "lift", "--fps", "nan"],
            &["--fps", "1 and 200"],
        ),
        (&["--scene", "sort", "--task", "dance"], &["dance", "red"]),
        (
            &[
                "--scene",
                "lift",
                "--num-envs",
                "256",
                "--camera-size",
                "1920x1080",
            ],
            &["MiB", "smaller pictures"],
        ),
    ];
    for (options, says) in wrong {
        fails(2, says, &[&["sim", "env"], options].concat());
    }
    fails(
        2,
        &["--on-stdin", "socketpair"],
        &["sim", "env", "--scene", "lift", "--on-stdin"],
    );
    let described = run(&[
        "sim",
        "env",
        "--scene",
        "reach",
        "--no-cameras",
        "--describe",
    ]);
    let facts: Value = serde_json::from_str(&described.stdout).unwrap();
    assert_eq!(facts["environment"].as_array().unwrap().len(), 3);
    assert_eq!(facts["cameras"].as_array().unwrap().len(), 0);
}

//! A server on a thread of its own, and a client as one in another language is.

#![allow(dead_code, unreachable_pub)] // each test uses a part of it

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use ulna_env::frame::{EnvFrames, LONGEST_REPLY};
use ulna_env::message::{
    EnvRefusal, EnvRefusalKind, EnvReply, EnvRequest, EnvView, Hello, ResetSeeds, StepActions,
    read, written,
};
use ulna_env::server::{Over, Place};
use ulna_env::{EnvError, EnvOptions, EnvServer};
use ulna_rt::Stop;
use ulna_session::RigOptions;
use ulna_session::stepped::SteppedOptions;

pub fn options(scene: &str, count: usize, cameras: &[&str]) -> EnvOptions {
    EnvOptions {
        count,
        episode: SteppedOptions {
            rig: RigOptions {
                scene: Some(scene.to_owned()),
                ..RigOptions::default()
            },
            fps: 30.0,
            cameras: cameras.iter().map(|name| (*name).to_owned()).collect(),
            picture: Some((32, 24)),
            objects: true,
            render: cameras.first().map(|name| (*name).to_owned()),
        },
    }
}

/// A server on a thread of its own.
pub struct Served {
    pub stop: Stop,
    pub address: PathBuf,
    thread: JoinHandle<Result<Over, EnvError>>,
}

impl Served {
    pub fn new(options: EnvOptions) -> Self {
        let stop = Stop::new();
        let server = EnvServer::open(options, &Place::Private).unwrap();
        let (address, own) = (server.address().unwrap().to_owned(), stop.clone());
        Self {
            stop,
            address,
            thread: thread::spawn(move || server.serve(&own)),
        }
    }

    /// A client that has heard what the environments are.
    pub fn client(&self) -> (Client, Hello) {
        let mut client = self.connect();
        match client.reply() {
            EnvReply::Hello(hello) => (client, *hello),
            other => panic!("{other:?}"),
        }
    }

    pub fn connect(&self) -> Client {
        Client {
            stream: UnixStream::connect(&self.address).unwrap(),
            frames: EnvFrames::new(LONGEST_REPLY),
        }
    }

    pub fn end(self) {
        self.stop.interrupt();
        assert_eq!(self.thread.join().unwrap().unwrap(), Over::Stopped);
        assert!(!self.address.exists(), "the socket is left");
        assert!(
            !self.address.parent().unwrap().exists(),
            "its folder is left"
        );
    }
}

pub struct Client {
    pub stream: UnixStream,
    frames: EnvFrames,
}

impl Client {
    pub fn reply(&mut self) -> EnvReply {
        self.bytes().map(|content| read(&content).unwrap()).unwrap()
    }

    /// The content of the next frame; nothing if the connection is over.
    pub fn bytes(&mut self) -> Option<Vec<u8>> {
        let mut piece = vec![0; 1 << 16];
        loop {
            if let Some(content) = self.frames.frame().unwrap() {
                return Some(content);
            }
            match self.stream.read(&mut piece) {
                Ok(0) => return None,
                Ok(count) => self.frames.push(&piece[..count]),
                // Bytes of ours that were never read.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub fn send(&mut self, request: &EnvRequest) {
        self.stream.write_all(&written(request).unwrap()).unwrap();
    }

    pub fn ask(&mut self, request: &EnvRequest) -> EnvReply {
        self.send(request);
        self.reply()
    }

    pub fn reset(&mut self, seeds: &[Option<u64>]) -> Vec<Option<EnvView>> {
        let (seeds, tasks) = (seeds.to_vec(), None);
        self.seen(&EnvRequest::Reset(ResetSeeds { seeds, tasks }))
    }

    pub fn step(&mut self, actions: &[Option<Vec<f64>>]) -> Vec<Option<EnvView>> {
        self.seen(&step(actions))
    }

    pub fn seen(&mut self, request: &EnvRequest) -> Vec<Option<EnvView>> {
        match self.ask(request) {
            EnvReply::Observed(views) => views,
            other => panic!("{other:?}"),
        }
    }

    /// What is wrong with a request, and that it is the request.
    pub fn refused(&mut self, request: &EnvRequest) -> String {
        let reply = self.ask(request);
        said(reply, EnvRefusalKind::Request)
    }
}

pub fn step(actions: &[Option<Vec<f64>>]) -> EnvRequest {
    let actions = actions.to_vec();
    EnvRequest::Step(StepActions { actions })
}

pub fn said(reply: EnvReply, wanted: EnvRefusalKind) -> String {
    match reply {
        EnvReply::Error(EnvRefusal { kind, message }) if kind == wanted => message,
        other => panic!("{other:?}"),
    }
}

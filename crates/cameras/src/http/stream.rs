//! An MJPEG stream as a camera.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::body::Body;
use super::connection;
use super::parts::{Part, PartError, Parts};
use crate::error::CameraError;
use crate::settings::CameraSettings;
use crate::source::{Payload, Promise, Shot, Source};

/// How long a read waits.
const GLANCE: Duration = Duration::from_millis(250);

#[derive(Debug)]
struct HttpStream {
    name: String,
    promise: Promise,
    parts: Parts<Body<TcpStream>>,
    sequence: u64,
}

/// Opens the stream at the settings' address.
///
/// # Errors
/// If there is none.
pub(crate) fn open(settings: &CameraSettings) -> Result<Box<dyn Source>, CameraError> {
    let name = settings.shown();
    let failed = |problem: String| CameraError::failed(&name, problem);
    let answer = connection::get(&settings.index_or_path, GLANCE).map_err(failed)?;
    let parts = Parts::new(answer.body, &answer.content_type).map_err(failed)?;
    Ok(Box::new(HttpStream {
        promise: Promise {
            size: None,
            fps: None,
            format: "MJPEG over HTTP".to_owned(),
        },
        name,
        parts,
        sequence: 0,
    }))
}

impl Source for HttpStream {
    fn promise(&self) -> &Promise {
        &self.promise
    }

    fn next(&mut self, patience: Duration) -> Result<Option<Shot>, CameraError> {
        let until = Instant::now() + patience;
        loop {
            match self.parts.next_part(until) {
                Ok(Part { arrived, jpeg }) => {
                    self.sequence += 1;
                    return Ok(Some(Shot {
                        arrived,
                        light: None,
                        sequence: self.sequence,
                        payload: Payload::Jpeg(jpeg),
                    }));
                }
                Err(PartError::Waiting) if Instant::now() < until => {}
                Err(PartError::Waiting) => return Ok(None),
                Err(PartError::Ended(why)) => return Err(CameraError::failed(&self.name, why)),
            }
        }
    }
}

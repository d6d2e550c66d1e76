//! Cameras and arms of the test's own: MJPEG over HTTP in the place of phones, simulated servos on ptys in the place of arms.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::ulna;

/// A phone with a camera: 30 pictures a second to everyone who asks.
pub struct Phone {
    pub address: String,
    pub frozen: Arc<AtomicBool>,
    pub hangs_up: Arc<AtomicBool>,
    pub shade: Arc<AtomicU32>,
}

impl Phone {
    /// Its pictures have one gradient or another.
    pub fn new(shade: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let phone = Self {
            address: format!("http://{}/video", listener.local_addr().unwrap()),
            frozen: Arc::default(),
            hangs_up: Arc::default(),
            shade: Arc::new(AtomicU32::new(shade)),
        };
        let (frozen, hangs_up) = (Arc::clone(&phone.frozen), Arc::clone(&phone.hangs_up));
        let shade = Arc::clone(&phone.shade);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (frozen, hangs_up) = (Arc::clone(&frozen), Arc::clone(&hangs_up));
                let shade = Arc::clone(&shade);
                thread::spawn(move || serve(stream, &frozen, &hangs_up, &shade));
            }
        });
        phone
    }
}

fn serve(mut stream: TcpStream, frozen: &AtomicBool, hangs_up: &AtomicBool, shade: &AtomicU32) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n";
    let mut sent = stream.write_all(head.as_bytes());
    let since = Instant::now();
    let mut picture = jpeg(0, shade.load(Ordering::SeqCst));
    for number in 1u32.. {
        if sent.is_err() || hangs_up.load(Ordering::SeqCst) {
            return;
        }
        if !frozen.load(Ordering::SeqCst) {
            picture = jpeg(number, shade.load(Ordering::SeqCst));
        }
        let head = format!("--x\r\nContent-Length: {}\r\n\r\n", picture.len());
        sent = stream.write_all(&[head.as_bytes(), &picture, b"\r\n"].concat());
        let due = Duration::from_micros(33_333 * u64::from(number));
        thread::sleep(due.saturating_sub(since.elapsed()));
    }
}

/// 64 x 48 pixels: a gradient of one of two directions, and a bar that moves.
fn jpeg(number: u32, shade: u32) -> Vec<u8> {
    let pixels: Vec<u8> = (0..64u32 * 48)
        .flat_map(|at| {
            let (x, y) = (at % 64, at / 64);
            let grey = if shade == 0 { x * 4 } else { y * 5 };
            match x == number % 64 {
                true => [255, 0, 0],
                false => [grey as u8; 3],
            }
        })
        .collect();
    let mut out = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 90)
        .encode(&pixels, 64, 48, image::ExtendedColorType::Rgb8)
        .unwrap();
    out
}

/// A follower and a leader on ptys.
pub struct Arm {
    process: Child,
    pub port: String,
    pub leader: String,
}

impl Arm {
    /// Both calibrated, as `mine`.
    pub fn new() -> Self {
        let serve = [
            "sim",
            "serve",
            "--robot-id",
            "mine",
            "--leader",
            "--teleop-id",
            "mine",
        ];
        let mut process = ulna(&serve).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut ports = lines.map(|line| {
            let line = line.unwrap();
            line.split_whitespace().last().unwrap().to_owned()
        });
        let (port, leader) = (ports.next().unwrap(), ports.next().unwrap());
        Self {
            process,
            port,
            leader,
        }
    }
}

impl Drop for Arm {
    fn drop(&mut self) {
        let id = Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        let _ = kill_process(id, Signal::INT);
        let _ = self.process.wait();
    }
}

//! A camera on the network: JPEG after JPEG over HTTP.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::meters::thread_cpu;
use crate::pictures::{FPS, shown};

/// It serves until nothing listens any more.
#[derive(Debug)]
pub(super) struct Phone {
    pub(super) address: String,
    cpu: Arc<AtomicU64>,
}

impl Phone {
    /// A phone with these pictures, which it shows forth and back.
    pub(super) fn start(jpegs: Arc<Vec<Vec<u8>>>) -> Result<Self, BenchError> {
        let failed = |source| BenchError::System {
            what: "serving a camera of the bench".to_owned(),
            source,
        };
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let cpu = Arc::<AtomicU64>::default();
        let used = Arc::clone(&cpu);
        thread::spawn(move || {
            if let Ok((stream, _)) = listener.accept() {
                // It ends when the camera is closed.
                let _ = serve(stream, &jpegs, &used);
            }
        });
        Ok(Self {
            address: format!("http://{address}/video"),
            cpu,
        })
    }

    /// CPU time that serving has taken so far.
    pub(super) fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu.load(Ordering::Relaxed))
    }
}

fn serve(mut stream: TcpStream, jpegs: &[Vec<u8>], cpu: &AtomicU64) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    stream.set_nodelay(true)?;
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n",
    )?;
    let (since, period) = (Instant::now(), Duration::from_secs(1) / FPS);
    for number in 0u32.. {
        thread::sleep((period * number).saturating_sub(since.elapsed()));
        let jpeg = &jpegs[shown(u64::from(number))];
        let head = format!(
            "--x\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
            jpeg.len()
        );
        stream.write_all(&[head.as_bytes(), jpeg, b"\r\n"].concat())?;
        let used = u64::try_from(thread_cpu().as_nanos()).unwrap_or(u64::MAX);
        cpu.store(used, Ordering::Relaxed);
    }
    Ok(())
}

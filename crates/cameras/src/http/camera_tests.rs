//! Whole cameras on a server of the test's own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ulna_core::{Camera, Stamp};

use crate::live::LiveCamera;
use crate::open;
use crate::reader::{Opener, Patience};
use crate::settings::CameraSettings;
use crate::testing::picture;

/// A server that treats its n-th visitor as `serve` says; its address.
fn server(serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/video", listener.local_addr().unwrap());
    let visitors = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&visitors);
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let visitor = count.fetch_add(1, Ordering::SeqCst);
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(visitor, stream));
        }
    });
    (address, visitors)
}

/// Reads the request's head.
fn request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=frame\r\n\r\n";

fn part(number: usize) -> Vec<u8> {
    let jpeg = picture(64, 48, number as u32);
    let head = format!(
        "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
        jpeg.len()
    );
    [head.as_bytes(), &jpeg, b"\r\n"].concat()
}

/// Sends these pictures, a hundred a second; false once the camera is gone.
fn send(stream: &mut TcpStream, numbers: std::ops::Range<usize>) -> bool {
    for number in numbers {
        if stream.write_all(&part(number)).is_err() {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    true
}

fn opened(address: &str, patience: Patience) -> LiveCamera {
    let settings = CameraSettings::at(address);
    let again = settings.clone();
    let opener: Opener = Box::new(move || open::source(&again));
    LiveCamera::start("phone", &settings, Instant::now(), opener, patience).unwrap()
}

/// Polls until it has given so many pictures, or has ended.
fn pictures(camera: &mut LiveCamera, most: usize) -> Result<Vec<u64>, String> {
    let since = Instant::now();
    let mut numbers = Vec::new();
    while numbers.len() < most {
        match camera.poll(Stamp::ZERO) {
            Ok(Some(frame)) => numbers.push(frame.sequence),
            Ok(None) => thread::sleep(Duration::from_millis(1)),
            Err(fault) => return Err(fault.to_string()),
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{numbers:?}");
    }
    Ok(numbers)
}

fn refused(answer: &'static [u8]) -> String {
    let (address, _) = server(move |_, mut stream| {
        request(&mut stream);
        let _ = stream.write_all(answer);
    });
    let error = LiveCamera::open("phone", &CameraSettings::at(&address), Instant::now());
    error.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_stall_and_garbage_end_in_pictures_again() {
    let (address, visitors) = server(|visitor, mut stream| {
        request(&mut stream);
        let _ = stream.write_all(HEAD.as_bytes());
        match visitor {
            0 => {
                send(&mut stream, 0..3);
                thread::sleep(Duration::from_secs(30)); // it stalls, and holds the line
            }
            1 => {
                let _ = stream.write_all(b"--frame\r\nContent-Type: image/jpeg\r\n\r\nno picture\r\n--frame\r\nContent-Length: 99999999999\r\n\r\n");
            }
            _ => while send(&mut stream, 3..7) {},
        }
    });
    let patience = Patience {
        stall: Duration::from_millis(300),
        away: Duration::from_secs(20),
        between: Duration::from_millis(10),
    };
    let mut camera = opened(&address, patience);
    let numbers = pictures(&mut camera, 8).unwrap();
    assert!(
        numbers.is_sorted() && numbers.windows(2).any(|pair| pair[1] > pair[0] + 1),
        "{numbers:?}"
    );
    assert!(visitors.load(Ordering::SeqCst) >= 3 && camera.losses().get() >= 1);
}

#[test]
fn a_camera_that_stays_away_is_given_up_with_the_reason() {
    let (address, _) = server(|visitor, mut stream| {
        request(&mut stream);
        if visitor == 0 {
            let _ = stream.write_all(HEAD.as_bytes());
            send(&mut stream, 0..3);
        } else {
            let _ = stream.write_all(b"HTTP/1.1 503 Busy\r\n\r\n");
        }
    });
    let patience = Patience {
        stall: Duration::from_millis(500),
        away: Duration::from_millis(200),
        between: Duration::from_millis(20),
    };
    let why = pictures(&mut opened(&address, patience), 9).unwrap_err();
    assert!(
        why.contains("ended the stream") && why.contains("serve one viewer"),
        "{why}"
    );
}

#[test]
fn what_is_no_stream_is_refused_with_what_to_do() {
    for (answer, words) in [
        (
            &b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"[..],
            "MJPEG stream",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n",
            "one picture",
        ),
        (b"HTTP/1.1 401 No\r\n\r\n", "USER:PASSWORD"),
        (b"HTTP/1.1 404 No\r\n\r\n", "manual"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere/\r\n\r\n",
            "type=ffmpeg",
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: /video\r\n\r\n",
            "from one address to the next",
        ),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n\r\n", "no HTTP"),
        (b"", "hung up"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "chunk",
        ),
    ] {
        let error = refused(answer);
        assert!(error.contains(words), "{error}");
    }
    let (address, _) = server(|_, mut stream| {
        request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    let error =
        LiveCamera::open("phone", &CameraSettings::at(&address), Instant::now()).unwrap_err();
    assert!(error.to_string().contains("headers"), "{error}");
    let error = LiveCamera::open(
        "phone",
        &CameraSettings::at("http://127.0.0.1:9/"),
        Instant::now(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("switched on"), "{error}");
}

#[test]
fn bytes_that_trickle_are_a_stall() {
    for chunked in [false, true] {
        let (address, _) = server(move |visitor, mut stream| {
            request(&mut stream);
            if visitor > 0 {
                let _ = stream.write_all(HEAD.as_bytes());
                while send(&mut stream, 3..7) {}
                return;
            }
            let head = match chunked {
                false => HEAD.to_owned(),
                true => HEAD.replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n"),
            };
            let part = part(0);
            let first = match chunked {
                false => part,
                true => [format!("{:x}\r\n", part.len()).as_bytes(), &part, b"\r\n"].concat(),
            };
            let _ = stream.write_all(&[head.as_bytes(), &first].concat());
            // A byte now and then, for as long as it is wanted.
            while stream.write_all(b"0").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let patience = Patience {
            stall: Duration::from_millis(300),
            away: Duration::from_secs(20),
            between: Duration::from_millis(10),
        };
        let mut camera = opened(&address, patience);
        assert_eq!(pictures(&mut camera, 4).unwrap().len(), 4);
        assert_eq!(camera.losses().get(), 1);
    }
}

#[test]
fn passwords_go_to_the_camera_alone_and_chunks_are_read() {
    let (address, _) = server(|_, mut stream| {
        let head = request(&mut stream);
        if !head.contains("Authorization: Basic bWU6cCB3") {
            let _ = stream.write_all(b"HTTP/1.1 401 No\r\n\r\n");
            return;
        }
        let head = HEAD.replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
        for number in 0.. {
            let part = part(number);
            let (a, b) = part.split_at(part.len() / 2);
            for half in [a, b] {
                let size = format!("{:x}\r\n", half.len());
                if stream
                    .write_all(&[size.as_bytes(), half, b"\r\n"].concat())
                    .is_err()
                {
                    return;
                }
            }
            thread::sleep(Duration::from_millis(10));
        }
    });
    let with_login = address.replace("http://", "http://me:p%20w@");
    let mut camera = opened(&with_login, Patience::default());
    assert_eq!(pictures(&mut camera, 4).unwrap().len(), 4);
    assert_eq!(camera.size(), (64, 48));
    assert!(!format!("{:?}", camera.identity()).contains("p%20w"));
}

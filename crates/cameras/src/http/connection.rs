//! One GET request: from an address to the first byte of the body.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::Url;

use super::body::Body;

/// How long connecting and the head of the answer may take.
const SOON: Duration = Duration::from_secs(5);
/// Far more than the head of any answer.
const LONGEST_HEAD: usize = 32 << 10;
/// So many lines of it are looked at.
const HEADERS: usize = 64;
/// A camera sends one elsewhere once, perhaps twice.
const REDIRECTS: usize = 3;

/// An answer whose body can be read.
#[derive(Debug)]
pub(super) struct Answer<R> {
    pub(super) content_type: String,
    pub(super) body: Body<R>,
}

/// Asks for what is at this address. The answer's body is waited for `glance` at a time.
///
/// # Errors
/// In words, with what to do.
pub(super) fn get(address: &str, glance: Duration) -> Result<Answer<TcpStream>, String> {
    let mut url = Url::parse(address).map_err(|error| format!("no address: {error}"))?;
    let host = url.host_str().map(str::to_owned);
    let login = login(&url);
    for _ in 0..=REDIRECTS {
        // A password goes to the host that it was given for alone.
        let login = login
            .as_ref()
            .filter(|_| url.host_str().map(str::to_owned) == host);
        match ask(&url, login.map(String::as_str), glance)? {
            Asked::Answered(answer) => return Ok(*answer),
            Asked::Elsewhere(to) => {
                url = url
                    .join(&to)
                    .ok()
                    .filter(|url| url.scheme() == "http")
                    .ok_or("it sends us to an address that is not http: pass type=ffmpeg")?;
            }
        }
    }
    Err("it sends us from one address to the next".to_owned())
}

/// What became of a request.
#[derive(Debug)]
pub(super) enum Asked<R> {
    Answered(Box<Answer<R>>),
    Elsewhere(String),
}

/// User and password, as HTTP's basic authentication has them.
fn login(url: &Url) -> Option<String> {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = decoded(url.username());
    let password = decoded(url.password().unwrap_or_default());
    (!user.is_empty() || !password.is_empty())
        .then(|| STANDARD.encode(format!("{user}:{password}")))
}

fn ask(url: &Url, login: Option<&str>, glance: Duration) -> Result<Asked<TcpStream>, String> {
    let mut stream = connect(url)?;
    let until = Instant::now() + SOON;
    let failed = |error: std::io::Error| format!("it does not answer: {error}");
    stream.set_write_timeout(Some(SOON)).map_err(failed)?;
    let _ = stream.set_nodelay(true);
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: ulna\r\nAccept: multipart/x-mixed-replace, image/jpeg\r\nConnection: close\r\n"
    );
    if let Some(login) = login {
        request.push_str(&format!("Authorization: Basic {login}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let (head, rest) = head(&mut stream, until)?;
    stream.set_read_timeout(Some(glance)).map_err(failed)?;
    understood(&head, rest, stream)
}

fn connect(url: &Url) -> Result<TcpStream, String> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let addresses = (host.trim_matches(['[', ']']), port).to_socket_addrs();
    let addresses = addresses.map_err(|error| format!("its address is not known here: {error}"))?;
    let mut why = "its name has no address".to_owned();
    for address in addresses.take(4) {
        match TcpStream::connect_timeout(&address, SOON) {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                why = format!(
                    "cannot be reached at {address}: {error}; is it switched on, in this network, and is its port right?"
                );
            }
        }
    }
    Err(why)
}

/// The head of the answer, and what came behind it.
fn head(stream: &mut TcpStream, until: Instant) -> Result<(Vec<u8>, Vec<u8>), String> {
    let mut head = Vec::new();
    let mut bytes = [0; 2048];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(format!(
                "it gave no whole answer within {} s",
                SOON.as_secs()
            ));
        }
        let _ = stream.set_read_timeout(Some(left));
        match stream.read(&mut bytes) {
            Ok(0) => return Err("it hung up without an answer".to_owned()),
            Ok(count) => head.extend_from_slice(&bytes[..count]),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(format!("it does not answer: {error}")),
        }
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return Ok((head, rest));
        }
        if head.len() > LONGEST_HEAD {
            return Err(format!(
                "its answer begins with more than {LONGEST_HEAD} bytes of headers"
            ));
        }
    }
}

/// What the head of an answer says of its body, which begins with `rest` and goes on in `stream`.
///
/// # Errors
/// In words, with what to do, if it is no answer, or not the one that was hoped for.
pub(super) fn understood<R: Read>(
    head: &[u8],
    rest: Vec<u8>,
    stream: R,
) -> Result<Asked<R>, String> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(head);
    parsed.map_err(|error| format!("its answer is no HTTP ({error})"))?;
    let header = |name: &str| {
        let mut found = response.headers.iter();
        let found = found.find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).trim().to_owned())
    };
    match response.code.unwrap_or_default() {
        200 => {}
        301 | 302 | 303 | 307 | 308 => {
            return Ok(Asked::Elsewhere(header("location").unwrap_or_default()));
        }
        401 | 403 => {
            return Err(
                "it wants a user and a password, or others: http://USER:PASSWORD@HOST/…".to_owned(),
            );
        }
        404 => {
            return Err("it has nothing at this address: its page or manual says under which one its MJPEG stream is".to_owned());
        }
        503 => {
            return Err(
                "it is busy: most such cameras serve one viewer, so close the others".to_owned(),
            );
        }
        code => return Err(format!("it answers with status {code}")),
    }
    let chunked =
        header("transfer-encoding").is_some_and(|how| how.eq_ignore_ascii_case("chunked"));
    Ok(Asked::Answered(Box::new(Answer {
        content_type: header("content-type").unwrap_or_default(),
        body: Body::new(stream, rest, chunked),
    })))
}

//! Just enough of an HTTP/1.1 server to be misused: it can break connections wherever a test wants it to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// The path, decoded.
    pub path: String,
    /// What follows the `?`.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The port it came to.
    pub port: u16,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut parts = self
            .query
            .split('&')
            .filter_map(|part| part.split_once('='));
        parts.find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Ends the connection after so many bytes of the body.
    pub cut: Option<usize>,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            cut: None,
        }
    }

    pub fn json(value: &serde_json::Value) -> Self {
        let mut reply = Self::new(200).with("Content-Type", "application/json; charset=utf-8");
        reply.body = value.to_string().into_bytes();
        reply
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A refusal in the Hub's manner.
    pub fn refusal(status: u16, code: &str, message: &str) -> Self {
        let mut reply = Self::json(&serde_json::json!({ "error": message }));
        reply.status = status;
        if !code.is_empty() {
            reply = reply.with("X-Error-Code", code);
        }
        reply.with("X-Error-Message", message)
    }
}

/// What answers the requests.
pub trait Handler: Send + Sync + 'static {
    /// How many bytes of the body are read before the connection ends, if it should end.
    fn drop_upload(&self, request: &Request) -> Option<usize>;
    /// The answer; none leaves the client waiting.
    fn answer(&self, request: Request) -> Option<Reply>;
}

/// Serves on a port of this machine until the program ends; says which.
pub fn serve(handler: Arc<dyn Handler>, port: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handler = Arc::clone(&handler);
            thread::spawn(move || connection(&*handler, &stream, port));
        }
    });
    port
}

fn connection(handler: &dyn Handler, stream: &TcpStream, port: u16) {
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = head(&mut reader, port) {
        if request.header("expect").is_some() {
            let _ = (&mut &*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        if let Some(bytes) = handler.drop_upload(&request) {
            let _ = std::io::copy(&mut reader.take(bytes as u64), &mut std::io::sink());
            break;
        }
        let Some(body) = body(&mut reader, &request) else {
            break;
        };
        request.body = body;
        let is_head = request.method == "HEAD";
        let Some(reply) = handler.answer(request) else {
            // Until the client gives up.
            let _ = reader.read(&mut [0]);
            break;
        };
        if !send(stream, &reply, is_head) {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn head(reader: &mut impl BufRead, port: u16) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.push((name.to_lowercase(), value.trim().to_owned()));
            }
            None => break,
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let path = percent_encoding::percent_decode_str(path);
    Some(Request {
        method,
        path: path.decode_utf8_lossy().into_owned(),
        query: query.to_owned(),
        headers,
        body: Vec::new(),
        port,
    })
}

fn body(reader: &mut impl BufRead, request: &Request) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    if request.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let size = usize::from_str_radix(line.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            if size == 0 {
                return Some(body);
            }
            body.extend(&chunk[..size]);
        }
    }
    let length = request.header("content-length");
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    body.resize(length, 0);
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

/// False if the connection is over.
fn send(mut stream: &TcpStream, reply: &Reply, is_head: bool) -> bool {
    let mut head = format!("HTTP/1.1 {} Answer\r\n", reply.status);
    if !reply
        .headers
        .iter()
        .any(|(name, _)| name == "Content-Length")
    {
        head.push_str(&format!("Content-Length: {}\r\n", reply.body.len()));
    }
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    if !is_head {
        let end = reply.cut.unwrap_or(usize::MAX).min(reply.body.len());
        bytes.extend(&reply.body[..end]);
    }
    stream.write_all(&bytes).is_ok() && reply.cut.is_none()
}

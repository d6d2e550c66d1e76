//! The viewer as a web page, served on this computer only. The page is part of this program.

use std::any::Any;
use std::fmt;
use std::net::TcpListener;

use rerun::web_viewer::WebViewerConfig;
use rerun::{RecordingStream, RecordingStreamBuilder, ServerOptions, serve_web_viewer};

/// Only this computer may see it.
const LOOPBACK: &str = "127.0.0.1";
/// The ports that Rerun's own programs prefer, for the page and for the data.
const PAGE_PORT: u16 = 9090;
const DATA_PORT: u16 = rerun::DEFAULT_SERVER_PORT;

/// The server of the page; it ends when this is dropped, as the server of the data does with its stream.
pub(crate) struct Server {
    url: String,
    /// Of a type that Rerun does not name; it serves until it is dropped.
    _page: Box<dyn Any + Send>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.url).finish()
    }
}

impl Server {
    /// What to open in the browser.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// Starts both servers.
pub(crate) fn serve(builder: RecordingStreamBuilder) -> Result<(Server, RecordingStream), String> {
    let data_port = free_port(DATA_PORT)?;
    let options = ServerOptions::default();
    let stream = builder
        .serve_grpc_opts(LOOPBACK, data_port, options)
        .map_err(|error| error.to_string())?;
    let page_port = free_port(PAGE_PORT)?;
    let page = serve_web_viewer(WebViewerConfig {
        bind_ip: LOOPBACK.to_owned(),
        web_port: page_port.into(),
        open_browser: false,
        ..WebViewerConfig::default()
    });
    let page = page.map_err(|error| error.to_string())?;
    let data = format!("rerun%2Bhttp%3A%2F%2F{LOOPBACK}%3A{data_port}%2Fproxy");
    let url = format!("http://{LOOPBACK}:{page_port}/?url={data}");
    Ok((
        Server {
            url,
            _page: Box::new(page),
        },
        stream,
    ))
}

/// The preferred port, or any other that is free.
fn free_port(preferred: u16) -> Result<u16, String> {
    let listener = TcpListener::bind((LOOPBACK, preferred))
        .or_else(|_| TcpListener::bind((LOOPBACK, 0)))
        .map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok(address.port())
}

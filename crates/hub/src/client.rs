//! The client, and one push or pull of it: the connections, who watches, when to give up.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use crate::endpoint::Endpoint;
use crate::error::{HubError, Result};
use crate::token::{Token, is_offline};
use crate::watch::Watch;

/// How long a connection may be silent before it is taken for dead.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long finding and reaching a server may take.
const REACH: Duration = Duration::from_secs(20);
/// How often a wait checks whether it is cancelled.
const POLL: Duration = Duration::from_millis(50);
/// Files that a repository may have: far beyond any dataset, and what a listing of them takes fits the memory.
const MOST_FILES: usize = 500_000;
/// Files that are transferred at a time.
const WORKERS: usize = 4;

type Pause = Arc<dyn Fn(Duration) + Send + Sync>;

/// Who asks, and which server.
#[derive(Clone)]
pub struct HubClient {
    endpoint: Endpoint,
    token: Option<Token>,
    patience: Duration,
    pause: Option<Pause>,
    /// Files that a repository may have.
    pub(crate) most_files: usize,
}

impl HubClient {
    /// Asks `endpoint` with this token, or anonymously.
    pub fn new(endpoint: Endpoint, token: Option<Token>) -> Self {
        Self {
            endpoint,
            token,
            patience: PATIENCE,
            pause: None,
            most_files: MOST_FILES,
        }
    }

    /// Server and token as the Hub's own tools would have them.
    ///
    /// # Errors
    /// Of [`Endpoint::from_env`] and [`Token::find`].
    pub fn from_env() -> Result<Self> {
        Ok(Self::new(Endpoint::from_env()?, Token::find()?))
    }

    /// The same, taking connections for dead that are silent for this long (60 s unless set).
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same, refusing repositories with more files (500,000 unless set).
    #[must_use]
    pub fn at_most(self, files: usize) -> Self {
        Self {
            most_files: files,
            ..self
        }
    }

    /// The same, waiting by `pause` before it tries again: for tests, which don't wait.
    #[must_use]
    pub fn pausing(self, pause: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        let pause: Option<Pause> = Some(Arc::new(pause));
        Self { pause, ..self }
    }

    /// The server.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Who asks.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    fn agent(&self) -> Agent {
        let loopback = self.endpoint.is_loopback();
        // No proxy stands between this machine and itself.
        let proxy = (!loopback).then(Proxy::try_from_env).flatten();
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("ulna/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .timeout_resolve(Some(REACH))
            .timeout_connect(Some(REACH))
            .timeout_per_read(Some(self.patience))
            .timeout_per_write(Some(self.patience))
            .proxy(proxy);
        if !loopback {
            config = config.tls_config(TlsConfig::builder().root_certs(roots()).build());
        }
        config.build().new_agent()
    }
}

impl fmt::Debug for HubClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubClient")
            .field("endpoint", &self.endpoint)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Whom this machine trusts (also by `SSL_CERT_FILE`), or Mozilla's list if it doesn't say.
fn roots() -> RootCerts {
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return RootCerts::WebPki;
    }
    let certs: Vec<Certificate<'static>> = found
        .iter()
        .map(|cert| Certificate::from_der(cert).to_owned())
        .collect();
    RootCerts::new_with_certs(&certs)
}

/// One push or pull.
pub(crate) struct Session<'a> {
    pub(crate) client: &'a HubClient,
    pub(crate) watch: &'a dyn Watch,
    pub(crate) agent: Agent,
    /// Nothing more is to be done: it was cancelled, or a part of it failed.
    over: AtomicBool,
}

impl<'a> Session<'a> {
    /// Does `job`, and ends its connections when the watcher wants it to end.
    pub(crate) fn run<T>(
        client: &'a HubClient,
        watch: &'a dyn Watch,
        job: impl FnOnce(&Session<'a>) -> Result<T>,
    ) -> Result<T> {
        if is_offline() && !client.endpoint.is_loopback() {
            return Err(HubError::Offline {
                endpoint: client.endpoint.to_string(),
            });
        }
        let session = Session {
            client,
            watch,
            agent: client.agent(),
            over: AtomicBool::new(false),
        };
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    if watch.cancelled() {
                        return session.end();
                    }
                    thread::park_timeout(POLL);
                }
            });
            let result = job(&session);
            done.store(true, Ordering::Release);
            watcher.thread().unpark();
            match result {
                // What failed did so because it was ended.
                Err(_) if watch.cancelled() => Err(HubError::Interrupted),
                result => result,
            }
        })
    }

    /// Ends all that goes on, also what waits for the network.
    fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.agent.clone().shutdown();
    }

    /// An error once it is over.
    pub(crate) fn alive(&self) -> Result<()> {
        if self.over.load(Ordering::Acquire) || self.watch.cancelled() {
            return Err(HubError::Interrupted);
        }
        Ok(())
    }

    /// Waits before the next attempt.
    pub(crate) fn wait(&self, wait: Duration) -> Result<()> {
        self.alive()?;
        if let Some(pause) = &self.client.pause {
            pause(wait);
            return self.alive();
        }
        let until = Instant::now() + wait;
        loop {
            self.alive()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(POLL));
        }
    }

    /// Does `job` with every item, a few at a time. The first failure ends all.
    pub(crate) fn each<T: Sync>(
        &self,
        items: &[T],
        job: impl Fn(&T) -> Result<()> + Sync,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        let failed: Mutex<Option<HubError>> = Mutex::new(None);
        let work = || {
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = self.alive().and_then(|()| job(item)) {
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    failed.get_or_insert(error);
                    drop(failed);
                    return self.end();
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..WORKERS.min(items.len()) {
                scope.spawn(work);
            }
            work();
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

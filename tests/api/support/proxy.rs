//! A TCP proxy between the server and its database that simulates failures.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

/// How the proxy treats connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxyMode {
    /// Forwards all bytes.
    Forward,
    /// Closes new connections at once.
    Refuse,
    /// Accepts new connections and sends nothing.
    Hang,
}

pub(crate) struct Proxy {
    port: u16,
    mode: watch::Sender<ProxyMode>,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// Starts in front of this address.
    pub(crate) async fn start(to: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (mode, current_mode) = watch::channel(ProxyMode::Forward);
        let connections = Arc::new(Mutex::new(Vec::new()));
        let accepted: Arc<Mutex<Vec<AbortHandle>>> = Arc::clone(&connections);
        let listening = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("the proxy listens");
                let (to, mode) = (to.clone(), current_mode.clone());
                let task = tokio::spawn(handle(client, to, mode));
                accepted.lock().unwrap().push(task.abort_handle());
            }
        });
        Self { port, mode, connections, listening }
    }

    /// Starts in front of the PostgreSQL that `tests/run` starts. Returns the URL of a database through the proxy.
    pub(crate) async fn for_postgres(database: &str) -> (Self, String) {
        let url = url::Url::parse(&super::postgres::url(database)).expect("a URL");
        let (host, port) = (url.host_str().expect("a host"), url.port().unwrap_or(5432));
        let proxy = Self::start(format!("{host}:{port}")).await;
        let mut proxied = url.clone();
        proxied.set_port(Some(proxy.port)).expect("a port");
        (proxy, proxied.to_string())
    }

    /// Changes the mode for new connections.
    pub(crate) fn set_mode(&self, mode: ProxyMode) {
        self.mode.send_replace(mode);
    }

    /// Closes the open connections.
    pub(crate) fn close_connections(&self) {
        for connection in self.connections.lock().unwrap().drain(..) {
            connection.abort();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.close_connections();
    }
}

async fn handle(mut client: TcpStream, to: String, mut current_mode: watch::Receiver<ProxyMode>) {
    let mode = *current_mode.borrow();
    match mode {
        ProxyMode::Refuse => {}
        ProxyMode::Hang => {
            // Until the connection is closed, the mode changes or the test ends.
            drop(current_mode.wait_for(|mode| *mode != ProxyMode::Hang).await);
        }
        ProxyMode::Forward => {
            if let Ok(mut server) = TcpStream::connect(to).await {
                // Either end may close the connection at any time.
                drop(copy_bidirectional(&mut client, &mut server).await);
            }
        }
    }
}

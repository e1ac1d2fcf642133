//! Something between the server and its database that fails as networks and databases do.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

/// What it does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Passes everything on.
    Open,
    /// Closes new connections at once.
    Refusing,
    /// Takes new connections, and says nothing.
    Silent,
}

pub(crate) struct Proxy {
    port: u16,
    line: watch::Sender<Line>,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// In front of this address.
    pub(crate) async fn start(to: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (line, state) = watch::channel(Line::Open);
        let connections = Arc::new(Mutex::new(Vec::new()));
        let all: Arc<Mutex<Vec<AbortHandle>>> = Arc::clone(&connections);
        let listening = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("it listens");
                let (to, state) = (to.clone(), state.clone());
                let task = tokio::spawn(pass_on(client, to, state));
                all.lock().unwrap().push(task.abort_handle());
            }
        });
        Self { port, line, connections, listening }
    }

    /// In front of the server that `tests/run` starts; the URL of a database through it.
    pub(crate) async fn of_postgres(database: &str) -> (Self, String) {
        let url = url::Url::parse(&super::postgres::url(database)).expect("a URL");
        let (host, port) = (url.host_str().expect("a host"), url.port().unwrap_or(5432));
        let proxy = Self::start(format!("{host}:{port}")).await;
        let mut through = url.clone();
        through.set_port(Some(proxy.port)).expect("a port");
        (proxy, through.to_string())
    }

    /// What it does from now on.
    pub(crate) fn be(&self, line: Line) {
        self.line.send_replace(line);
    }

    /// Cuts the connections that there are.
    pub(crate) fn cut(&self) {
        for connection in self.connections.lock().unwrap().drain(..) {
            connection.abort();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.cut();
    }
}

async fn pass_on(mut client: TcpStream, to: String, mut state: watch::Receiver<Line>) {
    let line = *state.borrow();
    match line {
        Line::Refusing => {}
        Line::Silent => {
            // Until it is cut, or the test ends.
            drop(state.wait_for(|line| *line != Line::Silent).await);
        }
        Line::Open => {
            if let Ok(mut server) = TcpStream::connect(to).await {
                // Either end may close it whenever it likes.
                drop(copy_bidirectional(&mut client, &mut server).await);
            }
        }
    }
}

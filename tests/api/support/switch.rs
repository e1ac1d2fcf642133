//! A TCP proxy whose target changes, as a load balancer does it that keeps open connections.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

pub(crate) struct Switch {
    /// The port on 127.0.0.1.
    pub(crate) port: u16,
    target: watch::Sender<Option<String>>,
    freezes: watch::Sender<u32>,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
    listening: JoinHandle<()>,
}

impl Switch {
    /// Starts in front of the server at this port on 127.0.0.1.
    pub(crate) async fn start(port: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let own_port = listener.local_addr().expect("an address").port();
        let (target, current) = watch::channel(Some(port.to_owned()));
        let (freezes, freeze) = watch::channel(0);
        let connections = Arc::new(Mutex::new(Vec::new()));
        let accepted: Arc<Mutex<Vec<AbortHandle>>> = Arc::clone(&connections);
        let listening = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("the proxy listens");
                let target = current.borrow().clone();
                let mut freeze = freeze.clone();
                freeze.mark_unchanged();
                let task = tokio::spawn(forward(client, target, freeze));
                accepted.lock().unwrap().push(task.abort_handle());
            }
        });
        Self { port: own_port, target, freezes, connections, listening }
    }

    /// Changes the target of new connections. Without one they stay open, and nothing is sent.
    pub(crate) fn set_target(&self, port: Option<&str>) {
        self.target.send_replace(port.map(str::to_owned));
    }

    /// Forwards nothing any more on the open connections, and keeps them open.
    pub(crate) fn freeze(&self) {
        self.freezes.send_modify(|count| *count += 1);
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.listening.abort();
        for connection in self.connections.lock().unwrap().drain(..) {
            connection.abort();
        }
    }
}

async fn forward(mut client: TcpStream, target: Option<String>, mut freeze: watch::Receiver<u32>) {
    let Some(port) = target else { return std::future::pending().await };
    let Ok(mut server) = TcpStream::connect(format!("127.0.0.1:{port}")).await else { return };
    tokio::select! {
        // Either end may close the connection at any time.
        _ = copy_bidirectional(&mut client, &mut server) => return,
        _ = freeze.changed() => {}
    }
    // Both stay open until the test ends.
    std::future::pending().await
}

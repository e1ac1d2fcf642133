//! The server: an accept loop for HTTP/1.1 and HTTP/2 over hyper, with limits for time, connections and memory.
//!
//! While the server drains, it serves everything, but ends its connections with the next response (`Connection: close`,
//! GOAWAY), so that clients and proxies move to other servers without a lost request. When it is stopped, it accepts no
//! further connections, serves the requests that are on their way, and lets running requests finish, at most for the shutdown
//! timeout. Errors of `accept` are logged and the loop continues.
//!
//! The server knows nothing of the rest of patron: its configuration is [`Limits`], and its metrics are [`ServerMetrics`].

mod budget;
mod chunk;
mod connection;
mod connection_state;
mod connections;
mod deadlines;
mod exchange;
mod held_memory;
mod instrumented_stream;
mod limits;
mod metrics;
mod nofile_limit;
mod protocols;
mod request_body;
mod response_body;
mod stream_executor;
mod streamed_body;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use budget::MemoryBudget;
use connection_state::ConnectionState;
use connections::Connections;
use protocols::Protocols;

use crate::clock::Timer;

pub(crate) use limits::Limits;
pub(crate) use metrics::ServerMetrics;
pub(crate) use streamed_body::Streamed;

/// The connections that the operating system accepts at most before the server does: the backlog of tokio's listener.
const BACKLOG: usize = 1024;

/// What ends a server. Each signal becomes true at most once.
#[derive(Clone, Debug)]
pub(crate) struct StopSignals {
    /// Clients have to move to another server; this one still serves.
    pub(crate) drain: watch::Receiver<bool>,
    /// No further connections.
    pub(crate) stop: watch::Receiver<bool>,
}

/// Serves until `stop` becomes true. Then returns when the running requests have finished or the shutdown timeout is over.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    metrics: ServerMetrics,
    signals: StopSignals,
) {
    let limit = limits.shutdown_timeout;
    let mut stopping = signals.stop.clone();
    let timeout = async {
        // An error means that the sender was dropped, which also stops the server.
        drop(stopping.wait_for(|stop| *stop).await);
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        () = accept(listener, routes, limits, metrics, signals) => {}
        () = timeout => {
            tracing::warn!(limit_s = limit.as_secs(), "requests still running at the end of the shutdown timeout");
        }
    }
}

/// Accepts connections until `stop` becomes true. Then waits until all connections are closed.
async fn accept(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    metrics: ServerMetrics,
    StopSignals { mut drain, mut stop }: StopSignals,
) {
    let connections = Arc::new(Connections::new(nofile_limit::raise_nofile_limit(limits.connections)));
    let (protocols, start) = (Arc::new(Protocols::new(&limits)), Timer::start());
    let budget = Arc::new(MemoryBudget { limits, metrics, connections: Arc::clone(&connections) });
    let (all_closed, open) = watch::channel(());
    let acceptor = Acceptor { protocols, budget, routes, start, open };
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = raised(&mut drain), if !connections.is_draining() => {
                connections.drain();
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(accepted) => acceptor.serve(accepted),
            Err(error) => back_off_after(&error).await,
        }
    }
    connections.drain();
    remaining(listener).for_each(|accepted| acceptor.serve(accepted));
    drop(acceptor);
    connections.stop();
    all_closed.closed().await;
}

/// Starts the tasks of accepted connections.
struct Acceptor {
    protocols: Arc<Protocols>,
    budget: Arc<MemoryBudget>,
    routes: Router,
    start: Timer,
    /// Each connection holds a receiver. When the last receiver is dropped, all connections are closed.
    open: watch::Receiver<()>,
}

impl Acceptor {
    fn serve(&self, (stream, peer): (TcpStream, SocketAddr)) {
        let connection_state = Arc::new(ConnectionState::new(self.start, &self.budget.metrics));
        let Some(slot) = self.budget.connections.admit(&connection_state) else { return };
        // A response that is written in two parts must not wait until the client acknowledges the first part.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let (budget, protocols, routes) =
            (Arc::clone(&self.budget), Arc::clone(&self.protocols), self.routes.clone());
        let open = self.open.clone();
        tokio::spawn(async move {
            connection::serve(&protocols, &budget, (stream, peer), &connection_state, routes).await;
            drop((slot, open));
        });
    }
}

/// The connections that the operating system has accepted, and the server has not. They would be reset if the socket was closed.
fn remaining(listener: TcpListener) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    let listener = listener.into_std().ok();
    let connections = std::iter::from_fn(move || {
        let (stream, peer) = listener.as_ref()?.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, peer))
    });
    connections.take(BACKLOG)
}

/// Waits until a signal becomes true. That is never if its sender was dropped.
async fn raised(signal: &mut watch::Receiver<bool>) {
    let is_raised = signal.wait_for(|raised| *raised).await.is_ok();
    if !is_raised {
        std::future::pending::<()>().await;
    }
}

/// Waits before the next `accept`, unless the error only means that a connection was closed before it was accepted. Other
/// errors, such as too many open files, would recur at once.
async fn back_off_after(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "a connection could not be accepted; trying again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

//! Listens and serves HTTP/1.1 and HTTP/2 within limits, and stops: accepts no more, lets running requests finish.
//!
//! It knows nothing of the program but its [`Limits`].

mod budget;
mod connection;
mod connection_state;
mod connections;
mod exchange;
mod held;
mod instrumented_stream;
mod limits;
mod meters;
mod nofile_limit;
mod received;
mod response_body;
mod stream_executor;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use budget::Budget;
use connection_state::ConnectionState;
use connections::Connections;

use crate::clock::Timer;

pub use limits::Limits;
pub use meters::Meters;

/// Serves until `stop` becomes true, and then until running requests are done or the shutdown timeout is over.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    meters: Meters,
    stop: watch::Receiver<bool>,
) {
    let limit = limits.shutdown_timeout;
    let mut stopping = stop.clone();
    let overdue = async {
        // An error means that whoever could say stop is gone, which is as good as a stop.
        drop(stopping.wait_for(|stop| *stop).await);
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        () = accept(listener, routes, limits, meters, stop) => {}
        () = overdue => {
            tracing::warn!(limit_s = limit.as_secs(), "requests still running at the end of the shutdown timeout");
        }
    }
}

/// Takes connections until `stop` becomes true, and then waits until all have ended.
async fn accept(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    meters: Meters,
    mut stop: watch::Receiver<bool>,
) {
    let connections = Arc::new(Connections::new(nofile_limit::raise_nofile_limit(limits.connections)));
    let (protocol, start) = (Arc::new(connection::protocol(&limits)), Timer::start());
    let budget = Arc::new(Budget { limits, meters: meters.clone(), connections: Arc::clone(&connections) });
    // Each connection holds a receiver: when there is none any more, all have ended.
    let (all_ended, held) = watch::channel(());
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                rest_after(&error).await;
                continue;
            }
        };
        let connection_state = Arc::new(ConnectionState::new(start, &meters));
        let Some(place) = connections.admit(&connection_state) else { continue };
        // An answer that is written in two parts must not wait for the client to confirm the first.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "answers may be sent late");
        }
        let (budget, protocol, routes) = (Arc::clone(&budget), Arc::clone(&protocol), routes.clone());
        let held = held.clone();
        tokio::spawn(async move {
            connection::serve(&protocol, &budget, (stream, peer), &connection_state, routes).await;
            drop((place, held));
        });
    }
    drop((listener, held));
    connections.stop();
    all_ended.closed().await;
}

/// A connection may have ended before it was taken. Anything else, such as too many open files, doesn't pass by
/// asking again at once.
async fn rest_after(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "no connection can be taken; trying again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

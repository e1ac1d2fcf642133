//! Listens, and stops: accepts no more, lets running requests finish, within limits.

mod activity;
mod answer;
mod budget;
mod connection;
mod connections;
mod exchange;
mod held;
mod open_files;
mod received;
mod stream_executor;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use activity::Activity;
use budget::Budget;
use connections::Connections;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::router::{operations, router};

/// Serves [`operations`] for good: how a stop goes on is seen there as well.
///
/// # Errors
/// Those of the listener.
pub async fn serve_operations(app: Arc<App>, listener: TcpListener) -> std::io::Result<()> {
    axum::serve(listener, operations(&app)).await
}

/// Serves until `stop` becomes true, and then until running requests are done or the shutdown timeout is over.
///
/// # Errors
/// Those of the listener.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: watch::Receiver<bool>) -> std::io::Result<()> {
    // Tests serve an app once as well; a second address would be as right as the first.
    let _first = app.listening.set(listener.local_addr()?);
    let limit = app.config.server.shutdown_timeout;
    let mut stopping = stop.clone();
    let overdue = async {
        // An error means that whoever could say stop is gone, which is as good as a stop.
        drop(stopping.wait_for(|stop| *stop).await);
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        () = accept(&app, router(&app), listener, stop) => {}
        () = overdue => {
            tracing::warn!(limit_s = limit.as_secs(), "requests still running at the end of the shutdown timeout");
        }
    }
    Ok(())
}

/// Takes connections until `stop` becomes true, and then waits until all have ended.
async fn accept(app: &Arc<App>, routes: Router, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let limits = &app.config.limits;
    let connections = Arc::new(Connections::new(open_files::at_most(limits.connections)));
    let (protocol, start) = (Arc::new(connection::protocol(limits)), Stopwatch::start());
    let budget = Arc::new(Budget { app: Arc::clone(app), connections: Arc::clone(&connections) });
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
        let activity = Arc::new(Activity::new(start, &app.metrics.http));
        let Some(place) = connections.admit(&activity) else { continue };
        // An answer that is written in two parts must not wait for the client to confirm the first.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "answers may be sent late");
        }
        let (budget, protocol, routes) = (Arc::clone(&budget), Arc::clone(&protocol), routes.clone());
        let held = held.clone();
        tokio::spawn(async move {
            connection::serve(&protocol, &budget, (stream, peer), &activity, routes).await;
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

//! Puts the surfaces together, listens, and stops: accepts no more, lets running requests finish, within limits.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::{graphql, http, rest};

/// Every route with every layer around it.
pub fn router(app: &Arc<App>) -> Router {
    http::around(rest::routes(app).merge(graphql::routes(app)), app)
}

/// What operators ask, on an address of its own: the metrics and the health.
pub fn operations(app: &Arc<App>) -> Router {
    http::around(rest::operations(app), app)
}

/// Serves [`operations`] for good: how a stop goes on is seen there as well.
///
/// # Errors
/// Those of the listener.
pub async fn serve_operations(app: Arc<App>, listener: TcpListener) -> std::io::Result<()> {
    axum::serve(listener, operations(&app)).await
}

/// The GraphQL schema, as it stands in `schema.graphql`.
pub fn schema() -> String {
    graphql::sdl()
}

/// The OpenAPI document, as it stands in `docs/openapi.json`.
pub fn openapi() -> &'static str {
    rest::document()
}

/// Serves until `stop` becomes true, and then until running requests are done or the shutdown timeout is over.
///
/// # Errors
/// Those of the listener.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: watch::Receiver<bool>) -> std::io::Result<()> {
    // Tests serve an app once as well; a second address would be as right as the first.
    let _first = app.listening.set(listener.local_addr()?);
    let routes = router(&app).into_make_service_with_connect_info::<SocketAddr>();
    let mut stopping = stop.clone();
    let server = axum::serve(listener, routes).with_graceful_shutdown(async move {
        // An error means that whoever could say stop is gone, which is as good as a stop.
        drop(stopping.wait_for(|stop| *stop).await);
    });
    let limit = app.config.server.shutdown_timeout;
    let overdue = async {
        let mut stop = stop;
        drop(stop.wait_for(|stop| *stop).await);
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        outcome = server => outcome,
        () = overdue => {
            tracing::warn!(limit_s = limit.as_secs(), "requests still running at the end of the shutdown timeout");
            Ok(())
        }
    }
}

//! Combines all routes with the middleware, and serves them.

use std::sync::{Arc, LazyLock};

use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::watch;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::http::MAX_BODY_BYTES;
use crate::server::{self, Limits, ServerMetrics, StopSignals};
use crate::{api, http, web};

/// All routes with the middleware.
pub fn router(app: &Arc<App>) -> Router {
    let (documented, _) = documented().split_for_parts();
    let documented = documented.layer(Extension(web::Document(openapi))).with_state(Arc::clone(app));
    let pages = web::pages(app).merge(api::rest::shop_routes(app));
    http::with_middleware(documented.merge(pages).merge(api::graphql::routes(app)), app)
}

/// The routes in the OpenAPI document.
fn documented() -> OpenApiRouter<Arc<App>> {
    api::rest::routes().merge(web::documented())
}

/// The OpenAPI document, as committed in `docs/openapi.json`.
///
/// # Panics
/// Never: the document contains only strings.
pub fn openapi() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        let (_, mut document) = documented().split_for_parts();
        api::rest::openapi::complete(&mut document);
        let mut text = document.to_pretty_json().expect("the document contains only strings");
        text.push('\n');
        text
    });
    &DOCUMENT
}

/// The routes for operators, on a separate address: metrics and health.
pub fn operations(app: &Arc<App>) -> Router {
    http::with_middleware(web::operations(app), app)
}

/// Serves [`router`] until `stop` becomes true; [`App::drain`] precedes it. Then it waits for running requests, up to the shutdown timeout.
///
/// # Errors
/// The listener has no local address.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: watch::Receiver<bool>) -> std::io::Result<()> {
    // An app is served once; a second call would keep the first address.
    let _is_first = app.listen_address.set(listener.local_addr()?);
    let routes = router(&app);
    serve_routes(&app, listener, routes, stop).await;
    Ok(())
}

/// Serves other routes over the same connections and within the same limits, without the middleware. `benches/http`
/// measures with it what the connections alone cost.
pub async fn serve_routes(app: &App, listener: TcpListener, routes: Router, stop: watch::Receiver<bool>) {
    let metrics = app.metrics.http.server.clone();
    let signals = StopSignals { drain: app.drain.subscribe(), stop };
    server::serve(listener, routes, limits(app), metrics, signals).await;
}

/// Serves [`operations`] until the process exits, within the same limits: metrics and health are available during a
/// shutdown as well.
pub async fn serve_operations(app: Arc<App>, listener: TcpListener) {
    let (_never_stopped, stop) = watch::channel(false);
    let signals = StopSignals { drain: stop.clone(), stop };
    server::serve(listener, operations(&app), limits(&app), ServerMetrics::default(), signals).await;
}

fn limits(app: &App) -> Limits {
    let limits = &app.config.limits;
    Limits {
        connections: limits.connections,
        header_timeout: limits.header_timeout,
        send_timeout: limits.send_timeout,
        stall_timeout: limits.stall_timeout,
        idle_timeout: limits.idle_timeout,
        shutdown_timeout: app.config.server.shutdown_timeout,
        header_bytes: limits.header_bytes,
        body_bytes: MAX_BODY_BYTES,
        unsent_bytes_per_connection: limits.unsent_bytes_per_connection,
        unsent_bytes: limits.unsent_bytes,
        received_bytes: limits.received_bytes,
    }
}

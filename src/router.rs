//! Every route with every layer around it, served.

use std::sync::{Arc, LazyLock};

use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::watch;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::http::MAX_BODY_BYTES;
use crate::server::{self, Limits, Meters};
use crate::{api, http, web};

/// Every route with every layer around it.
pub fn router(app: &Arc<App>) -> Router {
    let (documented, _) = documented().split_for_parts();
    let documented = documented.layer(Extension(web::Document(openapi))).with_state(Arc::clone(app));
    http::around(documented.merge(web::pages(app)).merge(api::graphql::routes(app)), app)
}

/// The routes that the OpenAPI document lists.
fn documented() -> OpenApiRouter<Arc<App>> {
    api::rest::routes().merge(web::documented())
}

/// The OpenAPI document, as it stands in `docs/openapi.json`.
///
/// # Panics
/// Never: it is made of strings.
pub fn openapi() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        let (_, mut document) = documented().split_for_parts();
        api::rest::openapi::complete(&mut document);
        let mut text = document.to_pretty_json().expect("the document is made of strings");
        text.push('\n');
        text
    });
    &DOCUMENT
}

/// What operators ask, on an address of its own: the metrics and the health.
pub fn operations(app: &Arc<App>) -> Router {
    http::around(web::operations(app), app)
}

/// Serves [`router`] until `stop` becomes true, and then until running requests are done or the shutdown timeout is over.
///
/// # Errors
/// Those of the listener.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: watch::Receiver<bool>) -> std::io::Result<()> {
    // Tests serve an app once as well; a second address would be as right as the first.
    let _first = app.listening.set(listener.local_addr()?);
    let meters = app.metrics.http.server.clone();
    server::serve(listener, router(&app), limits(&app), meters, stop).await;
    Ok(())
}

/// Serves [`operations`] for good: how a stop goes on is seen there as well. Within the same limits.
pub async fn serve_operations(app: Arc<App>, listener: TcpListener) {
    let (_never, stop) = watch::channel(false);
    server::serve(listener, operations(&app), limits(&app), Meters::default(), stop).await;
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

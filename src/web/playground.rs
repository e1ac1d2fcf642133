//! The playground: GraphiQL, built from `playground/` and embedded into the binary.
//!
//! When `PATRON_PLAYGROUND` disables it, browsers get a page that explains this, and other clients a failure, both with
//! 404.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use rust_embed::RustEmbed;
use serde_json::{Value, json};

use super::assets;
use crate::app::App;
use crate::http::{Failure, NO_STORE, accepts_html};

/// Allows no other host, no inline script and no frame. Inline styles are allowed, because the editor (Monaco) writes
/// `<style>` elements for its theme and decorations at run time: their hashes can't be known in advance.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// The build output of `playground/`, embedded into the binary.
#[derive(RustEmbed)]
#[folder = "playground/dist"]
struct PlaygroundFiles;

/// `src/web/playground/`: the page that replaces a disabled playground.
#[derive(RustEmbed)]
#[folder = "src/web/playground"]
struct DisabledPage;

/// `/playground` and the files it loads.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/playground", get(index))
        .route("/playground/", get(async || Redirect::permanent("/playground")))
        .route("/playground/server.json", get(server_info))
        .route("/playground/{*path}", get(file))
}

async fn index(app: State<Arc<App>>, headers: HeaderMap) -> Response {
    file(app, headers, Path("index.html".to_owned())).await
}

async fn file(State(app): State<Arc<App>>, headers: HeaderMap, Path(path): Path<String>) -> Response {
    if !app.config.server.playground {
        return disabled_page(&headers);
    }
    assets::file::<PlaygroundFiles>(&path, CONTENT_SECURITY_POLICY)
}

/// Information about the server for the page: whether it has a schema, and which pages it can link to. `demo` is present
/// in the demo only: the credentials of a customer, never of an admin.
async fn server_info(State(app): State<Arc<App>>) -> Response {
    if !app.config.server.playground {
        return disabled().into_response();
    }
    let demo = app
        .demo_customer
        .get()
        .map(|customer| json!({"email": customer.email, "password": customer.password}));
    let server = &app.config.server;
    let mut info = json!({
        "introspection": app.config.graphql.introspection,
        "reference": server.reference,
        "console": server.console,
    });
    if let (Some(demo), Value::Object(info)) = (demo, &mut info) {
        info.insert("demo".to_owned(), demo);
    }
    ([(header::CACHE_CONTROL, NO_STORE)], Json(info)).into_response()
}

/// A page for browsers, and the usual failure for other clients.
fn disabled_page(request: &HeaderMap) -> Response {
    if !accepts_html(request) {
        return disabled().into_response();
    }
    let mut page = assets::file::<DisabledPage>("off.html", CONTENT_SECURITY_POLICY);
    *page.status_mut() = StatusCode::NOT_FOUND;
    page.headers_mut().remove(header::ETAG);
    page
}

fn disabled() -> Failure {
    Failure::not_found("The playground is disabled. PATRON_PLAYGROUND=on enables it")
}

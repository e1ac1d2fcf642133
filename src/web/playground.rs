//! The playground: GraphiQL, built from `playground/` and embedded. Where it is switched off, a page says so.

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
use crate::http::Failure;

/// No other host, no inline script, no frame. Inline styles are the one exception: the editor (Monaco) writes
/// `<style>` elements for its theme and its decorations as it goes, so that no hash of them can be known.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// What the build of `playground/` left, inside the binary.
#[derive(RustEmbed)]
#[folder = "playground/dist"]
struct Files;

/// `src/web/playground/`: what is served where there is no playground.
#[derive(RustEmbed)]
#[folder = "src/web/playground"]
struct Off;

/// `/playground` and the files it loads.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(async || Redirect::temporary("/playground")))
        .route("/playground", get(index))
        .route("/playground/", get(async || Redirect::permanent("/playground")))
        .route("/playground/server.json", get(about))
        .route("/playground/{*path}", get(file))
}

async fn index(app: State<Arc<App>>, headers: HeaderMap) -> Response {
    file(app, headers, Path("index.html".to_owned())).await
}

/// One of them, with the policy above.
async fn file(State(app): State<Arc<App>>, headers: HeaderMap, Path(path): Path<String>) -> Response {
    if !app.config.server.playground {
        return off(&headers);
    }
    assets::file::<Files>(&path, CONTENT_SECURITY_POLICY)
}

/// What the page can't know by itself: `demo` is there in the demo only, and names a customer that everybody may
/// be. Never an admin.
async fn about(State(app): State<Arc<App>>) -> Response {
    if !app.config.server.playground {
        return switched_off().into_response();
    }
    let demo = app.demo.get().map(|customer| json!({"email": customer.email, "password": customer.password}));
    let mut about = json!({"introspection": app.config.graphql.introspection});
    if let (Some(demo), Value::Object(about)) = (demo, &mut about) {
        about.insert("demo".to_owned(), demo);
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(about)).into_response()
}

/// A page for people, a failure like all others for programs.
fn off(request: &HeaderMap) -> Response {
    let accept = request.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if !accept.is_some_and(|accept| accept.contains("text/html")) {
        return switched_off().into_response();
    }
    let mut page = assets::file::<Off>("off.html", CONTENT_SECURITY_POLICY);
    *page.status_mut() = StatusCode::NOT_FOUND;
    page.headers_mut().remove(header::ETAG);
    page
}

fn switched_off() -> Failure {
    Failure::not_found("The playground is switched off here; PATRON_PLAYGROUND=on serves it")
}

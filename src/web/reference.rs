//! The reference of the REST API: Scalar, built from `reference/` and embedded into the binary. It reads
//! `/api/openapi.json`, and sends requests to this server. `PATRON_REFERENCE` disables it; the document is always served.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::assets;
use crate::app::App;

/// Allows no other host, no inline script and no frame. Inline styles are allowed, because the editor sets them.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The build output of `reference/`, embedded into the binary.
#[derive(RustEmbed)]
#[folder = "reference/dist"]
struct ReferenceFiles;

/// `/api/docs` and the files it loads; no route if the reference is disabled.
pub(super) fn routes(app: &App) -> Router<Arc<App>> {
    if !app.config.server.reference {
        return Router::new();
    }
    Router::new()
        .route("/api/docs", get(async || file("index.html")))
        .route("/api/docs/", get(async || Redirect::permanent("/api/docs")))
        .route("/api/docs/{*path}", get(async |Path(path): Path<String>| file(&path)))
}

fn file(path: &str) -> Response {
    assets::file::<ReferenceFiles>(path, CONTENT_SECURITY_POLICY)
}

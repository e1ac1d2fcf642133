//! The playground: GraphiQL, built from `playground/` and embedded.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::assets::{self, Cache};
use crate::app::App;

/// No other host, no inline script, no frame. Inline styles are the one exception: the editor sets them.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// What the build of `playground/` left, inside the binary.
#[derive(RustEmbed)]
#[folder = "playground/dist"]
struct Files;

/// `/playground` and the files it loads.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(async || Redirect::temporary("/playground")))
        .route("/playground", get(async || file("index.html")))
        .route("/playground/", get(async || Redirect::permanent("/playground")))
        .route("/playground/{*path}", get(async |Path(path): Path<String>| file(&path)))
}

/// One of them, with the policy above.
fn file(path: &str) -> Response {
    // The names of assets hold a hash of what is in them; the page itself is asked for every time.
    let cache = if path.starts_with("assets/") { Cache::Immutable } else { Cache::Asks };
    assets::file::<Files>(path, cache, CONTENT_SECURITY_POLICY)
}

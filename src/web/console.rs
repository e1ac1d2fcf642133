//! The console: the back office, built from `console/` and embedded into the binary.
//!
//! It is one page. The links of the API lead to paths below `/admin`, such as `/admin/customers/edit/{uuid}`. A browser
//! that opens one gets the page, which reads the rest of the path; other clients get 404. `PATRON_CONSOLE` disables all of
//! these paths. A debug build reads the files from the disk: one that is missing in `console/dist` is 404.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::assets;
use crate::app::App;
use crate::http::{Failure, accepts_html};

/// Allows only the files of the console and requests to this server: no other host, no inline script or style, no
/// frame. Scripts can't turn text into HTML or code (`require-trusted-types-for`).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

/// The build output of `console/`, embedded into the binary.
#[derive(RustEmbed)]
#[folder = "console/dist"]
struct ConsoleFiles;

/// `/admin` and every path below it; no route if the console is disabled.
pub(super) fn routes(app: &App) -> Router<Arc<App>> {
    if !app.config.server.console {
        return Router::new();
    }
    Router::new().route("/admin", get(async || page())).route("/admin/", get(async || page())).route(
        "/admin/{*path}",
        get(async |Path(path): Path<String>, headers: HeaderMap| file_or_page(&path, &headers)),
    )
}

/// A file, or the page for a browser that navigates. Names of files have a dot, and paths of the page have none in their
/// last segment.
fn file_or_page(path: &str, headers: &HeaderMap) -> Response {
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match is_file {
        true => assets::file::<ConsoleFiles>(path, CONTENT_SECURITY_POLICY),
        false if accepts_html(headers) => page(),
        false => Failure::from_status(StatusCode::NOT_FOUND).into_response(),
    }
}

fn page() -> Response {
    let mut page = assets::file::<ConsoleFiles>("index.html", CONTENT_SECURITY_POLICY);
    page.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    page
}

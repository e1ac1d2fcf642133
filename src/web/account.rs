//! The pages that mailed links open where no storefront serves its own: an address is confirmed, a forgotten
//! password is set anew. They are static, and change nothing but through the REST API.
//!
//! The token stands in the URL's fragment, which browsers keep to themselves: it is in no log and no `Referer`.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get};
use rust_embed::RustEmbed;

use super::assets;
use crate::app::App;

/// Only what the pages consist of. A form is never submitted by the browser itself: it would put a password
/// into a URL when the script is missing.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `src/web/account/`, inside the binary.
#[derive(RustEmbed)]
#[folder = "src/web/account"]
struct Files;

/// The two pages and what they load, relative to where they are: a proxy may serve them below a path.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/account/verify-email", file("verify-email.html"))
        .route("/account/reset-password", file("reset-password.html"))
        .route("/account/account.js", file("account.js"))
        .route("/account/account.css", file("account.css"))
}

/// GET of one of them.
fn file(name: &'static str) -> MethodRouter<Arc<App>> {
    get(async move || assets::file::<Files>(name, CONTENT_SECURITY_POLICY))
}

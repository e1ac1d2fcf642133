//! The pages that mailed links open, unless a storefront serves its own: one confirms an e-mail address, one resets a
//! password. They are static and call the REST API.
//!
//! The token is in the fragment of the URL. Browsers don't send fragments, so the token appears in no log and no
//! `Referer`.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get};
use rust_embed::RustEmbed;

use super::assets;
use crate::app::App;

/// Allows only the files of the pages. The browser must not submit a form itself: without the script it would put the
/// password into a URL.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `src/web/account/`, embedded into the binary.
#[derive(RustEmbed)]
#[folder = "src/web/account"]
struct AccountFiles;

/// The two pages and their files. The pages use relative URLs, so that a proxy can serve them below a path.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/account/verify-email", file("verify-email.html"))
        .route("/account/reset-password", file("reset-password.html"))
        .route("/account/account.js", file("account.js"))
        .route("/account/account.css", file("account.css"))
}

fn file(name: &'static str) -> MethodRouter<Arc<App>> {
    get(async move || assets::file::<AccountFiles>(name, CONTENT_SECURITY_POLICY))
}

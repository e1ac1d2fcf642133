//! The session cookies of EverShop, which the front door reads and sets (`PATRON_COMPAT=evershop`).

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::time::Duration;
use cookie::{Cookie, CookieBuilder, SameSite};

use crate::app::App;
use crate::config::FrontDoorConfig;
use crate::crypto::signed_cookie;
use crate::error::{Error, Result};
use crate::service::front_door::settings;
use crate::types::Audience;

/// The identifier of a session from its cookie. `None` without a cookie that EverShop or patron has signed. If there are several
/// cookies with the name, EverShop reads the first one.
pub(super) fn session_id(headers: &HeaderMap, door: &FrontDoorConfig, audience: Audience) -> Option<String> {
    let name = match audience {
        Audience::Customer => door.cookie_name.as_str(),
        Audience::Admin => door.admin_cookie_name.as_str(),
    };
    // Other cookies may hold any bytes.
    let text = |line: &HeaderValue| String::from_utf8_lossy(line.as_bytes()).into_owned();
    let lines: Vec<String> = headers.get_all(header::COOKIE).iter().map(text).collect();
    let mut cookies = lines.iter().flat_map(|line| Cookie::split_parse_encoded(Cow::Borrowed(line.as_str())));
    let cookie = cookies.find_map(|cookie| cookie.ok().filter(|cookie| cookie.name() == name))?;
    let sid = signed_cookie::verify(&door.cookie_secret, cookie.value());
    // A client that knows the secret can sign any text, and PostgreSQL has no NUL.
    sid.filter(|sid| !sid.contains('\0')).map(str::to_owned)
}

/// The value of `Set-Cookie` that gives the browser a session of the storefront.
///
/// # Errors
/// [`Error::Internal`], which is a defect.
pub(crate) fn set_session(app: &App, sid: &str) -> Result<String> {
    let door = settings(app)?;
    let value = signed_cookie::sign(&door.cookie_secret, sid)?;
    let lifetime = Duration::try_from(door.session_lifetime).map_err(Error::internal)?;
    Ok(encoded(session_cookie(app, door, value).max_age(lifetime)))
}

/// The value of `Set-Cookie` that removes the session of the storefront from the browser.
///
/// # Errors
/// [`Error::Internal`], which is a defect.
pub(crate) fn remove_session(app: &App) -> Result<String> {
    Ok(encoded(session_cookie(app, settings(app)?, String::new()).max_age(Duration::ZERO)))
}

/// The cookie as EverShop sets it. In addition, browsers do not send it with requests of other sites, nor over plain HTTP if the
/// shop has HTTPS.
fn session_cookie<'a>(app: &App, door: &'a FrontDoorConfig, value: String) -> CookieBuilder<'a> {
    let is_https = app.config.server.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    let cookie = Cookie::build((door.cookie_name.as_str(), value)).path("/").http_only(true);
    cookie.same_site(SameSite::Lax).secure(is_https)
}

fn encoded(cookie: CookieBuilder<'_>) -> String {
    cookie.build().encoded().to_string()
}

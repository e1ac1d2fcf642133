//! Cross-site request forgery with the session cookies of the shop, which browsers add to requests of any page.
//!
//! Browsers name the page that sends a request in `Sec-Fetch-Site` (Fetch Metadata) and in `Origin` (Fetch, 3.1), which scripts
//! can't set. A change with a cookie must come from a page of the shop, and must be JSON, which pages of other origins can send
//! only after a preflight.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use headers::{ContentType, HeaderMapExt, Mime};
use url::Url;

use super::json_body::is_json;
use crate::config::ServerConfig;
use crate::error::{Error, Result};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The error for a request of a page that does not belong to the shop.
const FOREIGN_PAGE: Error = Error::Forbidden(
    "The request comes from a page of another origin than the shop's. If it is a page of the shop, PATRON_PUBLIC_URL has to be \
     the URL of the shop",
);
/// The error for a change with a cookie whose sender is not known.
const NO_ORIGIN: Error = Error::Forbidden(
    "A change with the session cookie of the shop needs the header Origin or Sec-Fetch-Site, which browsers send; programs use \
     the header Authorization instead",
);
/// The error for a change with a cookie that is not JSON.
const NOT_JSON: Error = Error::Forbidden(
    "A change with the session cookie of the shop needs the header Content-Type: application/json",
);

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    /// A page of the shop.
    Shop,
    /// A page of another origin, which may be on the same site.
    Foreign,
    /// The user, by entering the URL, or a program that is not a browser.
    Unknown,
}

/// Checks that a request with a session cookie was sent by a page of the shop, if it changes something.
///
/// # Errors
/// [`Error::Forbidden`].
pub(super) fn require_shop_page(parts: &Parts, server: &ServerConfig) -> Result<()> {
    let Parts { method, headers, .. } = parts;
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
        return Ok(());
    }
    match sender(headers, server) {
        Sender::Foreign => return Err(FOREIGN_PAGE),
        Sender::Unknown => return Err(NO_ORIGIN),
        Sender::Shop => {}
    }
    let content_type = headers.typed_get::<ContentType>().map(Mime::from);
    let needs_type = *method != Method::DELETE || has_body(headers) || content_type.is_some();
    if needs_type && !content_type.is_some_and(|content_type| is_json(&content_type)) {
        return Err(NOT_JSON);
    }
    Ok(())
}

/// Refuses a request that a page of another origin has sent.
///
/// # Errors
/// [`Error::Forbidden`].
pub(super) fn refuse_foreign_page(headers: &HeaderMap, server: &ServerConfig) -> Result<()> {
    if sender(headers, server) == Sender::Foreign { Err(FOREIGN_PAGE) } else { Ok(()) }
}

fn sender(headers: &HeaderMap, server: &ServerConfig) -> Sender {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(SEC_FETCH_SITE), text(header::ORIGIN)) {
        (Some("same-origin"), _) => Sender::Shop,
        (Some("none"), None) | (None, None) => Sender::Unknown,
        (None, Some(origin)) if is_origin_of_shop(origin, headers, server) => Sender::Shop,
        _ => Sender::Foreign,
    }
}

/// Whether an origin is that of the public URL, or else that of the request, which a page of another origin can't choose.
fn is_origin_of_shop(origin: &str, headers: &HeaderMap, server: &ServerConfig) -> bool {
    let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let url = server.public_url.clone().or_else(|| Some(format!("http://{}", host()?)));
    let url = url.and_then(|url| Url::parse(&url).ok());
    url.is_some_and(|url| url.origin().ascii_serialization() == origin)
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length.as_bytes() != b"0")
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};

    use super::{refuse_foreign_page, require_shop_page};
    use crate::config::{Config, Flags, ServerConfig, Values};

    fn server(public_url: Option<&str>) -> ServerConfig {
        let flags =
            public_url.map_or_else(Flags::default, |url| Flags::default().with("PATRON_PUBLIC_URL", url));
        Config::from_values(Values::only(&flags)).expect("valid settings").server
    }

    fn headers(lines: &str) -> HeaderMap {
        let pairs = lines.split_terminator("; ").map(|line| line.split_once(": ").expect("a header"));
        let pairs = pairs.map(|(name, value)| {
            (HeaderName::try_from(name).expect("a name"), HeaderValue::from_str(value).expect("a value"))
        });
        pairs.collect()
    }

    fn is_allowed(method: Method, lines: &str, server: &ServerConfig) -> bool {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = method;
        parts.headers = headers(lines);
        require_shop_page(&parts, server).is_ok()
    }

    const JSON: &str = "content-type: application/json; ";

    #[test]
    fn changes_must_come_from_a_page_of_the_shop() {
        let server = server(Some("https://shop.example/"));
        for (sender, allowed) in [
            ("", false),
            ("sec-fetch-site: same-origin; ", true),
            ("sec-fetch-site: same-site; ", false),
            ("sec-fetch-site: cross-site; ", false),
            ("sec-fetch-site: none; ", false),
            ("sec-fetch-site: cross-site; origin: https://shop.example; ", false),
            ("origin: https://shop.example; ", true),
            ("origin: http://shop.example; ", false),
            ("origin: https://shop.example:8443; ", false),
            ("origin: https://shop.example.evil.example; ", false),
            ("origin: null; ", false),
            ("origin: ; ", false),
            ("host: evil.example; origin: http://evil.example; ", false),
        ] {
            for method in [Method::POST, Method::PATCH, Method::DELETE] {
                let lines = format!("{JSON}{sender}");
                assert_eq!(is_allowed(method.clone(), &lines, &server), allowed, "{method} {lines}");
            }
            assert!(is_allowed(Method::GET, sender, &server), "{sender}");
        }
    }

    #[test]
    fn changes_must_be_json() {
        let server = server(Some("https://shop.example"));
        for (lines, write, delete) in [
            ("", false, true),
            ("content-length: 0; ", false, true),
            ("content-length: 2; ", false, false),
            ("content-type: text/plain; ", false, false),
            ("content-type: application/x-www-form-urlencoded; content-length: 0; ", false, false),
            ("content-type: application/json; content-length: 2; ", true, true),
        ] {
            let lines = format!("{lines}origin: https://shop.example; ");
            for (method, allowed) in [(Method::POST, write), (Method::PATCH, write), (Method::DELETE, delete)]
            {
                assert_eq!(is_allowed(method.clone(), &lines, &server), allowed, "{method} {lines}");
            }
        }
    }

    #[test]
    fn without_a_public_url_the_shop_is_the_host_of_the_request() {
        let server = server(None);
        let lines = |origin: &str| format!("{JSON}host: localhost:3000; origin: {origin}; ");
        assert!(is_allowed(Method::POST, &lines("http://localhost:3000"), &server));
        assert!(!is_allowed(Method::POST, &lines("http://localhost:3001"), &server));
        assert!(!is_allowed(Method::POST, &lines("https://localhost:3000"), &server));
    }

    #[test]
    fn a_login_of_a_program_needs_no_origin() {
        let server = server(Some("https://shop.example"));
        for (lines, allowed) in [
            ("", true),
            ("sec-fetch-site: none; ", true),
            ("sec-fetch-site: same-origin; ", true),
            ("origin: https://shop.example; ", true),
            ("sec-fetch-site: same-site; ", false),
            ("origin: https://evil.example; ", false),
        ] {
            assert_eq!(refuse_foreign_page(&headers(lines), &server).is_ok(), allowed, "{lines}");
        }
    }
}

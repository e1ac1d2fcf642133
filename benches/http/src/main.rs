//! Serves one response to every request, over patron's own connections: what the transport of `benches/run` costs.
//!
//!     bare-http RESPONSE
//!
//! RESPONSE is a file with a response as patron sent it over HTTP/1.1. `/api/graphql` answers each POST with its fields and
//! its body, after reading the request and verifying its token. There is no middleware, no GraphQL and no query. Settings
//! are those of `patron serve`, from the environment, so that both have the same limits and the same keys. Serves until it
//! is ended by a signal.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, DATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use patron::app::App;
use patron::clock::Clock;
use patron::config::{Config, Flags};
use patron::crypto::keys::Keys;
use patron::random::Random;
use patron::router;
use patron::service::token;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The allocator of patron.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The response to every request.
struct Fixed {
    app: Arc<App>,
    headers: HeaderMap,
    body: Bytes,
}

impl Fixed {
    /// Reads a response, without the fields that the server adds by itself.
    fn read(app: Arc<App>, file: &Path) -> Result<Self, Box<dyn Error>> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return Err(format!("{}: not an HTTP response", file.display()).into());
        };
        let mut headers = HeaderMap::new();
        for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
            let name = name.parse::<HeaderName>()?;
            if ![CONTENT_LENGTH, DATE].contains(&name) {
                headers.append(name, value.parse::<HeaderValue>()?);
            }
        }
        Ok(Self { app, headers, body: Bytes::from(body.to_owned()) })
    }
}

/// Responds to a request with a valid token. The body is read, as patron reads it.
async fn respond(State(fixed): State<Arc<Fixed>>, headers: HeaderMap, _body: Bytes) -> Response {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if token.and_then(|text| token::verify_access(&fixed.app, text)).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut response = Response::new(Body::from(fixed.body.clone()));
    *response.headers_mut() = fixed.headers.clone();
    response
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(file) = std::env::args_os().nth(1) else {
        return Err("the file of the response is missing: bare-http RESPONSE".into());
    };
    let config = Config::load(&Flags::default())
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let keys = Keys::load(&config.tokens, &config.data_dir, &Random::System)?;
    let app = App::build(config, keys, Clock::System, Random::System).await?;
    let listener = TcpListener::bind(app.config.server.listen).await?;
    let fixed = Fixed::read(Arc::clone(&app), Path::new(&file))?;
    let routes = Router::new().route("/api/graphql", post(respond)).with_state(Arc::new(fixed));
    // Never stopped: the sender stays until the process ends.
    let (_stop, stopped) = watch::channel(false);
    router::serve_routes(&app, listener, routes, stopped).await;
    Ok(())
}

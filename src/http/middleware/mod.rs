//! The middleware around every route: request id, log line and span, security headers, rate limit, concurrency limit,
//! entity tags, time limit, idempotency keys, compression and CORS.
//!
//! Failures pass through the stack as a [`Failure`] in the extensions of a response. The outermost middleware renders
//! their bodies, in the format that the client reads. A panic in a handler becomes a 500, and a request that exceeds
//! `PATRON_REQUEST_TIMEOUT` a 503.

mod catch_panic;
mod concurrency_limit;
mod cors;
pub(crate) mod etag;
mod host;
pub(crate) mod idempotency;
mod paths;
mod permit;
pub(super) mod rate_limit;
pub(crate) mod request_body;
mod request_id;
mod security_headers;

use std::any::Any;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use futures_util::FutureExt;
use headers::{ContentType, HeaderMapExt, Mime};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tracing::{Instrument, Span};

use crate::app::App;
use crate::http::extract::accept::MediaType;
use crate::http::extract::json_body::is_json;
use crate::http::failure::{Failure, FailureFormat};
use crate::server::Streamed;
use crate::telemetry;
use catch_panic::catch_panic;
use concurrency_limit::limit_concurrency;
use cors::{cors, is_preflight};
use etag::set_entity_tag;
use idempotency::idempotent;
use paths::{GRAPHQL, is_probe};
use rate_limit::{RATE_LIMIT, RATE_LIMIT_POLICY, rate_limit};
use request_id::{REQUEST_ID, incoming_id};
use security_headers::set_security_headers;

pub(crate) use request_id::RequestId;

/// The minimum size of a compressed body, in bytes: a smaller one fits into one packet anyway.
const MIN_COMPRESSED: u64 = 1024;
/// Headers that a failure keeps when its body is rendered: the allowed methods (405), the end of the connection (408)
/// and the rate limits.
const PRESERVED_HEADERS: [HeaderName; 4] = [header::ALLOW, header::CONNECTION, RATE_LIMIT, RATE_LIMIT_POLICY];

/// Wraps routes in the middleware.
pub(crate) fn with_middleware(routes: Router, app: &Arc<App>) -> Router {
    let routes = routes
        .fallback(async || Failure::from_status(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || Failure::from_status(StatusCode::METHOD_NOT_ALLOWED))
        // Together, because axum boxes each layer, and clones it with everything inside for each request.
        .layer((
            CompressionLayer::new().compress_when(
                DefaultPredicate::new().and(SizeAbove::new(MIN_COMPRESSED)).and(may_be_compressed),
            ),
            Stack(Arc::clone(app)),
        ));
    // CORS is the outermost layer, so that pages can read failures as well.
    let Some(cors) = cors(&app.config.server.cors_origins) else { return routes };
    let without_cors = routes.clone();
    let routes = routes.layer(cors);
    let app = Arc::clone(app);
    Router::new().fallback_service(service_fn(move |request: Request| {
        // The CORS layer responds to every OPTIONS request with 200, so only preflights may reach it.
        let preflight = is_preflight(request.headers()) && host::problem(&request).is_none();
        let response = if request.method() == Method::OPTIONS && !preflight {
            without_cors.clone().oneshot(request)
        } else {
            routes.clone().oneshot(request)
        };
        let app = preflight.then(|| Arc::clone(&app));
        async move {
            let mut response = response.await?;
            // The CORS layer responds to a preflight itself, without the inner middleware.
            if let Some(app) = app {
                set_security_headers(&mut response, &app.config.server);
            }
            Ok(response)
        }
    }))
}

/// A response with a strong entity tag must not be compressed: the tag identifies the exact bytes (RFC 9110 8.8.3.3). A
/// streamed one is not compressed either, because a slow client would keep the compressor's memory in use.
fn may_be_compressed(_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<Streamed>().is_none()
        && headers.get(header::ETAG).is_none_or(|tag| tag.as_bytes().starts_with(b"W/"))
}

/// The middleware of patron as a layer of axum. A layer from a function would box and clone the handler again.
#[derive(Clone)]
struct Stack(Arc<App>);

/// A handler with the middleware of patron around it.
#[derive(Clone)]
struct StackedRoute {
    app: Arc<App>,
    route: Route,
}

impl Layer<Route> for Stack {
    type Service = StackedRoute;

    fn layer(&self, route: Route) -> StackedRoute {
        StackedRoute { app: Arc::clone(&self.0), route }
    }
}

impl Service<Request> for StackedRoute {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (app, route) = (Arc::clone(&self.app), self.route.clone());
        Box::pin(async move { Ok(stack(&app, request, route).await) })
    }
}

/// The response of a handler, also if it panics.
async fn handle(route: Route, request: Request) -> Response {
    match catch_panic(route.oneshot(request)).await {
        Ok(Ok(response)) => response,
        Err(panic) => on_panic(&*panic),
    }
}

/// The middleware of patron, from the innermost to the outermost.
async fn stack(app: &Arc<App>, request: Request, route: Route) -> Response {
    let keyed = async move |request| {
        idempotent(app, request, async move |request| handle(route, request).await).await
    };
    let timed = async move |request| limit_time(app, keyed(request)).await;
    let tagged = async move |request| set_entity_tag(request, timed).await;
    let permitted = async move |request| limit_concurrency(app, request, tagged).await;
    let rate_limited = async move |request| rate_limit(app, request, permitted).await;
    let mut response = identify_and_log(app, request, rate_limited).await;
    set_security_headers(&mut response, &app.config.server);
    response
}

/// Assigns the request id, logs the request and renders the body of a failure.
async fn identify_and_log(
    app: &App,
    mut request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let id = incoming_id(&request).unwrap_or_else(|| app.random.uuid().simple().to_string());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let format = FailureFormat::for_client(&request);
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let running = app.metrics.http.begin(method.as_str(), route);
    let is_probe = is_probe(&path);
    let (span, trace) =
        telemetry::start_span(&id, is_probe, |name| request.headers().get(name)?.to_str().ok());
    if let Some(trace) = trace {
        request.extensions_mut().insert(trace);
    }
    async move {
        // Not a middleware function: each one adds the size of all inner futures.
        let mut response = match host::problem(&request) {
            Some(message) => Box::pin(host::refuse(request, message)).await,
            None => next(request).await,
        };
        let failure = response.extensions_mut().remove::<Failure>().or_else(|| foreign_failure(&response));
        if let Some(failure) = failure {
            let mut headers = std::mem::take(response.headers_mut());
            response = failure.render(&id, format);
            let preserved = PRESERVED_HEADERS
                .into_iter()
                .filter_map(|name| headers.remove(&name).map(|value| (name, value)));
            response.headers_mut().extend(preserved);
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let (status, route) = (response.status().as_u16(), running.route());
        telemetry::end_span(&Span::current(), running.method(), route, status);
        let duration_ms = milliseconds(running.answered(status));
        let path = loggable(&path);
        // Probes would be most of the log, and a failed one logs its reason.
        if is_probe {
            tracing::debug!(%method, path, route, status, duration_ms, "answered");
        } else {
            tracing::info!(%method, path, route, status, duration_ms, "answered");
        }
        response
    }
    .instrument(span)
    .await
}

impl FailureFormat {
    /// The format that the client of this request reads.
    fn for_client(request: &Request) -> Self {
        if !GRAPHQL.contains(&request.uri().path()) {
            return Self::Rest;
        }
        Self::Graphql(MediaType::accepted(request.headers()).unwrap_or(MediaType::Json))
    }
}

/// A duration for the log, in milliseconds with at most three decimals.
fn milliseconds(duration: Duration) -> f64 {
    // Exact: a duration of less than 285 years has fewer than 2^53 microseconds.
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// The path for the log, without the query string. A path with other characters than our routes have is not logged,
/// because it may contain personal data such as an e-mail address.
fn loggable(path: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    if path.chars().all(plain) { path } else { "(not logged)" }
}

/// A failure that a library responded with in its own format. JSON and HTML are our own: no library writes them.
fn foreign_failure(response: &Response) -> Option<Failure> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let content_type = response.headers().typed_get::<ContentType>().map(Mime::from);
    let is_own = content_type.is_some_and(|kind| is_json(&kind) || kind.essence_str() == "text/html");
    (!is_own).then(|| Failure::from_status(status))
}

/// Not an async function, which would contain the future of the response twice.
fn limit_time(app: &App, response: impl Future<Output = Response>) -> impl Future<Output = Response> {
    let limit = app.config.server.request_timeout;
    let timed = tokio::time::timeout(limit, app.db.cancel_lists_on_drop(response));
    timed.map(move |response| {
        response.unwrap_or_else(|_elapsed| {
            tracing::warn!(limit_s = limit.as_secs(), "the request took too long");
            Failure::unavailable(1).into_response()
        })
    })
}

fn on_panic(panic: &(dyn Any + Send)) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let panic = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text");
    tracing::error!(panic, "a handler panicked");
    Failure::internal().into_response()
}

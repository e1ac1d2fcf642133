//! The layers around every request: its id, its log line, its time limit, the form of its failures.

mod concurrency_limit;
mod cors;
pub(crate) mod etag;
mod host;
pub(crate) mod idempotency;
pub(super) mod rate_limit;
pub(crate) mod request_body;
mod security_headers;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use headers::{ContentType, HeaderMapExt, Mime};
use tower::{ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tracing::{Instrument, Span};

use crate::app::App;
use crate::http::extract::json_body::is_json;
use crate::http::extract::media_type::MediaType;
use crate::http::failure::Failure;
use crate::http::failure::Form;
use crate::telemetry;
use concurrency_limit::limit_concurrency;
use cors::{cors, is_preflight};
use etag::set_entity_tag;
use idempotency::idempotent;
use rate_limit::{RATE_LIMIT, RATE_LIMIT_POLICY, rate_limit};
use security_headers::set_security_headers;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where failures take the form of GraphQL.
pub(crate) const GRAPHQL: [&str; 2] = ["/api/graphql", "/api/admin/graphql"];
/// The smallest body that is worth compressing, in bytes: less fits a packet anyway.
const MIN_COMPRESSED: u64 = 1024;
/// What was said in the headers of a failure before it got its body: which methods a URL knows (405), that the
/// connection ends (408), which limits there are.
const KEPT: [HeaderName; 4] = [header::ALLOW, header::CONNECTION, RATE_LIMIT, RATE_LIMIT_POLICY];
/// The longest request id that is taken over from a client.
const MAX_REQUEST_ID: usize = 64;

/// Names a request; in its log lines, its answer's header and its failures.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Puts the layers around the routes.
pub fn around(routes: Router, app: &Arc<App>) -> Router {
    let routes = routes
        .fallback(async || Failure::from_status(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || Failure::from_status(StatusCode::METHOD_NOT_ALLOWED))
        .layer(CatchPanicLayer::custom(on_panic))
        .layer(from_fn_with_state(Arc::clone(app), stack))
        .layer(CompressionLayer::new().compress_when(
            DefaultPredicate::new().and(SizeAbove::new(MIN_COMPRESSED)).and(may_be_compressed),
        ));
    // Around everything: pages may read failures as well.
    let Some(cors) = cors(&app.config.server.cors_origins) else { return routes };
    let others = routes.clone();
    let routes = routes.layer(cors);
    let app = Arc::clone(app);
    Router::new().fallback_service(service_fn(move |request: Request| {
        // The layer would answer any OPTIONS with 200.
        let preflight = is_preflight(request.headers()) && host::problem(&request).is_none();
        let answered = if request.method() == Method::OPTIONS && !preflight {
            others.clone().oneshot(request)
        } else {
            routes.clone().oneshot(request)
        };
        let app = preflight.then(|| Arc::clone(&app));
        async move {
            let mut response = answered.await?;
            // What the layer answers by itself has passed none of ours.
            if let Some(app) = app {
                set_security_headers(&mut response, &app.config.server);
            }
            Ok(response)
        }
    }))
}

/// A strong entity tag is that of these very bytes (RFC 9110 8.8.3.3): compressed, they would need another one.
fn may_be_compressed(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers.get(header::ETAG).is_none_or(|tag| tag.as_bytes().starts_with(b"W/"))
}

/// Our own layers, from the outermost. As one: each that axum is given clones all inside it for every request.
async fn stack(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let app = &app;
    let done =
        async move |request| idempotent(app, request, async move |request| next.run(request).await).await;
    let limited = async move |request| time_limit(app, done(request)).await;
    let tagged = async move |request| set_entity_tag(request, limited).await;
    let placed = async move |request| limit_concurrency(app, request, tagged).await;
    let rate_limited = async move |request| rate_limit(app, request, placed).await;
    let mut response = name_request(app, request, rate_limited).await;
    set_security_headers(&mut response, &app.config.server);
    response
}

/// Gives the request its id, logs it, and writes the body of a failure.
async fn name_request(
    app: &App,
    mut request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let id = incoming_id(&request).unwrap_or_else(|| app.random.uuid().simple().to_string());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let form = Form::of(&request);
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let running = app.metrics.http.begin(method.as_str(), route);
    let (span, trace) =
        telemetry::begin(&id, is_probe(&path), |name| request.headers().get(name)?.to_str().ok());
    if let Some(trace) = trace {
        request.extensions_mut().insert(trace);
    }
    async move {
        // Here and not as a layer of its own: each copies the futures of all that are inside it.
        let mut response = match host::problem(&request) {
            Some(message) => Box::pin(host::refuse(request, message)).await,
            None => next(request).await,
        };
        let failure = response.extensions_mut().remove::<Failure>().or_else(|| unformed(&response));
        if let Some(failure) = failure {
            let mut said = std::mem::take(response.headers_mut());
            response = failure.render(&id, form);
            let kept = KEPT.into_iter().filter_map(|name| said.remove(&name).map(|value| (name, value)));
            response.headers_mut().extend(kept);
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let (status, route) = (response.status().as_u16(), running.route());
        telemetry::answered(&Span::current(), running.method(), route, status);
        let duration_ms = running.answered(status).as_secs_f64() * 1000.0;
        tracing::info!(%method, path = loggable(&path), route, status, duration_ms, "answered");
        response
    }
    .instrument(span)
    .await
}

impl Form {
    /// The form that the client of this request reads.
    fn of(request: &Request) -> Self {
        if !GRAPHQL.contains(&request.uri().path()) {
            return Self::Rest;
        }
        Self::Graphql(MediaType::accepted(request.headers()).unwrap_or(MediaType::Json))
    }
}

/// Whether a supervisor asks, every few seconds, and nobody wants to see its traces.
fn is_probe(path: &str) -> bool {
    path == "/metrics" || path.starts_with("/health/")
}

/// A path as it may stand in a log: without the query string, and not at all when it has other characters than
/// our own paths have. It may hold an address of somebody then.
fn loggable(path: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    if path.chars().all(plain) { path } else { "(not logged)" }
}

/// An id that the client, or a proxy before us, gave: short and plain, so that it can't forge log lines.
fn incoming_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    ((1..=MAX_REQUEST_ID).contains(&id.len()) && id.chars().all(plain)).then(|| id.to_owned())
}

/// A failure that a library answered with by itself, in its own form. None of them writes a page; that is ours.
fn unformed(response: &Response) -> Option<Failure> {
    let status = response.status();
    let content_type = response.headers().typed_get::<ContentType>().map(Mime::from);
    let ours = content_type.is_some_and(|kind| is_json(&kind) || kind.essence_str() == "text/html");
    let failed = status.is_client_error() || status.is_server_error();
    (failed && !ours).then(|| Failure::from_status(status))
}

async fn time_limit(app: &App, answer: impl Future<Output = Response>) -> Response {
    let limit = app.config.server.request_timeout;
    match tokio::time::timeout(limit, app.db.while_waited_for(answer)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!(limit_s = limit.as_secs(), "the request took too long");
            Failure::unavailable(1).into_response()
        }
    }
}

fn on_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let panic = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text");
    tracing::error!(panic, "a handler panicked");
    Failure::internal().into_response()
}

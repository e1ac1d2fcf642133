//! The `Idempotency-Key` header: a request with a key is executed once, and repeating it returns the stored response.
//!
//! The middleware reads key and body and passes them on as a [`KeyedRequest`]. The context extractor looks up the key
//! once the caller is known, and responds with the stored response if there is one. The response of a write is stored
//! in the transaction of the write. A response without a write is stored when the handler has returned, unless the
//! caller is anonymous or the client should retry (`Retry-After`). Reads and the GraphQL API ignore the header.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, response};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use secrecy::SecretString;

use super::GRAPHQL;
use super::RequestId;
use crate::app::App;
use crate::app::idempotency::{KeyedRequest, StoredResponse};
use crate::app::write::{Write, Written};
use crate::error::Error;
use crate::http::extract::json_body::read_bytes;
use crate::http::failure::Failure;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that marks a stored response.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The maximum length of a key, in characters.
const MAX_KEY: usize = 255;
/// The headers that are stored with a response.
const STORED_HEADERS: [HeaderName; 5] =
    [header::CONTENT_TYPE, header::LOCATION, header::ETAG, header::CACHE_CONTROL, header::ALLOW];

/// Marks a response as a stored one.
#[derive(Clone, Copy, Debug)]
struct Replayed;

/// Marks a request with a malformed key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MalformedKey;

/// The error for a malformed key.
pub(crate) fn malformed_key() -> Error {
    let message = format!(
        "Idempotency-Key must be 1 to {MAX_KEY} visible ASCII characters other than quotation marks, once"
    );
    Error::invalid("Idempotency-Key", message)
}

/// Runs a request; one with a key is executed once, and a repeated one gets the first response.
pub(crate) async fn idempotent(
    app: &Arc<App>,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let changes = [Method::POST, Method::PATCH, Method::DELETE].contains(request.method());
    if !changes || !request.headers().contains_key(IDEMPOTENCY_KEY) || GRAPHQL.contains(&request.uri().path())
    {
        return next(request).await;
    }
    // On the heap: this future is large, most requests don't need it, and the stack below is deep.
    Box::pin(execute_once(app, request, next)).await
}

async fn execute_once(
    app: &Arc<App>,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    match read_keyed(app, request).await {
        Ok((None, request)) => next(request).await,
        Ok((Some(keyed), request)) => {
            let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
            let response = next(request).await;
            let response = finish(&keyed, response, request_id.unwrap_or_default()).await;
            if keyed.is_stored()
                && let Err(error) = keyed.prune().await
            {
                // The request itself succeeded. The next request with a key tries again.
                tracing::warn!(%error, "old idempotency keys were not deleted");
            }
            response
        }
        Err(failure) => failure.into_response(),
    }
}

/// Reads the key and the body of a request. With a malformed key the request continues unkeyed, but is marked.
async fn read_keyed(
    app: &Arc<App>,
    request: Request,
) -> Result<(Option<Arc<KeyedRequest>>, Request), Failure> {
    let (mut parts, body) = request.into_parts();
    let Some(key) = read_key(&parts.headers) else {
        // The context extractor refuses it, after it has authorized the caller.
        parts.extensions.insert(MalformedKey);
        return Ok((None, Request::from_parts(parts, body)));
    };
    let body = read_bytes(body).await?;
    // A URL without a route has an empty template.
    let route = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = format!("{} {}", parts.method, route.unwrap_or_default());
    let url = parts.uri.path_and_query().map(|url| url.as_str().to_owned()).unwrap_or_default();
    let keyed = Arc::new(KeyedRequest::new(Arc::clone(app), key, route, &url, &body)?);
    parts.extensions.insert(Arc::clone(&keyed));
    Ok((Some(keyed), Request::from_parts(parts, Body::from(body))))
}

/// Reads the key: 1 to 255 visible ASCII characters, with or without surrounding quotation marks (RFC 9651 3.3.3). A
/// key must not contain quotation marks, because clients escape them differently.
fn read_key(headers: &HeaderMap) -> Option<SecretString> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let value = values.next()?.to_str().ok()?;
    let key = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
    let visible =
        (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    (visible && values.next().is_none()).then(|| key.to_owned().into())
}

/// Stores the response of a request that wrote nothing. The response of a write was committed with it.
async fn finish(keyed: &KeyedRequest, response: Response, request_id: String) -> Response {
    if keyed.is_stored() || response.extensions().get::<Replayed>().is_some() {
        return response;
    }
    let (failure, response) = rendered(response, request_id);
    let is_transient = failure.is_some_and(|failure| failure.retry_after.is_some());
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Failure::internal().into_response() };
    match keyed.complete(&stored_response(&parts, &body), is_transient).await {
        Ok(None) => Response::from_parts(parts, Body::from(body)),
        Ok(Some(first)) => replay(first),
        Err(error) => Failure::from(error).into_response(),
    }
}

fn stored_response(parts: &response::Parts, body: &[u8]) -> StoredResponse {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let headers =
        STORED_HEADERS.iter().filter_map(|name| Some((name.to_string(), text(parts.headers.get(name)?)?)));
    StoredResponse {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(body).into_owned(),
    }
}

/// The right of a request to write once, which its handler passes to a service. It must be extracted after the context,
/// which responds to a repeated request.
#[derive(Debug)]
pub struct OneWrite(Option<Arc<KeyedRequest>>);

/// Marks a request whose right to write was extracted.
#[derive(Clone, Copy, Debug)]
struct WriteExtracted;

impl<S: Send + Sync> FromRequestParts<S> for OneWrite {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        match parts.extensions.insert(WriteExtracted) {
            None => Ok(Self(parts.extensions.get().cloned())),
            Some(WriteExtracted) => Err(Error::internal("a handler extracted two writes").into()),
        }
    }
}

impl OneWrite {
    /// The right together with the view of its outcome. The view runs inside the transaction, so it must only read the
    /// outcome.
    pub fn respond_with<T, R: IntoResponse>(
        self,
        view: impl Fn(&T) -> R + Send + Sync + 'static,
    ) -> Write<T> {
        Write::of_request(self.0, move |outcome| {
            let (parts, body) = view(outcome).into_response().into_parts();
            // A body in memory is ready at once, so this never waits.
            let body = body.collect().now_or_never().and_then(Result::ok);
            let body = body.ok_or_else(|| Error::internal("a response body that is not in memory"))?;
            Ok(stored_response(&parts, &body.to_bytes()))
        })
    }
}

/// The response of a write.
#[derive(Debug)]
pub struct WriteResponse(StoredResponse);

impl<T> From<Written<T>> for WriteResponse {
    fn from(written: Written<T>) -> Self {
        let missing = StoredResponse { status: 500, headers: Vec::new(), body: String::new() };
        Self(written.response.unwrap_or(missing))
    }
}

impl IntoResponse for WriteResponse {
    fn into_response(self) -> Response {
        response_of(self.0)
    }
}

/// Renders the body of a failure that is stored: a repeated request gets the same body, with the id of the first
/// request. Transient failures, and failures that set further headers, are left to the outermost middleware.
fn rendered(mut response: Response, request_id: String) -> (Option<Failure>, Response) {
    let Some(failure) = response.extensions_mut().remove::<Failure>() else { return (None, response) };
    let sets_headers =
        [StatusCode::UNAUTHORIZED, StatusCode::UNSUPPORTED_MEDIA_TYPE].contains(&failure.status);
    if failure.retry_after.is_some() || sets_headers {
        return (Some(failure.clone()), failure.into_response());
    }
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let response = (failure.status, no_store, Json(failure.clone().envelope(request_id))).into_response();
    (Some(failure), response)
}

/// A stored response, marked as such.
pub(crate) fn replay(stored: StoredResponse) -> Response {
    let mut response = response_of(stored);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response.extensions_mut().insert(Replayed);
    response
}

fn response_of(stored: StoredResponse) -> Response {
    let mut response = Response::new(Body::from(stored.body));
    *response.status_mut() = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    for (name, value) in stored.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

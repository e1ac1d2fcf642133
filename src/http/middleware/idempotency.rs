//! Requests with an `Idempotency-Key`: the layer around their handlers, and the answer instead of a second doing.

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
/// Tells an answer that was given before from one that was just found.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key, in characters.
const MAX_KEY: usize = 255;
/// The headers that belong to a result.
const KEPT: [HeaderName; 5] =
    [header::CONTENT_TYPE, header::LOCATION, header::ETAG, header::CACHE_CONTROL, header::ALLOW];

/// Marks an answer that was given before.
#[derive(Clone, Copy, Debug)]
struct Replayed;

/// Marks a request whose key can't be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MalformedKey;

/// What is wrong with it.
pub(crate) fn malformed_key() -> Error {
    let message = format!(
        "Idempotency-Key must be 1 to {MAX_KEY} visible ASCII characters other than quotation marks, once"
    );
    Error::invalid("Idempotency-Key", message)
}

/// Does a request that has a key once: the second time the first answer is given again.
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
    // On the heap: it is much larger than what most requests need, and below it goes deep.
    Box::pin(answer_once(app, request, next)).await
}

async fn answer_once(
    app: &Arc<App>,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    match keyed(app, request).await {
        Ok((None, request)) => next(request).await,
        Ok((Some(keyed), request)) => {
            let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
            let response = next(request).await;
            let response = finish(&keyed, response, request_id.unwrap_or_default()).await;
            if keyed.is_stored()
                && let Err(error) = keyed.prune().await
            {
                // The next one tries again; this one is done.
                tracing::warn!(%error, "old idempotency keys were not deleted");
            }
            response
        }
        Err(failure) => failure.into_response(),
    }
}

/// Reads the key and the body of a request.
async fn keyed(app: &Arc<App>, request: Request) -> Result<(Option<Arc<KeyedRequest>>, Request), Failure> {
    let (mut parts, body) = request.into_parts();
    let Some(key) = read_key(&parts.headers) else {
        // Told by whoever finds out whether the caller may call at all.
        parts.extensions.insert(MalformedKey);
        return Ok((None, Request::from_parts(parts, body)));
    };
    let body = read_bytes(body).await?;
    // What no route matches can't have been done.
    let route = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = format!("{} {}", parts.method, route.unwrap_or_default());
    let url = parts.uri.path_and_query().map(|url| url.as_str().to_owned()).unwrap_or_default();
    let keyed = Arc::new(KeyedRequest::new(Arc::clone(app), key, route, &url, &body)?);
    parts.extensions.insert(Arc::clone(&keyed));
    Ok((Some(keyed), Request::from_parts(parts, Body::from(body))))
}

/// A key is 1 to 255 visible ASCII characters, in quotation marks (RFC 9651 3.3.3) or without. There are none in it:
/// what an escaped or a single one meant, a client and this would have to agree on first.
fn read_key(headers: &HeaderMap) -> Option<SecretString> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let value = values.next()?.to_str().ok()?;
    let key = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
    let visible =
        (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    (visible && values.next().is_none()).then(|| key.to_owned().into())
}

/// Stores the answer of a request that changed nothing. That of one that did is committed with the change.
async fn finish(keyed: &KeyedRequest, response: Response, request_id: String) -> Response {
    if keyed.is_stored() || response.extensions().get::<Replayed>().is_some() {
        return response;
    }
    let (failure, response) = formed(response, request_id);
    let is_passing = failure.is_some_and(|failure| failure.retry_after.is_some());
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Failure::internal().into_response() };
    match keyed.complete(&answer(&parts, &body), is_passing).await {
        Ok(None) => Response::from_parts(parts, Body::from(body)),
        Ok(Some(first)) => replay(first),
        Err(error) => Failure::from(error).into_response(),
    }
}

fn answer(parts: &response::Parts, body: &[u8]) -> StoredResponse {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let kept = KEPT.iter().filter_map(|name| Some((name.to_string(), text(parts.headers.get(name)?)?)));
    StoredResponse {
        status: parts.status.as_u16(),
        headers: kept.collect(),
        body: String::from_utf8_lossy(body).into_owned(),
    }
}

/// The right of a request to change the database once, to be given to a service. Take it after the context, which
/// answers a request that came before.
#[derive(Debug)]
pub struct OneWrite(Option<Arc<KeyedRequest>>);

/// Marks a request that has been given its right to write.
#[derive(Clone, Copy, Debug)]
struct Given;

impl<S: Send + Sync> FromRequestParts<S> for OneWrite {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        match parts.extensions.insert(Given) {
            None => Ok(Self(parts.extensions.get().cloned())),
            Some(Given) => Err(Error::internal("a request was to write twice").into()),
        }
    }
}

impl OneWrite {
    /// The right, with how its outcome is answered: made inside the transaction, so it must only look at the outcome.
    pub fn answered<T, R: IntoResponse>(self, view: impl Fn(&T) -> R + Send + Sync + 'static) -> Write<T> {
        Write::of_request(self.0, move |outcome| {
            let (parts, body) = view(outcome).into_response().into_parts();
            // A body that is in memory is there at once: nothing is waited for.
            let body = body.collect().now_or_never().and_then(Result::ok);
            let body = body.ok_or_else(|| Error::internal("an answer that is not in memory"))?;
            Ok(answer(&parts, &body.to_bytes()))
        })
    }
}

/// The answer of a write that was done now.
#[derive(Debug)]
pub struct Done(StoredResponse);

impl<T> From<Written<T>> for Done {
    fn from(written: Written<T>) -> Self {
        let without = StoredResponse { status: 500, headers: Vec::new(), body: String::new() };
        Self(written.answer.unwrap_or(without))
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        response_of(self.0)
    }
}

/// A failure with its body: the next time it is told in the same words, the first request's id among them.
fn formed(mut response: Response, request_id: String) -> (Option<Failure>, Response) {
    let Some(failure) = response.extensions_mut().remove::<Failure>() else { return (None, response) };
    // Failures that are not stored and set headers are rendered by the outermost layer.
    let is_left = [StatusCode::UNAUTHORIZED, StatusCode::UNSUPPORTED_MEDIA_TYPE].contains(&failure.status);
    if failure.retry_after.is_some() || is_left {
        return (Some(failure.clone()), failure.into_response());
    }
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let body = (failure.status, no_store, Json(failure.clone().envelope(request_id))).into_response();
    (Some(failure), body)
}

/// An answer that was given before.
pub(crate) fn replay(answer: StoredResponse) -> Response {
    let mut response = response_of(answer);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response.extensions_mut().insert(Replayed);
    response
}

fn response_of(answer: StoredResponse) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

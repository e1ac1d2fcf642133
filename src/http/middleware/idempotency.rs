//! The `Idempotency-Key` header: a request with a key is executed once, and repeating it returns the stored response.
//!
//! The middleware reads key and body and passes them on as a [`KeyedRequest`]. The context extractor looks up the key
//! once the caller is known, and responds with the stored response if there is one. The response of a write is stored
//! in the transaction of the write. A response without a write is stored when the handler has returned, unless the
//! caller is anonymous or the client should retry (`Retry-After`). Reads and the GraphQL API ignore the header.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};

use super::paths::GRAPHQL;
use super::request_id::RequestId;
use crate::app::App;
use crate::app::idempotency::KeyedRequest;
use crate::http::caching::NO_STORE;
use crate::http::extract::json_body::read_bytes;
use crate::http::failure::Failure;
use crate::http::idempotency_key::{IDEMPOTENCY_KEY, MalformedKey, read_key};
use crate::http::stored_response::{IsReplay, replay, stored_response};

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

/// Stores the response of a request that wrote nothing. The response of a write was committed with it.
async fn finish(keyed: &KeyedRequest, response: Response, request_id: String) -> Response {
    if keyed.is_stored() || response.extensions().get::<IsReplay>().is_some() {
        return response;
    }
    let (failure, response) = rendered(response, request_id);
    let is_final = failure.map_or(!response.status().is_server_error(), |failure| failure.is_final());
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Failure::internal().into_response() };
    match keyed.complete(&stored_response(&parts, &body), is_final).await {
        Ok(None) => Response::from_parts(parts, Body::from(body)),
        Ok(Some(first)) => replay(first),
        Err(error) => Failure::from(error).into_response(),
    }
}

/// Renders the body of a failure that is stored: a repeated request gets the same body, with the id of the first
/// request. Transient failures, and failures that set further headers, are left to the outermost middleware.
fn rendered(mut response: Response, request_id: String) -> (Option<Failure>, Response) {
    let Some(failure) = response.extensions_mut().remove::<Failure>() else { return (None, response) };
    if failure.sets_headers() {
        return (Some(failure.clone()), failure.into_response());
    }
    let no_store = [(header::CACHE_CONTROL, NO_STORE)];
    let response = (failure.status, no_store, Json(failure.clone().envelope(request_id))).into_response();
    (Some(failure), response)
}

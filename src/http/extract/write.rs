//! The right of a request to one write, and the response of that write.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http_body_util::BodyExt;

use crate::app::idempotency::{KeyedRequest, StoredResponse};
use crate::app::write::{Write, Written};
use crate::error::Error;
use crate::http::failure::Failure;
use crate::http::stored_response::{response_of, stored_response};

/// The right of a request to write once, which its handler passes to a service. It must be extracted after the context,
/// which responds to a repeated request.
#[derive(Debug)]
pub(crate) struct OneWrite(Option<Arc<KeyedRequest>>);

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
    pub(crate) fn respond_with<T, R: IntoResponse>(
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
pub(crate) struct WriteResponse(StoredResponse);

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

//! The responses of the REST API, from the views of rows.

use std::fmt::Display;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{Data, NO_STORE};
use crate::types::entity_tag;

/// 201 with a new resource and its URL.
pub(super) struct Created<V> {
    url: String,
    view: V,
}

impl<V> Created<V> {
    pub(super) fn at(url: String, view: V) -> Self {
        Self { url, view }
    }
}

impl<V: Serialize> IntoResponse for Created<V> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(header::LOCATION, self.url)], Data::of(self.view)).into_response()
    }
}

/// A response with the strong entity tag of a resource version.
pub(super) struct Versioned<T> {
    tag: String,
    response: T,
}

impl<T> Versioned<T> {
    pub(super) fn new(version: impl Display, response: T) -> Self {
        Self { tag: entity_tag(version), response }
    }
}

impl<T: IntoResponse> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, self.tag)], self.response).into_response()
    }
}

/// A response that caches must not store, because it contains secrets or personal data (RFC 6749 5.1).
pub(super) struct NotStored<T>(pub(super) T);

impl<T: IntoResponse> IntoResponse for NotStored<T> {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, NO_STORE)], self.0).into_response()
    }
}

/// The view of a row.
pub(super) fn data<Row, View>(row: &Row) -> Data<View>
where
    View: for<'a> From<&'a Row>,
{
    Data::of(row.into())
}

/// An empty object, for operations that return no data.
#[derive(Serialize, ToSchema)]
pub(super) struct EmptyBody {}

/// The view of a write that returns no data.
pub(super) fn empty_body((): &()) -> Data<EmptyBody> {
    Data::of(EmptyBody {})
}

//! The envelope of successful responses.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The envelope of a successful response, which is sent as JSON.
#[derive(Serialize, ToSchema)]
pub(crate) struct Data<T> {
    /// The result.
    pub(crate) data: T,
}

impl<T> Data<T> {
    /// The envelope of this result.
    pub(crate) fn of(data: T) -> Self {
        Self { data }
    }
}

impl<T: Serialize> IntoResponse for Data<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

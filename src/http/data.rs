//! The envelope of successful responses.

use serde::Serialize;
use utoipa::ToSchema;

/// The envelope of a successful response.
#[derive(Serialize, ToSchema)]
pub struct Data<T> {
    /// The result.
    pub data: T,
}

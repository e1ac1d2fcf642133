//! The envelope of successes.

use serde::Serialize;
use utoipa::ToSchema;

/// What a success answers with.
#[derive(Serialize, ToSchema)]
pub struct Data<T> {
    /// The outcome.
    pub data: T,
}

//! A problem with one field, in a failure.

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Problem;

/// A problem with one field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Detail {
    /// Name of the field.
    #[schema(example = "email")]
    pub(crate) field: String,
    /// Description of the problem.
    #[schema(example = "Email is required")]
    pub(crate) message: String,
}

impl From<Problem> for Detail {
    fn from(problem: Problem) -> Self {
        Self { field: problem.field, message: problem.message }
    }
}

//! Errors as GraphQL clients see them: `extensions.code` is for programs, and stable.

use async_graphql::{ErrorExtensionValues, Response, ServerError};

use crate::error::{Error, POSITION_EXPIRED, Problem};

/// A domain error on its way out of a resolver.
pub(super) struct Failed(pub(super) Error);

/// The value of a field that can be null: when it fails it is null, and the rest of the answer stays. Of a
/// `Result<Option<T>>` the library would take the error to the next parent that can be null.
pub(super) async fn nullable<T>(
    resolve: impl AsyncFnOnce() -> async_graphql::Result<Option<T>>,
) -> Option<async_graphql::Result<T>> {
    resolve().await.transpose()
}

/// The one mapping of domain errors to GraphQL.
impl From<Failed> for async_graphql::Error {
    fn from(Failed(error): Failed) -> Self {
        let (code, message) = match error {
            Error::Invalid(problems) => return invalid(&problems),
            Error::Unauthenticated(message) => ("UNAUTHENTICATED", message.to_owned()),
            Error::Forbidden(message) => ("FORBIDDEN", message.to_owned()),
            Error::NotFound(noun) => ("NOT_FOUND", format!("{noun} not found")),
            Error::EmailTaken => ("EMAIL_TAKEN", "Email is already used".to_owned()),
            Error::Conflict(message) => ("CONFLICT", message.into_owned()),
            // Those are answers to changes.
            Error::Outdated
            | Error::Precondition
            | Error::PreconditionRequired
            | Error::KeyReused
            | Error::KeyInUse => ("CONFLICT", error.to_string()),
            Error::PositionExpired => ("POSITION_EXPIRED", POSITION_EXPIRED.to_owned()),
            Error::RateLimited { .. } => ("RATE_LIMITED", "Too many attempts; try again later".to_owned()),
            Error::Unavailable { reason, .. } => {
                tracing::warn!(reason, "unavailable");
                ("UNAVAILABLE", "The service is temporarily unavailable".to_owned())
            }
            Error::Behind(pending) => {
                tracing::warn!(pending, "the schema is behind");
                ("UNAVAILABLE", "The service is temporarily unavailable".to_owned())
            }
            Error::Internal(reason) => {
                tracing::error!(reason, "internal error");
                ("INTERNAL", "Internal error".to_owned())
            }
        };
        with_code(message, code)
    }
}

fn with_code(message: String, code: &str) -> async_graphql::Error {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    async_graphql::Error { extensions: Some(extensions), ..async_graphql::Error::new(message) }
}

fn invalid(problems: &[Problem]) -> async_graphql::Error {
    let message = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
    let detail = |problem: &Problem| async_graphql::value!({"field": problem.field.clone(), "message": problem.message.clone()});
    let details: Vec<async_graphql::Value> = problems.iter().map(detail).collect();
    let mut error = with_code(message, "VALIDATION_FAILED");
    if let Some(extensions) = &mut error.extensions {
        extensions.set("details", async_graphql::Value::List(details));
    }
    error
}

/// The longest message, in characters: the parser quotes the line it failed in, which may be the whole query.
const MAX_MESSAGE: usize = 1000;

/// An error for which a request is refused before anything of it runs.
pub(super) fn coded(mut error: ServerError, code: &str) -> ServerError {
    if let Some((end, _)) = error.message.char_indices().nth(MAX_MESSAGE) {
        error.message.truncate(end);
        error.message.push('…');
    }
    set_code(&mut error, code);
    error
}

/// What the library says of a query whose complexity is over the limit.
const TOO_COMPLEX: &str = "Query is too complex.";

/// Gives every error that the library made by itself a code.
pub(super) fn complete(response: &mut Response) {
    for error in &mut response.errors {
        if error.extensions.as_ref().is_none_or(|values| values.get("code").is_none()) {
            let code = match error.path.is_empty() {
                _ if error.message == TOO_COMPLEX => "QUERY_TOO_LARGE",
                true => "GRAPHQL_VALIDATION_FAILED",
                // A value that only its field could judge: a number too large for it.
                false => "VALIDATION_FAILED",
            };
            set_code(error, code);
        }
    }
}

/// Whether nothing of the request ran: errors of a field name its path.
pub(super) fn nothing_ran(response: &Response) -> bool {
    response.errors.iter().any(|error| error.path.is_empty())
}

fn set_code(error: &mut ServerError, code: &str) {
    error.extensions.get_or_insert_default().set("code", code);
}

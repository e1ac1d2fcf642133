//! Errors as GraphQL clients see them: `extensions.code` is for programs, and stable.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};

use crate::error::{Error, MAX_MESSAGE, MAX_PROBLEMS, POSITION_EXPIRED, Problem, cut};

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
            | Error::PreconditionFailed
            | Error::PreconditionRequired
            | Error::IdempotencyKeyReused
            | Error::IdempotencyKeyInUse => ("CONFLICT", error.to_string()),
            Error::PositionExpired => ("POSITION_EXPIRED", POSITION_EXPIRED.to_owned()),
            Error::RateLimited { .. } => ("RATE_LIMITED", "Too many attempts; try again later".to_owned()),
            Error::Unavailable { reason, .. } => {
                tracing::warn!(reason, "unavailable");
                ("UNAVAILABLE", "The service is temporarily unavailable".to_owned())
            }
            Error::MigrationsPending(pending) => {
                tracing::warn!(pending, "the schema is behind");
                ("UNAVAILABLE", "The service is temporarily unavailable".to_owned())
            }
            Error::DatabaseUnusable(reason) => {
                tracing::error!(reason, "the database can't be used");
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
    let problems = problems.iter().take(MAX_PROBLEMS);
    let detail = |problem: &Problem| async_graphql::value!({"field": problem.field.clone(), "message": problem.message.clone()});
    let details: Vec<async_graphql::Value> = problems.map(detail).collect();
    let mut error = with_code(message, INVALID_VALUE);
    if let Some(extensions) = &mut error.extensions {
        extensions.set("details", async_graphql::Value::List(details));
    }
    error
}

/// The document can't be parsed.
pub(super) const UNPARSABLE: &str = "GRAPHQL_PARSE_FAILED";
/// The document or its variables are not valid.
pub(super) const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
/// A value that only its field, or its directive, could judge.
pub(super) const INVALID_VALUE: &str = "VALIDATION_FAILED";

/// The most errors of an answer (contract, section 7).
pub(super) const MAX_ERRORS: usize = 100;

/// An error for which a request is refused before anything of it runs.
pub(super) fn coded(mut error: ServerError, code: &str) -> ServerError {
    // The parser quotes the line it failed in, which may be the whole query.
    error.message = cut(error.message, MAX_MESSAGE);
    set_code(&mut error, code);
    error
}

/// What the library says of a valid document that is over its limits.
const TOO_LARGE: [&str; 2] = ["Query is too complex.", "Query is nested too deep."];
const QUERY_TOO_LARGE: &str = "QUERY_TOO_LARGE";

/// Gives every error that the library made by itself a code, and leaves out those that are too many.
pub(super) fn complete(response: &mut Response) {
    response.errors.truncate(MAX_ERRORS);
    for error in &mut response.errors {
        error.message = cut(std::mem::take(&mut error.message), MAX_MESSAGE);
        if code(error).is_none() {
            let is_too_large = TOO_LARGE.contains(&error.message.as_str());
            set_code(error, if is_too_large { QUERY_TOO_LARGE } else { INVALID_VALUE });
        }
    }
}

/// Whether nothing of a valid document ran: it is too large, as a whole.
pub(super) fn nothing_ran(response: &Response) -> bool {
    let is_too_large = |error: &ServerError| error.path.is_empty() && code(error) == Some(QUERY_TOO_LARGE);
    response.errors.iter().any(is_too_large)
}

/// The code of an error.
pub(super) fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

fn set_code(error: &mut ServerError, code: &str) {
    error.extensions.get_or_insert_default().set("code", code);
}

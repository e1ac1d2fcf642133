//! Errors as GraphQL clients see them. Programs read `extensions.code`, which is stable; people read the message.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};

use super::error_code::ErrorCode;
use crate::error::{Error, MAX_MESSAGE, truncate};
use crate::http::{Detail, Failure};

/// A domain error that a resolver returns.
pub(super) struct ResolverError(pub(super) Error);

/// Resolves a nullable field. When it fails, the field is null and the rest of the response is kept. With a
/// `Result<Option<T>>` the library would null the closest nullable parent instead.
pub(super) async fn nullable<T>(
    resolve: impl AsyncFnOnce() -> async_graphql::Result<Option<T>>,
) -> Option<async_graphql::Result<T>> {
    resolve().await.transpose()
}

/// The only mapping of domain errors to GraphQL.
impl From<ResolverError> for async_graphql::Error {
    fn from(ResolverError(error): ResolverError) -> Self {
        let Failure { code, message, details, .. } = Failure::from(error);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", ErrorCode::Failure(code).text());
        if !details.is_empty() {
            let detail =
                |detail: Detail| async_graphql::value!({"field": detail.field, "message": detail.message});
            extensions.set("details", Value::List(details.into_iter().map(detail).collect()));
        }
        Self { extensions: Some(extensions), ..Self::new(message) }
    }
}

/// Maximum number of errors in a response (contract, section 7).
pub(super) const MAX_ERRORS: usize = 100;

/// The error with this code, its message shortened to the maximum length.
pub(super) fn with_code(mut error: ServerError, code: ErrorCode) -> ServerError {
    // The parser quotes the line in which it failed, which may be the whole query.
    error.message = truncate(error.message, MAX_MESSAGE);
    set_code(&mut error, code);
    error
}

/// Adds a code to every error that the library created, and drops errors beyond [`MAX_ERRORS`].
pub(super) fn normalize_errors(response: &mut Response) {
    response.errors.truncate(MAX_ERRORS);
    for error in &mut response.errors {
        error.message = truncate(std::mem::take(&mut error.message), MAX_MESSAGE);
        if code(error).is_none() {
            // The document was validated before, so the library refuses it as a whole only for its size. Such an error
            // has neither a path nor a location.
            let is_too_large = error.path.is_empty() && error.locations.is_empty();
            set_code(error, if is_too_large { ErrorCode::QueryTooLarge } else { ErrorCode::INVALID_VALUE });
        }
    }
}

/// Whether the response is a request error (specification 7.1.2): the document is too large, so no operation ran.
pub(super) fn is_request_error(response: &Response) -> bool {
    let is_too_large =
        |error: &ServerError| error.path.is_empty() && has_code(error, ErrorCode::QueryTooLarge);
    response.errors.iter().any(is_too_large)
}

fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// Whether an error has a code.
pub(super) fn has_code(error: &ServerError, expected: ErrorCode) -> bool {
    code(error) == Some(expected.text().as_str())
}

fn set_code(error: &mut ServerError, code: ErrorCode) {
    error.extensions.get_or_insert_default().set("code", code.text());
}

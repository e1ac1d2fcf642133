//! From a text to a document, or to what is wrong with its syntax.

use apollo_compiler::ast;
use apollo_compiler::parser::Parser;
use async_graphql::ServerError;

use super::gaps;
use super::place::{Places, pos};
use super::size::MAX_NESTING;
use crate::api::graphql::error;

/// How deeply the parser goes down into selections, values and types. What is nested less deeply and still too deeply is
/// refused with more of a reason.
const MAX_RECURSION: usize = 4 * MAX_NESTING;

/// Parses a document.
///
/// # Errors
/// The first error: one often leads to others that nobody made.
pub(super) fn parse(text: &str) -> Result<ast::Document, ServerError> {
    let refusal = |message: String, at| error::coded(ServerError::new(message, at), error::UNPARSABLE);
    let document =
        Parser::new().recursion_limit(MAX_RECURSION).parse_ast(text, "query").map_err(|failed| {
            let first = failed.errors.iter().next();
            let at = first.as_ref().and_then(|error| error.line_column_range());
            let message = first.map(|error| error.error.to_string());
            refusal(message.unwrap_or_else(|| "it can't be parsed".to_owned()), at.map(|at| pos(at.start)))
        })?;
    if let Some((what, at)) = gaps::first(text, MAX_RECURSION) {
        return Err(refusal(format!("syntax error: {what} is missing"), Some(Places::of(text).at(at))));
    }
    if document.definitions.is_empty() {
        return Err(refusal("syntax error: there is no operation".to_owned(), None));
    }
    Ok(document)
}

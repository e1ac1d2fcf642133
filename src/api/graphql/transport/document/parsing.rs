//! Parses the text of a document. A document with a syntax error is refused with the first error.

use apollo_compiler::ast;
use apollo_compiler::parser::Parser;
use async_graphql::ServerError;

use super::missing_parts;
use super::position::{Positions, pos};
use super::size::MAX_NESTING;
use crate::api::graphql::error;
use crate::api::graphql::error_code::ErrorCode;

/// Maximum nesting of selections, values and types in the parser. Between [`MAX_NESTING`] and this, a document is
/// parsed and then refused with a more exact message.
const MAX_RECURSION: usize = 4 * MAX_NESTING;

/// Parses a document.
///
/// # Errors
/// The first syntax error, because it often causes the others.
pub(super) fn parse(text: &str) -> Result<ast::Document, ServerError> {
    let parse_error =
        |message: String, at| error::with_code(ServerError::new(message, at), ErrorCode::ParseFailed);
    let document =
        Parser::new().recursion_limit(MAX_RECURSION).parse_ast(text, "query").map_err(|failed| {
            let first = failed.errors.iter().next();
            let at = first.as_ref().and_then(|error| error.line_column_range());
            let message = first.map(|error| error.error.to_string());
            parse_error(
                message.unwrap_or_else(|| "The document can't be parsed".to_owned()),
                at.map(|at| pos(at.start)),
            )
        })?;
    if let Some((part, at)) = missing_parts::find(text, MAX_RECURSION) {
        return Err(parse_error(
            format!("syntax error: {part} is missing"),
            Some(Positions::of(text).at(at)),
        ));
    }
    if document.definitions.is_empty() {
        return Err(parse_error("syntax error: the document is empty".to_owned(), None));
    }
    Ok(document)
}

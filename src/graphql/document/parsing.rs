//! From a text to a document, or to what is wrong with its syntax.

use apollo_compiler::ast;
use apollo_compiler::parser::Parser;
use async_graphql::{Pos, ServerError};

use super::super::error;
use super::gaps;
use super::place::Places;
use super::size::MAX_NESTING;

/// How deeply the parser goes down into selections, values and types. What is nested less deeply and still too deeply is
/// refused with more of a reason.
const MAX_RECURSION: usize = 4 * MAX_NESTING;
/// Parses a document.
///
/// # Errors
/// What is wrong first: one error often leads to others that nobody made.
pub(super) fn parse(text: &str) -> Result<ast::Document, ServerError> {
    let parsed = Parser::new().recursion_limit(MAX_RECURSION).parse_ast(text, "query");
    let document = match parsed {
        Ok(document) => document,
        Err(failed) => {
            // One error often leads to others that nobody made.
            let first = failed.errors.iter().next();
            let at = first.as_ref().and_then(|error| error.line_column_range()).map(|range| range.start);
            let message =
                first.map_or_else(|| "it can't be parsed".to_owned(), |error| error.error.to_string());
            let at = at.map(|at| Pos { line: at.line, column: at.column });
            return Err(error::coded(ServerError::new(message, at), error::UNPARSABLE));
        }
    };
    let gap = gaps::first(text, MAX_RECURSION)
        .map(|(what, at)| (format!("syntax error: {what} is missing"), Some(at)));
    let empty =
        || document.definitions.is_empty().then(|| ("syntax error: there is no operation".to_owned(), None));
    match gap.or_else(empty) {
        Some((message, at)) => {
            let at = at.map(|at| Places::of(text).at(at));
            Err(error::coded(ServerError::new(message, at), error::UNPARSABLE))
        }
        None => Ok(document),
    }
}

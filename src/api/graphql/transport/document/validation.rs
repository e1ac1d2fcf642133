//! Whether a document is valid, by all rules of the specification (5): those that the validator has, and those of
//! [`rules`].

use std::collections::HashMap;

use apollo_compiler::ast;
use apollo_compiler::diagnostic::{Diagnostic, ToCliReport};
use apollo_compiler::parser::{SourceMap, SourceSpan};
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};
use async_graphql::ServerError;

use super::place::pos;
use super::{rules, suggestions};
use crate::api::graphql::error::{self, MAX_ERRORS};
use crate::api::graphql::schema::definitions::DEFINITIONS;

/// Validates a document; with hints to what may have been meant.
///
/// # Errors
/// At most [`MAX_ERRORS`].
pub(super) fn validate(document: &ast::Document, with_hints: bool) -> Result<(), Vec<ServerError>> {
    // Unknown names are reported by themselves: the validator leaves them out, and would then report what is missing.
    let validated = match document.to_executable(&DEFINITIONS) {
        Ok(known) => known.validate(&DEFINITIONS).map_err(|failed| failed.errors),
        Err(failed) => Err(failed.errors),
    };
    let errors: Vec<ServerError> = match validated {
        Ok(valid) => {
            let faults = rules::faults(&valid, MAX_ERRORS).into_iter();
            faults.map(|fault| server_error(fault.message, fault.at, &document.sources)).collect()
        }
        Err(found) => server_errors(document, &found, with_hints),
    };
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn server_errors(document: &ast::Document, found: &DiagnosticList, with_hints: bool) -> Vec<ServerError> {
    let hints = if with_hints { suggestions::of(document) } else { HashMap::new() };
    let error = |found: Diagnostic<'_, DiagnosticData>| {
        let at = found.error.location();
        let mut message = found.error.to_string();
        if let Some(meant) = at.and_then(|at| hints.get(&at.offset())) {
            message.push_str(&format!("; did you mean `{meant}`?"));
        }
        server_error(message, at, &document.sources)
    };
    found.iter().take(MAX_ERRORS).map(error).collect()
}

fn server_error(message: String, at: Option<SourceSpan>, sources: &SourceMap) -> ServerError {
    let at = at.and_then(|at| at.line_column(sources)).map(pos);
    error::coded(ServerError::new(message, at), error::INVALID)
}

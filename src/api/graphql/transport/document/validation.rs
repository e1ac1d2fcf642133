//! Validates a document by all rules of the specification (5): the rules of the validator, and those of [`rules`].

use std::collections::HashMap;

use apollo_compiler::ast;
use apollo_compiler::diagnostic::{Diagnostic, ToCliReport};
use apollo_compiler::parser::{SourceMap, SourceSpan};
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};
use async_graphql::ServerError;

use super::position::pos;
use super::{rules, suggestions};
use crate::api::graphql::error::{self, MAX_ERRORS};
use crate::api::graphql::error_code::ErrorCode;
use crate::api::graphql::schema::definitions::DEFINITIONS;

/// Validates a document. If `suggest` is set, the errors of unknown names suggest similar ones.
///
/// # Errors
/// At most [`MAX_ERRORS`] errors.
pub(super) fn validate(document: &ast::Document, suggest: bool) -> Result<(), Vec<ServerError>> {
    // Unknown names are reported alone: the validator omits them, and would then report errors that follow from that.
    let validated = match document.to_executable(&DEFINITIONS) {
        Ok(known) => known.validate(&DEFINITIONS).map_err(|failed| failed.errors),
        Err(failed) => Err(failed.errors),
    };
    let errors: Vec<ServerError> = match validated {
        Ok(valid) => {
            let violations = rules::violations(&valid, MAX_ERRORS).into_iter();
            violations
                .map(|violation| server_error(violation.message, violation.at, &document.sources))
                .collect()
        }
        Err(diagnostics) => server_errors(document, &diagnostics, suggest),
    };
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn server_errors(document: &ast::Document, diagnostics: &DiagnosticList, suggest: bool) -> Vec<ServerError> {
    let suggestions = if suggest { suggestions::of(document) } else { HashMap::new() };
    let error = |diagnostic: Diagnostic<'_, DiagnosticData>| {
        let at = diagnostic.error.location();
        let mut message = diagnostic.error.to_string();
        if let Some(name) = at.and_then(|at| suggestions.get(&at.offset())) {
            message.push_str(&format!("; did you mean `{name}`?"));
        }
        server_error(message, at, &document.sources)
    };
    diagnostics.iter().take(MAX_ERRORS).map(error).collect()
}

fn server_error(message: String, at: Option<SourceSpan>, sources: &SourceMap) -> ServerError {
    let at = at.and_then(|at| at.line_column(sources)).map(pos);
    error::with_code(ServerError::new(message, at), ErrorCode::ValidationFailed)
}

//! Turns the text of a document into a document to execute. Parsing, measuring and validating don't depend on the
//! variables, so they are done once and cached. Each request then coerces its variables and binds them.
//!
//! A document with an error is refused as a whole, before anything runs (request error, specification 7.1.2).

mod bind;
mod introspection;
mod missing_parts;
mod parsing;
mod position;
mod rules;
mod size;
mod suggestions;
mod syntax;
mod tokens;
mod validation;
mod variables;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{ServerError, Variables};

pub(super) use self::size::MAX_NESTING;
use self::syntax::Syntax;
use super::metrics;
use crate::api::graphql::budget::{DocumentCost, RequestBudget};
use crate::api::graphql::error;
use crate::api::graphql::error_code::ErrorCode;
use crate::config::GraphqlConfig;

/// Root fields whose value is the same for all callers. The response of any other root field is private.
const PUBLIC_FIELDS: [&str; 4] = ["allowedCountries", "countries", "provinces", "__typename"];
/// Maximum number of parts of a document whose errors suggest similar names. A suggestion compares a name with all
/// others.
const MAX_PARTS_FOR_SUGGESTIONS: usize = 200;

/// A valid document.
pub(super) struct ValidDocument {
    syntax: Syntax,
    cost: DocumentCost,
    /// Whether it contains introspection fields.
    pub(super) introspects: bool,
    /// Whether the response is the same for all callers.
    pub(super) is_public: bool,
}

/// Errors for which a request is not executed (specification 7.1.2).
pub(super) struct RequestError {
    pub(super) errors: Vec<ServerError>,
    /// Whether the request is for a mutation, which a GET request must not execute (GraphQL over HTTP, 5.4).
    pub(super) is_mutation: bool,
    /// The root field of the operation, for metrics.
    pub(super) root_field: &'static str,
}

impl From<ServerError> for RequestError {
    fn from(error: ServerError) -> Self {
        Self { errors: vec![error], is_mutation: false, root_field: metrics::OTHER }
    }
}

impl ValidDocument {
    /// Parses a document, measures it with these variables, takes its cost from the budget of the request, and
    /// validates it.
    ///
    /// # Errors
    /// The request errors.
    pub(super) fn read(
        text: &str,
        operation_name: Option<&str>,
        variables: &Variables,
        config: &GraphqlConfig,
        budget: &RequestBudget,
    ) -> Result<Self, RequestError> {
        tokens::check(text)?;
        let parsed = parsing::parse(text)?;
        let syntax = Syntax::of(&parsed, text);
        size::check_operations(&syntax)?;
        let cost = size::measure(&syntax, &Variables::default(), config)?;
        budget.take(cost_with(variables, &syntax, cost, config)?)?;
        if !config.introspection {
            introspection::check(&syntax)?;
        }
        let suggest = config.introspection && cost.parts <= MAX_PARTS_FOR_SUGGESTIONS;
        validation::validate(&parsed, suggest).map_err(|errors| RequestError {
            errors,
            is_mutation: syntax.is_mutation(operation_name),
            root_field: syntax
                .operation(operation_name)
                .map_or(metrics::OTHER, |index| syntax.root_field(index)),
        })?;
        let introspects = introspection::find(&syntax).is_some();
        let is_public = syntax.operations.iter().all(|operation| is_public(operation.selection_set()));
        Ok(Self { syntax, cost, introspects, is_public })
    }

    /// Takes the cost of the document with these variables from the budget of a request.
    ///
    /// # Errors
    /// When the cost exceeds the budget.
    pub(super) fn take_from(
        &self,
        budget: &RequestBudget,
        variables: &Variables,
        config: &GraphqlConfig,
    ) -> Result<(), ServerError> {
        budget.take(cost_with(variables, &self.syntax, self.cost, config)?)
    }

    /// The index of the requested operation (`GetOperation`, specification 6.1).
    ///
    /// # Errors
    /// When the document has no operation with this name, or several operations and there is no name.
    pub(super) fn operation(&self, name: Option<&str>) -> Result<usize, ServerError> {
        self.syntax.operation(name).ok_or_else(|| {
            let message = match name {
                Some(name) => format!("The document has no operation named `{name}`"),
                None => {
                    "The document has several operations: `operationName` must name one of them".to_owned()
                }
            };
            error::with_code(ServerError::new(message, None), ErrorCode::ValidationFailed)
        })
    }

    /// The root field of an operation, as metrics name it.
    pub(super) fn root_field(&self, operation: usize) -> &'static str {
        self.syntax.root_field(operation)
    }

    /// Coerces the variables of an operation to their types (`CoerceVariableValues`, specification 6.1.2).
    ///
    /// # Errors
    /// An error for each value that doesn't match its type.
    pub(super) fn coerce(
        &self,
        operation: usize,
        variables: Variables,
    ) -> Result<Variables, Vec<ServerError>> {
        variables::coerce(&self.syntax.operations[operation].definition.node, variables)
    }

    /// A document to execute: one operation, with the values of its variables in place.
    ///
    /// # Errors
    /// When the condition of `@skip` or `@include` is null.
    pub(super) fn bind(
        &self,
        operation: usize,
        values: &Variables,
    ) -> Result<ExecutableDocument, ServerError> {
        bind::bind(&self.syntax, &self.syntax.operations[operation], values)
    }
}

/// The cost of a document with these variables.
///
/// # Errors
/// When the document exceeds a limit.
fn cost_with(
    variables: &Variables,
    syntax: &Syntax,
    cost_without_variables: DocumentCost,
    config: &GraphqlConfig,
) -> Result<DocumentCost, ServerError> {
    if size::are_costly(variables) {
        size::measure(syntax, variables, config)
    } else {
        Ok(cost_without_variables)
    }
}

fn is_public(root: &SelectionSet) -> bool {
    root.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) => PUBLIC_FIELDS.contains(&field.node.name.node.as_str()),
        Selection::InlineFragment(inline) => is_public(&inline.node.selection_set.node),
        // Checking a fragment again for each spread would cost time, and fragments at the root are rare.
        Selection::FragmentSpread(_) => false,
    })
}

#[cfg(test)]
impl ValidDocument {
    /// The document of a valid text.
    pub(super) fn of(text: &str) -> Self {
        let config = crate::api::graphql::budget::tests::config(1000, 1000);
        let budget = RequestBudget::new(&config, &crate::api::graphql::budget::PendingBytes::default());
        match Self::read(text, None, &Variables::default(), &config, &budget) {
            Ok(document) => document,
            Err(error) => panic!("{text}: {:?}", error.errors),
        }
    }
}

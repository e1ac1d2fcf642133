//! A document: from its text to what is executed. What is the same whatever it is sent with is done once and kept: it is
//! parsed, measured, and validated. Each request then gives its variables their values and puts them in place.

mod bind;
mod gaps;
mod introspection;
mod parsing;
mod place;
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
use crate::api::graphql::budget::{Amount, Budget};
use crate::api::graphql::error;
use crate::config::GraphqlConfig;

/// Root fields whose value is the same for everybody. What is not listed is for the caller alone.
const PUBLIC_FIELDS: [&str; 4] = ["allowedCountries", "countries", "provinces", "__typename"];
/// The most parts of a document whose errors say what may have been meant: names are compared with all others then.
const MAX_HINTED_PARTS: usize = 200;

/// A document that is valid.
pub(super) struct Document {
    syntax: Syntax,
    amount: Amount,
    /// Whether it asks for the schema.
    pub(super) introspects: bool,
    /// Whether the answer is the same for everybody.
    pub(super) is_public: bool,
}

/// Why a document is not executed.
pub(super) struct Refused {
    pub(super) errors: Vec<ServerError>,
    /// Whether it asks for a change, which a URL can't (GraphQL over HTTP, 5.4).
    pub(super) is_change: bool,
    /// The root field that was asked for, for metrics.
    pub(super) field: &'static str,
}

impl From<ServerError> for Refused {
    fn from(error: ServerError) -> Self {
        Self { errors: vec![error], is_change: false, field: metrics::OTHER }
    }
}

impl Document {
    /// Parses a document, measures it, takes what it amounts to with these values from the budget of the request, and
    /// validates it.
    ///
    /// # Errors
    /// Why it is not executed.
    pub(super) fn read(
        text: &str,
        operation_name: Option<&str>,
        variables: &Variables,
        config: &GraphqlConfig,
        budget: &Budget,
    ) -> Result<Self, Refused> {
        tokens::check(text)?;
        let parsed = parsing::parse(text)?;
        let syntax = Syntax::of(&parsed, text);
        size::check_operations(&syntax)?;
        let amount = size::measure(&syntax, &Variables::default(), config)?;
        budget.take(amount_with(variables, &syntax, amount, config)?)?;
        if !config.introspection {
            introspection::refuse(&syntax)?;
        }
        let hints = config.introspection && amount.parts <= MAX_HINTED_PARTS;
        validation::validate(&parsed, hints).map_err(|errors| Refused {
            errors,
            is_change: syntax.is_change(operation_name),
            field: syntax.operation(operation_name).map_or(metrics::OTHER, |index| syntax.root_field(index)),
        })?;
        let introspects = introspection::find(&syntax).is_some();
        let is_public = syntax.operations.iter().all(|operation| is_public(operation.selection_set()));
        Ok(Self { syntax, amount, introspects, is_public })
    }

    /// Takes what it amounts to with these values of variables from the budget of a request.
    ///
    /// # Errors
    /// That it is too much.
    pub(super) fn take_from(
        &self,
        budget: &Budget,
        variables: &Variables,
        config: &GraphqlConfig,
    ) -> Result<(), ServerError> {
        budget.take(amount_with(variables, &self.syntax, self.amount, config)?)
    }

    /// Which operation a request wants (`GetOperation`, specification 6.1).
    ///
    /// # Errors
    /// There is none of that name, or several to choose from.
    pub(super) fn operation(&self, name: Option<&str>) -> Result<usize, ServerError> {
        self.syntax.operation(name).ok_or_else(|| {
            let message = match name {
                Some(name) => format!("The document has no operation named `{name}`"),
                None => "The document has several operations: operationName has to name one".to_owned(),
            };
            error::coded(ServerError::new(message, None), error::INVALID)
        })
    }

    /// The root field of an operation, as metrics name it.
    pub(super) fn root_field(&self, operation: usize) -> &'static str {
        self.syntax.root_field(operation)
    }

    /// Gives the variables of an operation their values.
    ///
    /// # Errors
    /// What doesn't fit.
    pub(super) fn coerce(
        &self,
        operation: usize,
        variables: Variables,
    ) -> Result<Variables, Vec<ServerError>> {
        variables::coerce(&self.syntax.operations[operation].definition.node, variables)
    }

    /// One of its operations as it is executed, with these values in place.
    ///
    /// # Errors
    /// When a condition is null.
    pub(super) fn bind(
        &self,
        operation: usize,
        values: &Variables,
    ) -> Result<ExecutableDocument, ServerError> {
        bind::bind(&self.syntax, &self.syntax.operations[operation], values)
    }
}

/// What a document amounts to with these values of variables.
///
/// # Errors
/// That it is too much.
fn amount_with(
    variables: &Variables,
    syntax: &Syntax,
    without: Amount,
    config: &GraphqlConfig,
) -> Result<Amount, ServerError> {
    if size::are_costly(variables) { size::measure(syntax, variables, config) } else { Ok(without) }
}

fn is_public(root: &SelectionSet) -> bool {
    root.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) => PUBLIC_FIELDS.contains(&field.node.name.node.as_str()),
        Selection::InlineFragment(inline) => is_public(&inline.node.selection_set.node),
        // It would be one more walk for each spread, and fragments at the root are rare.
        Selection::FragmentSpread(_) => false,
    })
}

#[cfg(test)]
impl Document {
    /// That of a text that is valid.
    pub(super) fn of(text: &str) -> Self {
        let config = crate::api::graphql::budget::tests::config(1000, 1000);
        let budget = Budget::new(&config, &crate::api::graphql::budget::Making::default());
        match Self::read(text, None, &Variables::default(), &config, &budget) {
            Ok(document) => document,
            Err(refused) => panic!("{text}: {:?}", refused.errors),
        }
    }
}

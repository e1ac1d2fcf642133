//! A query that was parsed and is within the limits: what it asks for, before it is run.

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{ServerError, Variables};
use serde_json::Value;

use super::budget::Budget;
use super::error;
use super::introspection;
use super::limits;
use super::persisted::{self, KnownQueries};
use super::public::Key;
use super::request::Parameters;
use super::tokens;
use crate::config::GraphqlConfig;

/// Root fields whose value is the same for everybody. What is not listed is for the caller alone.
const PUBLIC_FIELDS: [&str; 2] = ["countries", "__typename"];

/// What a small document consists of at most, in parts as [`limits`] count them.
const SMALL: usize = 200;

/// What a request asks to be run.
pub(super) struct Prepared {
    pub(super) document: ExecutableDocument,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Variables,
    /// Whether it asks for the schema.
    pub(super) introspects: bool,
    /// Whether it is small enough to be validated again.
    pub(super) is_small: bool,
    /// What its answer depends on, when that is the same for everybody.
    pub(super) public: Option<Key>,
    /// What to keep of it once it ran.
    pub(super) keep: Option<Keep>,
}

/// A query that is not kept yet, or not under its hash.
pub(super) struct Keep {
    query: String,
    hash: Option<String>,
}

impl Keep {
    /// Keeps it.
    pub(super) fn keep(self, known: &KnownQueries, document: &ExecutableDocument) {
        let Self { query, hash } = self;
        if let Some(hash) = hash {
            known.persisted.keep(hash, &query, document.clone());
        }
        known.parsed.keep(query.clone(), &query, document.clone());
    }
}

impl Prepared {
    /// Finds or parses the query, and measures it.
    ///
    /// # Errors
    /// Why it won't be run.
    pub(super) fn new(
        parameters: Parameters,
        known: &KnownQueries,
        config: &GraphqlConfig,
        budget: &Budget,
    ) -> Result<Self, ServerError> {
        let Parameters { query, persisted, operation_name, variables } = parameters;
        let refusal = |message: &str, code| error::coded(ServerError::new(message, None), code);
        let hash = match persisted {
            // Clients that read this stop sending hashes.
            Some(extension) if extension.version != 1 => {
                return Err(refusal("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED"));
            }
            Some(extension) => Some(extension.sha256_hash.to_ascii_lowercase()),
            None => None,
        };
        if let (Some(query), Some(hash)) = (&query, &hash)
            && persisted::hash(query) != *hash
        {
            return Err(refusal("The hash is not the query's", "PERSISTED_QUERY_MISMATCH"));
        }
        let found = hash.as_ref().and_then(|hash| known.persisted.find(hash));
        let (document, is_new) = match (found, &query) {
            (Some(document), _) => (document, false),
            (None, Some(query)) => match known.parsed.find(query) {
                Some(document) => (document, hash.is_some()),
                None => (parse(query)?, true),
            },
            // Clients that read this send the query as well.
            (None, None) => return Err(refusal("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")),
        };
        let variables = Variables::from_json(Value::Object(variables));
        let parts = limits::check(&document, &variables, config, budget)?;
        if !config.introspection {
            introspection::refuse(&document)?;
        }
        let introspects = config.introspection && introspection::find(&document).is_some();
        let public = is_public(&document).then(|| Key {
            document: query.clone().or_else(|| hash.clone()).unwrap_or_default(),
            operation_name: operation_name.clone(),
            variables: serde_json::to_string(&variables).unwrap_or_default(),
        });
        let keep = query.filter(|_| is_new).map(|query| Keep { query, hash });
        Ok(Self { document, operation_name, variables, introspects, is_small: parts <= SMALL, public, keep })
    }

    /// Whether it asks for a change, which a URL can't (GraphQL over HTTP, 5.4).
    pub(super) fn is_mutation(&self) -> bool {
        let chosen =
            |name: Option<&str>| self.operation_name.as_deref().is_none_or(|chosen| name == Some(chosen));
        self.document.operations.iter().any(|(name, operation)| {
            chosen(name.map(|name| name.as_str())) && operation.node.ty == OperationType::Mutation
        })
    }
}

/// Parses a query that was not kept, and looks at what is the same whatever it is sent with.
fn parse(query: &str) -> Result<ExecutableDocument, ServerError> {
    tokens::check(query)?;
    let parsed = async_graphql::parser::parse_query(query);
    let document = parsed.map_err(|error| error::coded(error.into(), "GRAPHQL_PARSE_FAILED"))?;
    limits::check_operations(&document)?;
    Ok(document)
}

/// Whether the answer is the same for everybody.
fn is_public(document: &ExecutableDocument) -> bool {
    // As deep as anything may be, for fragments that spread each other: they are refused later.
    document.operations.iter().all(|(_, operation)| is_public_set(&operation.node.selection_set.node, 20))
}

fn is_public_set(root: &SelectionSet, depth: usize) -> bool {
    depth > 0
        && root.items.iter().all(|selection| match &selection.node {
            Selection::Field(field) => PUBLIC_FIELDS.contains(&field.node.name.node.as_str()),
            Selection::InlineFragment(inline) => is_public_set(&inline.node.selection_set.node, depth - 1),
            // It would be one more walk for each spread, and fragments at the root are rare.
            Selection::FragmentSpread(_) => false,
        })
}

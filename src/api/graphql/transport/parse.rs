//! From the parameters of a request to an operation that can be executed: its document is valid and its variables have
//! values of their types. Everything else is a request error (specification 7.1.2).

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{ServerError, Variables};

use super::document::{RequestError, ValidDocument};
use super::persisted::{self, DocumentCache};
use super::public::CacheKey;
use super::request::Parameters;
use crate::api::graphql::budget::RequestBudget;
use crate::config::GraphqlConfig;

/// An operation that can be executed.
pub(super) struct ParsedOperation {
    document: Arc<ValidDocument>,
    /// The index of the operation in the document.
    operation: usize,
    /// The coerced values of its variables.
    values: Variables,
    /// The root field, for metrics.
    pub(super) root_field: &'static str,
    /// Whether the document contains introspection fields.
    pub(super) introspects: bool,
    /// The cache key of the response, when it is the same for all callers.
    pub(super) cache_key: Option<CacheKey>,
}

impl ParsedOperation {
    /// Takes the document from the cache or parses it, selects the operation, and coerces its variables.
    ///
    /// # Errors
    /// The request errors, in which case nothing is executed.
    pub(super) fn new(
        parameters: Parameters,
        documents: &DocumentCache,
        config: &GraphqlConfig,
        budget: &RequestBudget,
    ) -> Result<Self, RequestError> {
        let Parameters { query, persisted, operation_name, variables } = parameters;
        let hash = persisted::checked_hash(persisted, query.as_deref())?;
        let persisted = hash.as_ref().and_then(|hash| documents.by_hash.get(hash));
        let is_persisted = persisted.is_some();
        let document = match (persisted.or_else(|| documents.by_text.get(query.as_deref()?)), &query) {
            (Some(document), _) => {
                document.take_from(budget, &variables, config)?;
                document
            }
            (None, Some(query)) => {
                let document =
                    ValidDocument::read(query, operation_name.as_deref(), &variables, config, budget)?;
                let document = Arc::new(document);
                documents.by_text.insert(query.clone(), query, Arc::clone(&document));
                document
            }
            (None, None) => return Err(persisted::not_found().into()),
        };
        if let (false, Some(query), Some(hash)) = (is_persisted, &query, &hash) {
            documents.by_hash.insert(hash.clone(), query, Arc::clone(&document));
        }
        let cache_key = document.is_public.then(|| CacheKey {
            document: query.or(hash).unwrap_or_default(),
            operation_name: operation_name.clone(),
            variables: serde_json::to_string(&variables).unwrap_or_default(),
        });
        let operation = document.operation(operation_name.as_deref())?;
        let root_field = document.root_field(operation);
        let values = document.coerce(operation, variables).map_err(|errors| RequestError {
            errors,
            is_mutation: false,
            root_field,
        })?;
        let introspects = document.introspects;
        Ok(Self { document, operation, values, root_field, introspects, cache_key })
    }

    /// The document to execute, with the values of the variables in place.
    ///
    /// # Errors
    /// When the condition of `@skip` or `@include` is null.
    pub(super) fn bind(&self) -> Result<ExecutableDocument, ServerError> {
        self.document.bind(self.operation, &self.values)
    }
}

//! A request whose document is valid and whose variables fit: what it asks for, before it is executed.

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{ServerError, Variables};

use super::document::{Document, Refused};
use super::persisted::{self, DocumentCache};
use super::public::CacheKey;
use super::request::Parameters;
use crate::api::graphql::budget::Budget;
use crate::api::graphql::error;
use crate::config::GraphqlConfig;

/// What a request asks to be executed.
pub(super) struct ParsedOperation {
    document: Arc<Document>,
    /// Which of its operations.
    operation: usize,
    /// The values of its variables.
    values: Variables,
    /// Its root field, for metrics.
    pub(super) field: &'static str,
    /// Whether it asks for the schema.
    pub(super) introspects: bool,
    /// What its answer depends on, when that is the same for everybody.
    pub(super) public: Option<CacheKey>,
}

impl ParsedOperation {
    /// Finds or reads the document, chooses the operation, and gives its variables their values.
    ///
    /// # Errors
    /// Why it won't be executed.
    pub(super) fn new(
        parameters: Parameters,
        known: &DocumentCache,
        config: &GraphqlConfig,
        budget: &Budget,
    ) -> Result<Self, Refused> {
        let Parameters { query, persisted, operation_name, variables } = parameters;
        let refusal = |message: &str, code| error::coded(ServerError::new(message, None), code);
        let hash = match persisted {
            // Clients that read this stop sending hashes.
            Some(extension) if extension.version != 1 => {
                return Err(refusal("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED").into());
            }
            Some(extension) => Some(extension.sha256_hash.to_ascii_lowercase()),
            None => None,
        };
        if let (Some(query), Some(hash)) = (&query, &hash)
            && persisted::hash(query) != *hash
        {
            return Err(refusal("The hash is not the query's", "PERSISTED_QUERY_MISMATCH").into());
        }
        let by_hash = hash.as_ref().and_then(|hash| known.persisted.find(hash));
        let is_persisted = by_hash.is_some();
        let document = match (by_hash.or_else(|| known.parsed.find(query.as_deref()?)), &query) {
            (Some(document), _) => {
                document.take_from(budget, &variables, config)?;
                document
            }
            (None, Some(query)) => {
                let document = Document::read(query, operation_name.as_deref(), &variables, config, budget)?;
                let document = Arc::new(document);
                known.parsed.keep(query.clone(), query, Arc::clone(&document));
                document
            }
            // Clients that read this send the query as well.
            (None, None) => return Err(refusal("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND").into()),
        };
        if let (false, Some(query), Some(hash)) = (is_persisted, &query, &hash) {
            known.persisted.keep(hash.clone(), query, Arc::clone(&document));
        }
        let public = document.is_public.then(|| CacheKey {
            document: query.or(hash).unwrap_or_default(),
            operation_name: operation_name.clone(),
            variables: serde_json::to_string(&variables).unwrap_or_default(),
        });
        let operation = document.operation(operation_name.as_deref())?;
        let field = document.root_field(operation);
        let values = document.coerce(operation, variables).map_err(|errors| Refused {
            errors,
            is_change: false,
            field,
        })?;
        let introspects = document.introspects;
        Ok(Self { document, operation, values, field, introspects, public })
    }

    /// What is executed.
    ///
    /// # Errors
    /// When a condition is null.
    pub(super) fn bind(&self) -> Result<ExecutableDocument, ServerError> {
        self.document.bind(self.operation, &self.values)
    }
}

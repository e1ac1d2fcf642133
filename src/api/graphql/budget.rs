//! Limits of one request, shared by all of its operations: fields, complexity, parts of the document, and bytes of the
//! response. All responses being built at the same time share another limit of bytes.
//!
//! A document that exceeds a limit is refused before it runs. A response that exceeds one fails while it is built: from
//! then on every field that is counted fails, so little more is built.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{ContextSelectionSet, ServerError, ServerResult};

use super::error;
use crate::api::graphql::error_code::ErrorCode;
use crate::config::GraphqlConfig;
use crate::http::FailureCode;

/// A response adds to the shared counter in steps of this many bytes, so a small response never touches it.
const STEP: usize = 32 * 1024;

/// Counts the bytes of all responses that are being built.
#[derive(Clone, Debug, Default)]
pub(super) struct PendingBytes(Arc<AtomicUsize>);

/// The remaining budget of a request. All operations of a batch share it.
pub(super) struct RequestBudget {
    max_complexity: usize,
    max_parts: usize,
    fields: AtomicUsize,
    parts: AtomicUsize,
    complexity: AtomicUsize,
    /// Maximum size of the response, in bytes.
    pub(super) max_bytes: usize,
    /// Bytes of resolved rows.
    row_bytes: AtomicUsize,
    /// Bytes of resolved long texts and JSON values. Their rows count them as well, but only once all fields of the row
    /// are resolved, and a row may hold many.
    leaf_bytes: AtomicUsize,
    /// Bytes that this request has added to the shared counter.
    reserved: AtomicUsize,
    pending: PendingBytes,
    max_pending: usize,
}

/// Returns the bytes to the shared counter. From here on the server counts the response until the client has received
/// it.
impl Drop for RequestBudget {
    fn drop(&mut self) {
        let reserved = *self.reserved.get_mut();
        if reserved > 0 {
            self.pending.0.fetch_sub(reserved, Ordering::Relaxed);
        }
    }
}

impl RequestBudget {
    pub(super) fn new(config: &GraphqlConfig, pending: &PendingBytes) -> Self {
        Self {
            max_complexity: config.max_complexity,
            max_parts: config.max_parts(),
            fields: AtomicUsize::new(config.max_complexity),
            parts: AtomicUsize::new(config.max_parts()),
            complexity: AtomicUsize::new(config.max_complexity),
            max_bytes: config.max_response_bytes,
            row_bytes: AtomicUsize::new(0),
            leaf_bytes: AtomicUsize::new(0),
            reserved: AtomicUsize::new(0),
            pending: pending.clone(),
            max_pending: config.total_response_bytes,
        }
    }

    /// The budget of the current request.
    pub(super) fn of<'a>(ctx: &ContextSelectionSet<'a>) -> &'a Self {
        // The endpoint adds a budget to every request.
        ctx.data_unchecked::<Arc<Self>>()
    }

    /// Takes the cost of a document.
    ///
    /// # Errors
    /// `QUERY_TOO_LARGE` when the cost exceeds the remaining budget.
    pub(super) fn take(&self, cost: DocumentCost) -> Result<(), ServerError> {
        if take(&self.fields, cost.fields) { self.take_parts(cost.parts) } else { Err(self.too_complex()) }
    }

    /// Takes the complexity of an operation.
    ///
    /// # Errors
    /// `QUERY_TOO_LARGE` when it exceeds the remaining budget.
    pub(super) fn take_complexity(&self, complexity: usize) -> Result<(), ServerError> {
        if take(&self.complexity, complexity) { Ok(()) } else { Err(self.too_complex()) }
    }

    fn too_complex(&self) -> ServerError {
        let message =
            format!("The operations together are too complex; at most {} is allowed", self.max_complexity);
        error::with_code(ServerError::new(message, None), ErrorCode::QueryTooLarge)
    }

    fn take_parts(&self, parts: usize) -> Result<(), ServerError> {
        if take(&self.parts, parts) {
            return Ok(());
        }
        let message = format!(
            "The query has too many selections, arguments and values, with its fragments and variables in place; at most {} \
             are allowed",
            self.max_parts
        );
        Err(error::with_code(ServerError::new(message, None), ErrorCode::QueryTooLarge))
    }

    /// Counts bytes of a resolved row. Fails once the limit is exceeded.
    pub(super) fn take_bytes(&self, bytes: usize) -> ServerResult<()> {
        self.add_bytes(&self.row_bytes, bytes)
    }

    /// Counts bytes of a long text or a JSON value. Fails once the limit is exceeded.
    pub(super) fn take_leaf(&self, bytes: usize) -> ServerResult<()> {
        self.add_bytes(&self.leaf_bytes, bytes)
    }

    fn add_bytes(&self, counter: &AtomicUsize, bytes: usize) -> ServerResult<()> {
        let before = counter.fetch_add(bytes, Ordering::Relaxed);
        let after = before.saturating_add(bytes);
        if after > self.max_bytes {
            return Err(self.too_large());
        }
        let steps = after / STEP - before / STEP;
        if steps > 0 { self.reserve(steps * STEP) } else { Ok(()) }
    }

    /// Adds bytes to the shared counter.
    fn reserve(&self, bytes: usize) -> ServerResult<()> {
        self.reserved.fetch_add(bytes, Ordering::Relaxed);
        let all = self.pending.0.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if all <= self.max_pending {
            return Ok(());
        }
        tracing::warn!("too many large responses at once (PATRON_GRAPHQL_ANSWERS_BYTES)");
        let message = "Too many large responses are being built; try again".to_owned();
        Err(error::with_code(ServerError::new(message, None), ErrorCode::Failure(FailureCode::Unavailable)))
    }

    /// Whether the response exceeds its limit.
    pub(super) fn is_exceeded(&self) -> bool {
        let bytes = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        bytes(&self.row_bytes).max(bytes(&self.leaf_bytes)) > self.max_bytes
    }

    /// The error for a response that exceeds its limit.
    pub(super) fn too_large(&self) -> ServerError {
        let message = format!(
            "The response is larger than {} bytes (PATRON_GRAPHQL_MAX_ANSWER_BYTES); select fewer rows or fields",
            self.max_bytes
        );
        error::with_code(ServerError::new(message, None), ErrorCode::ResponseTooLarge)
    }
}

/// Subtracts an amount from a counter, unless the counter is smaller.
fn take(remaining: &AtomicUsize, amount: usize) -> bool {
    remaining.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bytes| bytes.checked_sub(amount)).is_ok()
}

/// The cost of a document: all of its operations and fragments.
#[derive(Clone, Copy, Debug)]
pub(super) struct DocumentCost {
    pub(super) fields: usize,
    /// Selections, arguments, values and directives.
    pub(super) parts: usize,
}

impl DocumentCost {
    pub(super) fn add_parts(&mut self, parts: usize) {
        self.parts = self.parts.saturating_add(parts);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::api::graphql) fn config(bytes: usize, total_response_bytes: usize) -> GraphqlConfig {
        GraphqlConfig {
            max_depth: 20,
            max_complexity: 100,
            max_aliases: 100,
            max_response_bytes: bytes,
            total_response_bytes,
            batch: 0,
            introspection: true,
        }
    }

    fn budget(bytes: usize) -> RequestBudget {
        RequestBudget::new(&config(bytes, usize::MAX), &PendingBytes::default())
    }

    #[test]
    fn responses_built_at_the_same_time_share_a_limit() {
        let (pending, config) = (PendingBytes::default(), config(10 * STEP, 3 * STEP));
        let first = RequestBudget::new(&config, &pending);
        let second = RequestBudget::new(&config, &pending);
        assert!(first.take_bytes(STEP - 1).is_ok() && pending.0.load(Ordering::Relaxed) == 0);
        assert!(first.take_bytes(2 * STEP).is_ok() && second.take_leaf(STEP).is_ok());
        assert!(second.take_bytes(STEP).is_err() && second.take_bytes(1).is_ok());
        drop(first);
        assert!(second.take_leaf(STEP).is_ok());
        drop(second);
        assert_eq!(pending.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn counting_fails_once_the_limit_is_exceeded() {
        let budget = budget(100);
        assert!(
            budget.take_bytes(60).is_ok() && budget.take_leaf(100).is_ok() && budget.take_bytes(40).is_ok()
        );
        assert!(!budget.is_exceeded());
        assert!(budget.take_bytes(1).is_err() && budget.is_exceeded());
        assert!(budget.take_bytes(0).is_err() && budget.take_leaf(1).is_err());
        let budget = self::budget(100);
        assert!(budget.take_leaf(101).is_err() && budget.is_exceeded() && budget.take_bytes(1).is_ok());
    }

    #[test]
    fn fields_and_parts_have_separate_limits() {
        let budget = budget(100);
        let take = |fields, parts| budget.take(DocumentCost { fields, parts });
        assert!(take(100, 0).is_ok() && take(1, 0).is_err());
        assert!(take(0, 500).is_ok() && take(0, 1).is_err());
    }
}

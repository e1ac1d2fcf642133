//! What one request may ask for, and be answered with, in all: however many operations it holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextResolve, NextValidation, ResolveInfo,
};
use async_graphql::{ContextSelectionSet, ServerError, ServerResult, ValidationResult, Value};

use super::counted;
use super::error;
use crate::config::GraphqlConfig;

/// What the answer to a question about the schema takes a field, in bytes, at least: its fields are many and short, and
/// each costs a walk through the library's registry.
const MIN_INTROSPECTED: usize = 128;

/// An answer counts among all that are being made in steps of so many bytes: small ones touch nothing that is shared.
const STEP: usize = 32 * 1024;

/// Bytes of all answers that are being made: one request's are bounded, and so are those of very many at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Making(Arc<AtomicUsize>);

/// What is left for the operations of a request: those of a batch together may have the fields, the complexity and the
/// answer of one.
pub(super) struct Budget {
    max_complexity: usize,
    max_parts: usize,
    fields: AtomicUsize,
    parts: AtomicUsize,
    complexity: AtomicUsize,
    /// The most bytes of the answer.
    pub(super) max_bytes: usize,
    /// Bytes of rows that were made.
    rows: AtomicUsize,
    /// Bytes of long texts and of JSON that were made: they are counted in their rows as well, but those may hold many.
    leaves: AtomicUsize,
    /// Its part of all that are being made, in bytes.
    part: AtomicUsize,
    making: Making,
    max_making: usize,
}

/// The answer is made: what is written of it is counted by the server until the client has it.
impl Drop for Budget {
    fn drop(&mut self) {
        let part = *self.part.get_mut();
        if part > 0 {
            self.making.0.fetch_sub(part, Ordering::Relaxed);
        }
    }
}

impl Budget {
    pub(super) fn new(config: &GraphqlConfig, making: &Making) -> Self {
        Self {
            max_complexity: config.max_complexity,
            max_parts: config.max_parts(),
            fields: AtomicUsize::new(config.max_complexity),
            parts: AtomicUsize::new(config.max_parts()),
            complexity: AtomicUsize::new(config.max_complexity),
            max_bytes: config.max_answer_bytes,
            rows: AtomicUsize::new(0),
            leaves: AtomicUsize::new(0),
            part: AtomicUsize::new(0),
            making: making.clone(),
            max_making: config.answers_bytes,
        }
    }

    /// That of the request that is being answered.
    pub(super) fn of<'a>(ctx: &ContextSelectionSet<'a>) -> &'a Self {
        // The endpoint gives every request one.
        ctx.data_unchecked::<Arc<Self>>()
    }

    /// Takes what a document amounts to.
    ///
    /// # Errors
    /// There is not so much left.
    pub(super) fn take(&self, amount: Amount) -> Result<(), ServerError> {
        if take(&self.fields, amount.fields) {
            self.take_parts(amount.parts)
        } else {
            Err(self.too_complex())
        }
    }

    fn take_complexity(&self, complexity: usize) -> Result<(), ServerError> {
        if take(&self.complexity, complexity) { Ok(()) } else { Err(self.too_complex()) }
    }

    fn too_complex(&self) -> ServerError {
        let message =
            format!("The operations are too complex together; at most {} is allowed", self.max_complexity);
        error::coded(ServerError::new(message, None), "QUERY_TOO_LARGE")
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
        Err(error::coded(ServerError::new(message, None), "QUERY_TOO_LARGE"))
    }

    /// Counts bytes of a row that was made. Fails from the first that is too many on.
    pub(super) fn take_bytes(&self, bytes: usize) -> ServerResult<()> {
        self.count(&self.rows, bytes)
    }

    /// Counts bytes of a long text or of JSON. Fails from the first that is too many on.
    pub(super) fn take_leaf(&self, bytes: usize) -> ServerResult<()> {
        self.count(&self.leaves, bytes)
    }

    fn count(&self, counter: &AtomicUsize, bytes: usize) -> ServerResult<()> {
        let before = counter.fetch_add(bytes, Ordering::Relaxed);
        let after = before.saturating_add(bytes);
        if after > self.max_bytes {
            return Err(self.too_large());
        }
        let steps = after / STEP - before / STEP;
        if steps > 0 { self.take_part(steps * STEP) } else { Ok(()) }
    }

    /// Counts bytes among those of all answers that are being made.
    fn take_part(&self, bytes: usize) -> ServerResult<()> {
        self.part.fetch_add(bytes, Ordering::Relaxed);
        let all = self.making.0.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if all <= self.max_making {
            return Ok(());
        }
        tracing::warn!("too many large answers at once (PATRON_GRAPHQL_ANSWERS_BYTES)");
        let message = "Too many large answers are being made; try again".to_owned();
        Err(error::coded(ServerError::new(message, None), "UNAVAILABLE"))
    }

    /// Whether more was made than may be sent.
    pub(super) fn is_exceeded(&self) -> bool {
        let made = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        made(&self.rows).max(made(&self.leaves)) > self.max_bytes
    }

    /// What is answered then.
    pub(super) fn too_large(&self) -> ServerError {
        let message = format!(
            "The answer is larger than {} bytes (PATRON_GRAPHQL_MAX_ANSWER_BYTES); ask for fewer rows or fields",
            self.max_bytes
        );
        error::coded(ServerError::new(message, None), "ANSWER_TOO_LARGE")
    }
}

/// Takes an amount of what is left, when there is so much.
fn take(left: &AtomicUsize, amount: usize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount)).is_ok()
}

/// Takes from the [`Budget`] what only the library sees: the complexity of each operation of a batch, and what is
/// answered to questions about the schema. Only in a schema of its own, for those: the library resolves every field more
/// slowly when there is any extension.
pub(super) struct Bounded;

impl ExtensionFactory for Bounded {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Bounded {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        if let Some(budget) = ctx.data_opt::<Arc<Budget>>() {
            budget.take_complexity(result.complexity)?;
        }
        Ok(result)
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let budget = ctx.data_opt::<Arc<Budget>>().filter(|_| info.is_for_introspection);
        let Some(budget) = budget else { return next.run(ctx, info).await };
        // Further fields fail before anything of them is made.
        budget.take_bytes(MIN_INTROSPECTED)?;
        let name = info.alias.unwrap_or(info.name).len();
        let value = next.run(ctx, info).await?;
        let bytes = name + value.as_ref().map_or(0, counted::scalar);
        budget.take_bytes(bytes.saturating_sub(MIN_INTROSPECTED))?;
        Ok(value)
    }
}

/// What a document amounts to, all its operations and fragments together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    pub(super) fields: usize,
    /// Selections, arguments, values and directives.
    pub(super) parts: usize,
}

impl Amount {
    pub(super) fn add_parts(&mut self, parts: usize) {
        self.parts = self.parts.saturating_add(parts);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::api::graphql) fn config(bytes: usize, answers_bytes: usize) -> GraphqlConfig {
        GraphqlConfig {
            max_depth: 20,
            max_complexity: 100,
            max_aliases: 100,
            max_answer_bytes: bytes,
            answers_bytes,
            batch: 0,
            introspection: true,
        }
    }

    fn budget(bytes: usize) -> Budget {
        Budget::new(&config(bytes, usize::MAX), &Making::default())
    }

    #[test]
    fn answers_that_are_made_at_once_are_bounded_together() {
        let (making, config) = (Making::default(), config(10 * STEP, 3 * STEP));
        let one = Budget::new(&config, &making);
        let other = Budget::new(&config, &making);
        assert!(one.take_bytes(STEP - 1).is_ok() && making.0.load(Ordering::Relaxed) == 0);
        assert!(one.take_bytes(2 * STEP).is_ok() && other.take_leaf(STEP).is_ok());
        assert!(other.take_bytes(STEP).is_err() && other.take_bytes(1).is_ok());
        drop(one);
        assert!(other.take_leaf(STEP).is_ok());
        drop(other);
        assert_eq!(making.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn bytes_are_counted_up_to_the_limit_and_never_again_after_it() {
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
    fn fields_and_parts_are_taken_apart() {
        let budget = budget(100);
        let take = |fields, parts| budget.take(Amount { fields, parts });
        assert!(take(100, 0).is_ok() && take(1, 0).is_err());
        assert!(take(0, 500).is_ok() && take(0, 1).is_err());
    }
}

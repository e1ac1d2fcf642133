//! What one request may ask for in all, however many operations it holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{ServerError, ValidationResult};

use super::error;

/// What is left for the operations of a batch: together they may have the fields and the complexity of one.
pub(super) struct Budget {
    most: usize,
    fields: AtomicUsize,
    complexity: AtomicUsize,
}

impl Budget {
    pub(super) fn new(most: usize) -> Self {
        Self { most, fields: AtomicUsize::new(most), complexity: AtomicUsize::new(most) }
    }

    /// Takes the fields of an operation, before it is validated.
    pub(super) fn take_fields(&self, fields: usize) -> Result<(), ServerError> {
        self.take(&self.fields, fields)
    }

    fn take(&self, left: &AtomicUsize, amount: usize) -> Result<(), ServerError> {
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount));
        taken.map(drop).map_err(|_| {
            let message =
                format!("The operations are too complex together; at most {} is allowed", self.most);
            error::coded(ServerError::new(message, None), "QUERY_TOO_LARGE")
        })
    }
}

/// Takes the complexity of each operation from the [`Budget`] among its data. Only in the schema for batches: the
/// library resolves every field more slowly when there is any extension.
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
            budget.take(&budget.complexity, result.complexity)?;
        }
        Ok(result)
    }
}

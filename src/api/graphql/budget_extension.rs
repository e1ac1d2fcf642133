//! An extension of the schema that takes from the budget what only the library knows: the complexity of each operation
//! of a batch, and the bytes of introspection fields. Only the schema for batches and introspection has it, because the
//! library resolves every field more slowly when a schema has an extension.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextResolve, NextValidation, ResolveInfo,
};
use async_graphql::{ServerError, ServerResult, ValidationResult, Value};

use super::budget::RequestBudget;
use super::sized_output::scalar_bytes;

/// The least that an introspection field counts, in bytes. These fields are many and short, and each costs a walk
/// through the library's registry.
const MIN_INTROSPECTION_BYTES: usize = 128;

/// Takes complexity and bytes from the [`RequestBudget`] of a request.
pub(super) struct BudgetExtension;

impl ExtensionFactory for BudgetExtension {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for BudgetExtension {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        if let Some(budget) = ctx.data_opt::<Arc<RequestBudget>>() {
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
        let budget = ctx.data_opt::<Arc<RequestBudget>>().filter(|_| info.is_for_introspection);
        let Some(budget) = budget else { return next.run(ctx, info).await };
        // When the limit is exceeded, the field fails before it is resolved.
        budget.take_bytes(MIN_INTROSPECTION_BYTES)?;
        let name = info.alias.unwrap_or(info.name).len();
        let value = next.run(ctx, info).await?;
        let bytes = name + value.as_ref().map_or(0, scalar_bytes);
        budget.take_bytes(bytes.saturating_sub(MIN_INTROSPECTION_BYTES))?;
        Ok(value)
    }
}

//! Prepares a filter before it becomes a statement: checks its limits and its custom fields, and finds out how its
//! customers are best read.

use super::criterion::Criterion;
use crate::app::ctx::AdminCtx;
use crate::error::Result;
use crate::service::metafield::{self, OWNER_TYPE};

/// Maximum number of conditions whose rows are counted. Each is a statement. Further ones are checked for each customer.
const MAX_COUNTED: usize = 5;

impl Criterion {
    /// Checks the filter and prepares its conditions on addresses, custom fields and the last login. A filter that is not
    /// prepared has the same result, but may be slow, and an unknown custom field matches no customer.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) for a filter that exceeds a limit, and for a custom field that is
    /// not defined.
    pub async fn prepare(&mut self, ctx: &AdminCtx) -> Result<()> {
        self.check()?;
        let mut found = Vec::new();
        self.find_prepared(true, &mut found);
        if found.iter().any(|(criterion, _)| matches!(criterion, Self::Metafield(_))) {
            let definitions = metafield::list(ctx, OWNER_TYPE).await?;
            for (criterion, _) in &found {
                if let Self::Metafield(criterion) = criterion {
                    criterion.check_defined(&definitions)?;
                }
            }
        }
        let required = found.into_iter().filter(|(_, required)| *required);
        for (criterion, _) in required.take(MAX_COUNTED) {
            match criterion {
                Self::Address(criterion) => criterion.prepare(ctx).await?,
                Self::Metafield(criterion) => criterion.prepare(ctx).await?,
                Self::LastSignInAt(criterion) => criterion.prepare(ctx).await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Collects the conditions to prepare. `required`: every customer in the result must meet this condition.
    fn find_prepared<'a>(&'a mut self, required: bool, found: &mut Vec<(&'a mut Self, bool)>) {
        match self {
            Self::All(inner) => inner.iter_mut().for_each(|inner| inner.find_prepared(required, found)),
            Self::Any(inner) => inner.iter_mut().for_each(|inner| inner.find_prepared(false, found)),
            Self::Not(inner) => inner.find_prepared(false, found),
            Self::Address(_) | Self::Metafield(_) | Self::LastSignInAt(_) => found.push((self, required)),
            _ => {}
        }
    }
}

//! The customers of a bulk action: those that a request names, or those that a filter finds.

use std::collections::HashMap;

use uuid::Uuid;

use super::action::MAX_CUSTOMERS;
use crate::app::ctx::AdminCtx;
use crate::entity::customer::Model;
use crate::error::{Error, Result};
use crate::service::customer::{Criterion, newest_matching};

/// The customers of a request.
#[derive(Clone, Debug)]
pub(super) enum Selection {
    /// These, each of them once.
    Customers(Vec<Uuid>),
    /// All that a filter finds, of which the caller expects this many.
    Filter { filter: Criterion, expected: u64 },
}

/// The customers of a selection, as they were before the transaction.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) customers: Vec<Uuid>,
    /// The number of journal entries of each customer that a filter found.
    entries: HashMap<Uuid, i64>,
}

impl Resolved {
    /// Checks, after the customers are locked, that the filter still finds them: none of them has changed since. Every change
    /// that a filter could notice has a journal entry. The filter itself is not evaluated again, because a search may take
    /// long, and on SQLite all other writes wait for the transaction.
    ///
    /// # Errors
    /// [`Error::Outdated`].
    pub(super) fn ensure_unchanged(&self, locked: &[Model]) -> Result<()> {
        let is_unchanged = |row: &&Model| self.entries.get(&row.uuid) == Some(&row.event_sequence);
        match locked.iter().filter(is_unchanged).count() == self.entries.len() {
            true => Ok(()),
            false => Err(Error::Outdated),
        }
    }
}

impl Selection {
    /// Checks and prepares the filter.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a custom field that is not defined.
    pub(super) async fn prepare(&mut self, ctx: &AdminCtx) -> Result<()> {
        match self {
            Self::Customers(_) => Ok(()),
            Self::Filter { filter, .. } => filter.prepare(ctx).await,
        }
    }

    /// The customers, before the transaction: a search may take long.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a filter that finds more than 1 000 customers; [`Error::Conflict`] for one that finds another
    /// number of customers than expected.
    pub(super) async fn resolve(&self, ctx: &AdminCtx) -> Result<Resolved> {
        match self {
            Self::Customers(customers) => {
                Ok(Resolved { customers: customers.clone(), entries: HashMap::new() })
            }
            Self::Filter { filter, expected } => {
                let (newest, found) = newest_matching(ctx, filter, MAX_CUSTOMERS as u64 + 1).await?;
                if found > MAX_CUSTOMERS as u64 {
                    let message = format!(
                        "The filter finds {found} customers; at most {MAX_CUSTOMERS} are changed at once"
                    );
                    return Err(Error::invalid("filter", message));
                }
                ensure_expected(found, *expected)?;
                let customers = newest.iter().map(|(customer, _)| *customer).collect();
                Ok(Resolved { customers, entries: newest.into_iter().collect() })
            }
        }
    }
}

fn ensure_expected(found: u64, expected: u64) -> Result<()> {
    match found == expected {
        true => Ok(()),
        false => Err(Error::conflict(found_instead_of(found, expected))),
    }
}

/// The message for a filter that finds another number of customers than expected.
fn found_instead_of(found: u64, expected: u64) -> String {
    let noun = if found == 1 { "customer" } else { "customers" };
    format!("The filter finds {found} {noun} now, not {expected}")
}

/// An example of the error for a filter that finds another number of customers than expected.
pub(crate) fn filter_changed() -> Error {
    Error::conflict(found_instead_of(18, 17))
}

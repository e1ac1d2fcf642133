//! The feed: events in the order in which they were committed, for whoever can't be called.

use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use crate::ctx::Ctx;
use crate::entity::journal_entry::{Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::keyset::Window;
use crate::service::listing::Listing;
use crate::types::{EventKind, covers};

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct FeedFilter {
    /// Those of one of these kinds: `customer.created`, `customer.*`, `*`.
    pub kinds: Option<Vec<String>>,
    /// Those of this customer.
    pub customer: Option<Uuid>,
}

/// A part of the feed.
pub type Feed = Listing<Entity>;

/// Reads which part of the feed an admin wants, the oldest first.
///
/// # Errors
/// [`Error::Invalid`]; for anyone else [`Error::Unauthenticated`], [`Error::Forbidden`].
pub fn feed(ctx: &Ctx, window: &Window, filter: &FeedFilter) -> Result<Feed> {
    ctx.require_admin()?;
    let mut condition = Condition::all().add(Column::Position.is_not_null());
    if let Some(filters) = &filter.kinds {
        condition = condition.add(Column::Kind.is_in(kinds("types", filters)?));
    }
    if let Some(customer) = filter.customer {
        condition = condition.add(Column::CustomerUuid.eq(customer));
    }
    let place = |entry: &Model| entry.position.unwrap_or_default();
    Listing::parse(("POSITION", Column::Position, place), false, window, condition)
}

/// The kinds that these filters name.
///
/// # Errors
/// [`Error::Invalid`] for one that names none.
pub(in crate::service) fn kinds(field: &str, filters: &[String]) -> Result<Vec<EventKind>> {
    let mut kinds = Vec::new();
    for filter in filters {
        let covered: Vec<EventKind> =
            EventKind::ALL.iter().filter(|kind| covers(filter, **kind)).copied().collect();
        if covered.is_empty() {
            let filter: String = filter.chars().take(64).collect();
            let message = format!("\"{filter}\" is no event; customer.created, customer.* and * are");
            return Err(Error::invalid(field, message));
        }
        kinds.extend(covered);
    }
    Ok(kinds)
}

//! The feed: events in the order in which they were committed, for whoever can't be called.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use super::retention::expired_position;
use crate::app::ctx::Ctx;
use crate::entity::journal_entry::{Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::query::keyset::Window;
use crate::service::query::listing::{Listing, Number, Page};
use crate::types::{EventKind, filter_matches};

/// Published, and not expired.
const NOT_EXPIRED: &str =
    r#""journal_entry"."position" > (SELECT "expired_position" FROM "journal_position")"#;

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct FeedFilter {
    /// Those of one of these kinds: `customer.created`, `customer.*`, `*`.
    pub kinds: Option<Vec<String>>,
    /// Those of this customer.
    pub customer: Option<Uuid>,
}

/// A part of the feed.
#[derive(Clone, Debug)]
pub struct Feed {
    listing: Listing<Entity>,
}

impl Feed {
    /// Its events.
    ///
    /// # Errors
    /// [`Error::PositionExpired`] when it was asked for from a place up to which events have been deleted. Only admins
    /// may; those of the database.
    pub async fn page(&self, ctx: &Ctx) -> Result<Page<Model>> {
        let page = self.listing.page(ctx).await?;
        // After the events: what was deleted before they were read is known now.
        if let Some(earliest) = self.listing.cursors().min()
            && earliest < expired_position(ctx.app.db.reader()).await?
        {
            return Err(Error::PositionExpired);
        }
        Ok(page)
    }
}

/// Reads which part of the feed an admin wants, the oldest first.
///
/// # Errors
/// [`Error::Invalid`]; for anyone else [`Error::Unauthenticated`], [`Error::Forbidden`].
pub fn feed(ctx: &Ctx, window: &Window, filter: &FeedFilter) -> Result<Feed> {
    ctx.require_admin()?;
    // Those that have expired and wait to be deleted are not told of any more.
    let mut condition = Condition::all().add(Expr::cust(NOT_EXPIRED));
    if let Some(filters) = &filter.kinds {
        condition = condition.add(Column::Kind.is_in(kinds("types", filters)?));
    }
    if let Some(customer) = filter.customer {
        condition = condition.add(Column::CustomerUuid.eq(customer));
    }
    let place = |entry: &Model| entry.position.unwrap_or_default();
    let number = Number { name: "POSITION", column: Column::Position, of: place };
    Ok(Feed { listing: Listing::parse(number, false, window, condition)? })
}

/// The kinds that these filters name.
///
/// # Errors
/// [`Error::Invalid`] for one that names none.
pub(in crate::service) fn kinds(field: &str, filters: &[String]) -> Result<Vec<EventKind>> {
    let mut kinds = Vec::new();
    for filter in filters {
        let covered: Vec<EventKind> =
            EventKind::ALL.iter().filter(|kind| filter_matches(filter, **kind)).copied().collect();
        if covered.is_empty() {
            let filter: String = filter.chars().take(64).collect();
            let message = format!("\"{filter}\" is no event; customer.created, customer.* and * are");
            return Err(Error::invalid(field, message));
        }
        kinds.extend(covered);
    }
    Ok(kinds)
}

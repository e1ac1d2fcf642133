//! The event feed: published events in the order of their positions, for clients that can't receive webhooks. A cursor
//! behind which events have been deleted is an error, so that no client misses events unnoticed.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use super::retention::positions;
use crate::app::ctx::AdminCtx;
use crate::entity::journal_entry::{Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::query::keyset::Window;
use crate::service::query::listing::{Listing, NumberColumn, Page};
use crate::types::{EventKind, filter_matches, first_characters};

/// Matches events that are published and have not expired.
const NOT_EXPIRED: &str =
    r#""journal_entry"."position" > (SELECT "expired_position" FROM "journal_position")"#;

/// The filters of the feed. An event has to match both.
#[derive(Clone, Debug, Default)]
pub struct FeedFilter {
    /// Event filters, such as `customer.created`, `customer.*` or `*`. An event has to match one of them.
    pub kinds: Option<Vec<String>>,
    /// The customer of the event.
    pub customer: Option<Uuid>,
}

/// A query of the feed.
#[derive(Clone, Debug)]
pub struct Feed {
    listing: Listing<Entity>,
}

impl Feed {
    /// Returns the requested page of events.
    ///
    /// # Errors
    /// [`Error::PositionExpired`] if events behind the cursor have been deleted.
    pub async fn page(&self, ctx: &AdminCtx) -> Result<Page<Model>> {
        let mut page = self.listing.page(ctx).await?;
        // After the events were read, so that a deletion before that is noticed, and on the primary.
        let (last, expired) = positions(ctx.app.db.reader()).await?;
        if self.listing.cursors().min().is_some_and(|earliest| earliest < expired) {
            return Err(Error::PositionExpired);
        }
        // A replica may show events that the primary has yet to confirm. If it fails before, another server becomes the primary
        // without them, and assigns their positions again. A client that had read them would miss those events.
        self.listing.cut(&mut page, last);
        Ok(page)
    }
}

/// Parses a query of the feed, oldest events first.
///
/// # Errors
/// [`Error::Invalid`] for an invalid filter, count or cursor.
pub fn feed(_ctx: &AdminCtx, window: &Window, filter: &FeedFilter) -> Result<Feed> {
    // Expired events that are not deleted yet are hidden.
    let mut condition = Condition::all().add(Expr::cust(NOT_EXPIRED));
    if let Some(filters) = &filter.kinds {
        condition = condition.add(Column::Kind.is_in(kinds("types", filters)?));
    }
    if let Some(customer) = filter.customer {
        condition = condition.add(Column::CustomerUuid.eq(customer));
    }
    let value = |entry: &Model| entry.position.unwrap_or_default();
    let number = NumberColumn { name: "POSITION", column: Column::Position, value };
    Ok(Feed { listing: Listing::parse(number, false, window, condition)? })
}

/// The event kinds that match these filters.
///
/// # Errors
/// [`Error::Invalid`] for a filter that matches no kind.
pub(in crate::service) fn kinds(field: &str, filters: &[String]) -> Result<Vec<EventKind>> {
    let mut kinds = Vec::new();
    for filter in filters {
        let matching: Vec<EventKind> =
            EventKind::ALL.iter().filter(|kind| filter_matches(filter, **kind)).copied().collect();
        if matching.is_empty() {
            let filter = first_characters(filter, 64);
            let message = format!(
                "\"{filter}\" is not a valid event filter; examples: customer.created, customer.*, *"
            );
            return Err(Error::invalid(field, message));
        }
        kinds.extend(matching);
    }
    Ok(kinds)
}

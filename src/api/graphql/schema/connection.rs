//! The connection of customers (GraphQL Cursor Connections Specification). Rows, the total count and the existence of
//! further rows are read only when they are selected, and at most once.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use tokio::sync::OnceCell;

use super::customer::Customer;
use crate::api::graphql::caller::admin;
use crate::api::graphql::error::ResolverError;
use crate::api::graphql::in_place::InPlace;
use crate::api::graphql::sized_output::List;
use crate::entity::customer_row::CustomerRow;
use crate::service::customer::Connection;
use crate::service::query::keyset::Slice;
use crate::service::query::page;

/// Maximum number of rows of a connection, for its complexity.
pub(super) fn max_connection_rows(first: Option<i32>, last: Option<i32>) -> usize {
    // An invalid number costs little, because no rows are read. A connection of 0 rows is read, and can have a total
    // count.
    let size = first.or(last).map_or(page::DEFAULT_LIMIT as usize, |size| size.try_into().unwrap_or(0));
    size.clamp(1, page::MAX_LIMIT as usize)
}

/// A page of customers. Its rows are read once, when the first field that needs them is resolved.
pub(super) struct CustomerConnection(Arc<CustomerPage>);

pub(super) struct CustomerPage {
    query: Connection,
    slice: OnceCell<Slice<CustomerRow>>,
    total_count: OnceCell<i64>,
    more_opposite: OnceCell<bool>,
}

impl CustomerPage {
    async fn slice(&self, ctx: &Context<'_>) -> Result<&Slice<CustomerRow>> {
        let ctx = admin(ctx)?;
        Ok(self.slice.get_or_try_init(|| self.query.rows(ctx)).await.map_err(ResolverError)?)
    }

    /// Whether there are more rows in the direction of reading, or in the opposite direction.
    async fn has_more(&self, ctx: &Context<'_>, in_direction: bool) -> Result<bool> {
        match in_direction {
            true => Ok(self.slice(ctx).await?.more),
            false => {
                let ctx = admin(ctx)?;
                let more = self.more_opposite.get_or_try_init(|| self.query.has_rows_before_start(ctx)).await;
                Ok(*more.map_err(ResolverError)?)
            }
        }
    }
}

impl From<Connection> for CustomerConnection {
    fn from(query: Connection) -> Self {
        let (slice, total_count, more_opposite) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self(Arc::new(CustomerPage { query, slice, total_count, more_opposite }))
    }
}

/// A page of customers in the requested order.
#[Object]
impl CustomerConnection {
    /// The customers, each with its cursor.
    async fn edges(&self, ctx: &Context<'_>) -> Result<List<CustomerEdge>> {
        let rows = self.0.slice(ctx).await?.rows.clone();
        let cursors: Vec<String> = rows.iter().map(|row| self.0.query.cursor(row)).collect();
        let edges = Customer::page(rows).into_iter().zip(cursors);
        Ok(edges.map(|(node, cursor)| CustomerEdge { node, cursor }).collect())
    }

    /// The customers.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<List<InPlace<Customer>>> {
        let rows = self.0.slice(ctx).await?.rows.clone();
        Ok(Customer::page(rows).into_iter().map(InPlace).collect())
    }

    /// Information about the pages before and after this one.
    async fn page_info(&self) -> PageInfo {
        PageInfo::Lazy(Arc::clone(&self.0))
    }

    /// The number of customers on all pages. It is counted only if this field is selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64> {
        let ctx = admin(ctx)?;
        Ok(*self.0.total_count.get_or_try_init(|| self.0.query.count(ctx)).await.map_err(ResolverError)?)
    }
}

/// A customer of a connection.
pub(super) struct CustomerEdge {
    node: Customer,
    cursor: String,
}

/// A customer of a connection.
#[Object]
impl CustomerEdge {
    /// The position of the customer in this order, for `after` and `before`. It stays valid when customers are added or
    /// deleted.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The customer.
    async fn node(&self) -> InPlace<&Customer> {
        InPlace(&self.node)
    }
}

/// Information about a page of a connection.
pub(super) enum PageInfo {
    /// The rows are read when a field of this type is resolved.
    Lazy(Arc<CustomerPage>),
    /// The rows have been read.
    Known { next: bool, previous: bool, start: Option<String>, end: Option<String> },
}

impl PageInfo {
    pub(super) fn known(next: bool, previous: bool, start: Option<String>, end: Option<String>) -> Self {
        Self::Known { next, previous, start, end }
    }
}

/// Information about a page of a connection.
#[Object]
impl PageInfo {
    /// Whether there are items after this page.
    async fn has_next_page(&self, ctx: &Context<'_>) -> Result<bool> {
        match self {
            Self::Lazy(page) => page.has_more(ctx, !page.query.backward()).await,
            Self::Known { next, .. } => Ok(*next),
        }
    }

    /// Whether there are items before this page.
    async fn has_previous_page(&self, ctx: &Context<'_>) -> Result<bool> {
        match self {
            Self::Lazy(page) => page.has_more(ctx, page.query.backward()).await,
            Self::Known { previous, .. } => Ok(*previous),
        }
    }

    /// The cursor of the first item; null if the page is empty.
    async fn start_cursor(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let page = match self {
            Self::Lazy(page) => page,
            Self::Known { start, .. } => return start.clone().map(Ok),
        };
        let slice = page.slice(ctx).await.map(|slice| slice.rows.first());
        slice.map(|row| row.map(|row| page.query.cursor(row))).transpose()
    }

    /// The cursor of the last item; null if the page is empty. An empty page of a list that only grows (events, audit
    /// entries, deliveries) returns its argument `after`, so that a client that polls can continue from it.
    async fn end_cursor(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let page = match self {
            Self::Lazy(page) => page,
            Self::Known { end, .. } => return end.clone().map(Ok),
        };
        let slice = page.slice(ctx).await.map(|slice| slice.rows.last());
        slice.map(|row| row.map(|row| page.query.cursor(row))).transpose()
    }
}

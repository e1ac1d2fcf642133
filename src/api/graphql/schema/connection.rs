//! Customers as a connection (GraphQL Cursor Connections Specification).

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use tokio::sync::OnceCell;

use super::customer::Customer;
use crate::api::graphql::counted::List;
use crate::api::graphql::error::Failed;
use crate::entity::customer::Model;
use crate::service::customer::Connection;
use crate::service::query::keyset::Slice;
use crate::service::query::page;

/// Rows that a connection may answer with; for its complexity.
pub(super) fn most_rows(first: Option<i32>, last: Option<i32>) -> usize {
    // A count that is refused costs little: the connection is not read. One of 0 is read, and can be counted.
    let count = first.or(last).map_or(page::DEFAULT_LIMIT as usize, |count| count.try_into().unwrap_or(0));
    count.clamp(1, page::MAX_LIMIT as usize)
}

/// A part of the customers; read when something of its rows is asked for, once for all that is.
pub(super) struct CustomerConnection(Arc<Part>);

pub(super) struct Part {
    query: Connection,
    slice: OnceCell<Slice<Model>>,
    count: OnceCell<i64>,
    more_behind: OnceCell<bool>,
}

impl Part {
    async fn slice(&self, ctx: &Context<'_>) -> Result<&Slice<Model>> {
        let ctx = ctx.data()?;
        Ok(self.slice.get_or_try_init(|| self.query.rows(ctx)).await.map_err(Failed)?)
    }

    /// Whether there are more, on the side that was read towards or on the other one.
    async fn has_more(&self, ctx: &Context<'_>, towards: bool) -> Result<bool> {
        match towards {
            true => Ok(self.slice(ctx).await?.more),
            false => {
                let ctx = ctx.data()?;
                let more = self.more_behind.get_or_try_init(|| self.query.has_rows_behind(ctx)).await;
                Ok(*more.map_err(Failed)?)
            }
        }
    }
}

impl From<Connection> for CustomerConnection {
    fn from(query: Connection) -> Self {
        let (slice, count, more_behind) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self(Arc::new(Part { query, slice, count, more_behind }))
    }
}

/// A part of the customers, in an order.
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
    async fn nodes(&self, ctx: &Context<'_>) -> Result<List<Customer>> {
        Ok(List(Customer::page(self.0.slice(ctx).await?.rows.clone())))
    }

    /// How to go on.
    async fn page_info(&self) -> PageInfo {
        PageInfo::Lazy(Arc::clone(&self.0))
    }

    /// How many there are on all pages; counted only when it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64> {
        let ctx = ctx.data()?;
        Ok(*self.0.count.get_or_try_init(|| self.0.query.count(ctx)).await.map_err(Failed)?)
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
    /// Names its place, for `after` and `before`, in this order; stays good when customers come and go.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The customer.
    async fn node(&self) -> &Customer {
        &self.node
    }
}

/// How to go on from a part of a connection.
pub(super) enum PageInfo {
    /// Found out when it is asked for.
    Lazy(Arc<Part>),
    /// Known.
    Known {
        /// Whether there are more behind it.
        next: bool,
        /// Whether there are more ahead of it.
        previous: bool,
        /// The cursor of the first one.
        start: Option<String>,
        /// The cursor of the last one.
        end: Option<String>,
    },
}

impl PageInfo {
    /// That of a part that was read.
    pub(super) fn of(next: bool, previous: bool, start: Option<String>, end: Option<String>) -> Self {
        Self::Known { next, previous, start, end }
    }
}

/// How to go on from a part of a connection.
#[Object]
impl PageInfo {
    /// Whether there are more behind it.
    async fn has_next_page(&self, ctx: &Context<'_>) -> Result<bool> {
        match self {
            Self::Lazy(part) => part.has_more(ctx, !part.query.backward()).await,
            Self::Known { next, .. } => Ok(*next),
        }
    }

    /// Whether there are more ahead of it.
    async fn has_previous_page(&self, ctx: &Context<'_>) -> Result<bool> {
        match self {
            Self::Lazy(part) => part.has_more(ctx, part.query.backward()).await,
            Self::Known { previous, .. } => Ok(*previous),
        }
    }

    /// The cursor of the first one; null when there is none.
    async fn start_cursor(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let part = match self {
            Self::Lazy(part) => part,
            Self::Known { start, .. } => return start.clone().map(Ok),
        };
        let slice = part.slice(ctx).await.map(|slice| slice.rows.first());
        slice.map(|row| row.map(|row| part.query.cursor(row))).transpose()
    }

    /// The cursor of the last one; null when there is none. Of an empty part of a list that only grows, the one it was
    /// begun behind, so that whoever asks again and again can go on from it.
    async fn end_cursor(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let part = match self {
            Self::Lazy(part) => part,
            Self::Known { end, .. } => return end.clone().map(Ok),
        };
        let slice = part.slice(ctx).await.map(|slice| slice.rows.last());
        slice.map(|row| row.map(|row| part.query.cursor(row))).transpose()
    }
}

//! Customers as a Relay connection: any filter, any sort order, pages that continue from a cursor.
//!
//! Without a sort order the newest customers come first. Every order ends in the primary key, so that it is total and a
//! cursor names exactly one position.

use sea_orm::Condition;
use serde_json::Value as Json;

use super::criterion::Criterion;
use super::reading::Reading;
use super::sort::{Sort, SortField};
use crate::app::ctx::{AdminCtx, Ctx};
use crate::entity::customer::{Column, Entity};
use crate::entity::customer_row::CustomerRow;
use crate::entity::name_key;
use crate::error::{Error, Result};
use crate::service::query::condition::column;
use crate::service::query::keyset::{ColumnKind, Keyset, Nulls, Slice, SortKey, Window, cursor_timestamp};
use crate::service::query::page::count_matching;

/// A parsed request for a page of customers: condition, sort order and cursors.
#[derive(Clone, Debug)]
pub struct Connection {
    condition: Condition,
    /// The same condition, in the form to count the customers on all pages.
    counted: Condition,
    keyset: Keyset,
    fields: Vec<SortField>,
}

impl Connection {
    /// Validates the arguments of a connection. The filter is [prepared](Criterion::prepare).
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn parse(
        ctx: &AdminCtx,
        window: &Window,
        criterion: Option<&Criterion>,
        sort: &[Sort],
    ) -> Result<Self> {
        let mut fields: Vec<Sort> = Vec::new();
        for sort in sort {
            if fields.iter().any(|earlier| earlier.field == sort.field) {
                return Err(Error::invalid("sort", "Each sort field can be given only once"));
            }
            fields.push(*sort);
        }
        if fields.iter().all(|sort| sort.field != SortField::CustomerId) {
            let descending = fields.last().is_none_or(|last| last.descending);
            fields.push(Sort { field: SortField::CustomerId, descending });
        }
        let keys = fields.iter().map(|sort| key(ctx, *sort)).collect();
        let keyset = Keyset::parse(keys, window)?;
        let fields: Vec<SortField> = fields.into_iter().map(|sort| sort.field).collect();
        let (mut condition, mut counted) = (Condition::all(), Condition::all());
        if let Some(criterion) = criterion {
            criterion.check()?;
            condition = condition.add(criterion.condition(&ctx.app, Reading::Page(fields[0])));
            counted = counted.add(criterion.condition(&ctx.app, Reading::All));
        }
        Ok(Self { condition, counted, keyset, fields })
    }

    /// Reads the page.
    pub async fn rows(&self, ctx: &AdminCtx) -> Result<Slice<CustomerRow>> {
        self.keyset.rows_of(CustomerRow::select(), &self.condition, &ctx.list_reader()).await
    }

    /// Counts the customers on all pages.
    pub async fn count(&self, ctx: &AdminCtx) -> Result<i64> {
        count_matching::<Entity>(ctx, &self.counted).await
    }

    /// Whether there are customers at or before the `after` cursor or, for a backward page, at or after the `before`
    /// cursor.
    pub async fn has_rows_before_start(&self, ctx: &AdminCtx) -> Result<bool> {
        self.keyset.has_rows_before_start::<Entity>(&self.condition, &ctx.list_reader()).await
    }

    /// Whether the page is a backward one (`last`).
    pub fn backward(&self) -> bool {
        self.keyset.backward()
    }

    /// Encodes the cursor of a customer on the page.
    pub fn cursor(&self, row: &CustomerRow) -> String {
        self.keyset.cursor(self.fields.iter().map(|field| value(*field, row)).collect())
    }
}

fn key(ctx: &Ctx, sort: Sort) -> SortKey {
    use SortField::{
        CreatedAt, CustomerId, Email, EmailVerifiedAt, FullName, GroupId, LastSignInAt, Status, UpdatedAt,
    };
    let backend = ctx.app.db.backend();
    let (name, expression, kind) = match sort.field {
        CustomerId => ("CUSTOMER_ID", column(Column::CustomerId), ColumnKind::Number),
        Email => ("EMAIL", column(Column::EmailKey), ColumnKind::Text),
        FullName => ("FULL_NAME", name_key(Entity, backend), ColumnKind::Text),
        Status => ("STATUS", column(Column::Status), ColumnKind::Long),
        GroupId => ("GROUP_ID", column(Column::GroupId), ColumnKind::Number),
        EmailVerifiedAt => ("EMAIL_VERIFIED_AT", column(Column::EmailVerifiedAt), ColumnKind::Timestamp),
        CreatedAt => ("CREATED_AT", column(Column::CreatedAt), ColumnKind::Timestamp),
        UpdatedAt => ("UPDATED_AT", column(Column::UpdatedAt), ColumnKind::Timestamp),
        LastSignInAt => ("LAST_SIGN_IN_AT", column(Column::LastSignInAt), ColumnKind::Timestamp),
    };
    let nulls = match sort.field {
        Email | GroupId | EmailVerifiedAt => Nulls::Greatest,
        // The customers that never logged in come after the latest logins.
        LastSignInAt => Nulls::Smallest,
        CustomerId | FullName | Status | CreatedAt | UpdatedAt => Nulls::Never,
    };
    SortKey { name, expression, kind, nulls, descending: sort.descending }
}

/// The value of one row that [`key`] compares.
fn value(field: SortField, row: &CustomerRow) -> Json {
    match field {
        SortField::CustomerId => row.customer_id.into(),
        SortField::Email => row.email_key.as_deref().into(),
        SortField::FullName => row.full_name.as_str().into(),
        SortField::Status => row.status.stored().into(),
        SortField::GroupId => row.group_id.into(),
        SortField::EmailVerifiedAt => row.email_verified_at.map_or(Json::Null, cursor_timestamp),
        SortField::CreatedAt => cursor_timestamp(row.created_at),
        SortField::UpdatedAt => cursor_timestamp(row.updated_at),
        SortField::LastSignInAt => row.last_sign_in_at.map_or(Json::Null, cursor_timestamp),
    }
}

//! Pages of the mails to each of several customers, the newest first. The number of statements does not depend on the
//! number of customers.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement, WindowStatement};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use crate::app::ctx::AdminCtx;
use crate::db::batch_loader::pad_to_power_of_two;
use crate::entity::mail::{Column, Entity, Model};
use crate::error::Result;
use crate::service::query::condition::column;
use crate::service::query::keyset::{ColumnKind, Keyset, Nulls, SortKey, Window};
use crate::service::query::listing::Page;
use crate::service::query::page::DEFAULT_LIMIT;

/// The name of the order in cursors.
pub(super) const NUMBER: &str = "MAIL";

/// A query of the mails to customers. The cursors are those of the list of mails.
#[derive(Clone, Debug)]
pub struct CustomerMails {
    keyset: Keyset,
    count: usize,
    after: Option<String>,
}

impl CustomerMails {
    /// Parses the pagination arguments of a forward page.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) for an invalid count or cursor.
    pub fn parse(_ctx: &AdminCtx, first: Option<i32>, after: Option<String>) -> Result<Self> {
        let expression = column(Column::MailId);
        let kind = ColumnKind::Long;
        let key = SortKey { name: NUMBER, expression, kind, nulls: Nulls::Never, descending: true };
        let window = Window { first, after: after.clone(), ..Window::default() };
        let keyset = Keyset::parse(vec![key], &window)?;
        let count = first.and_then(|first| usize::try_from(first).ok()).unwrap_or(DEFAULT_LIMIT as usize);
        Ok(Self { keyset, count, after })
    }

    /// Reads the page of each of these customers.
    pub async fn pages(&self, ctx: &AdminCtx, customer_ids: &[i32]) -> Result<HashMap<i32, Page<Model>>> {
        let db = &ctx.list_reader();
        let ids = pad_to_power_of_two(customer_ids.to_vec());
        let after = self.keyset.numbers().next();
        let select = Entity::find().filter(Column::MailId.in_subquery(self.newest(&ids, after)));
        let mut rows: HashMap<i32, Vec<Model>> = HashMap::new();
        for mail in select.order_by_desc(Column::MailId).all(db).await? {
            rows.entry(mail.customer_id.unwrap_or_default()).or_default().push(mail);
        }
        let mut behind = HashSet::new();
        if let Some(after) = after {
            let select = Entity::find().select_only().column(Column::CustomerId).distinct();
            let select = select.filter(Column::CustomerId.is_in(ids)).filter(Column::MailId.gte(after));
            behind.extend(select.into_tuple::<i32>().all(db).await?);
        }
        let page = |id: &i32| (*id, self.page(rows.remove(id).unwrap_or_default(), behind.contains(id)));
        Ok(customer_ids.iter().map(page).collect())
    }

    /// Selects the keys of the newest mails to each customer: one more than a page, which shows whether there are more.
    fn newest(&self, customer_ids: &[i32], after: Option<i64>) -> SelectStatement {
        let order =
            WindowStatement::partition_by(Column::CustomerId).order_by(Column::MailId, Order::Desc).take();
        let mut numbered = Query::select();
        numbered
            .column(Column::MailId)
            .expr_window_as(Func::cust("ROW_NUMBER"), order, "number")
            .from(Entity)
            .and_where(column(Column::CustomerId).is_in(customer_ids.iter().copied()));
        if let Some(after) = after {
            numbered.and_where(column(Column::MailId).lt(after));
        }
        let limit = self.count as i64 + 1;
        let mut newest = Query::select();
        newest.column(Column::MailId).from_subquery(numbered, "numbered");
        newest.and_where(Expr::col("number").lte(limit)).take()
    }

    fn page(&self, mut rows: Vec<Model>, has_previous: bool) -> Page<Model> {
        let has_next = rows.len() > self.count;
        rows.truncate(self.count);
        let cursor = |mail: &Model| self.keyset.cursor(vec![mail.mail_id.into()]);
        let rows: Vec<(String, Model)> = rows.into_iter().map(|mail| (cursor(&mail), mail)).collect();
        let end = rows.last().map(|(cursor, _)| cursor.clone()).or_else(|| self.after.clone());
        Page { rows, has_next, has_previous, end }
    }
}

//! The GraphQL type of mails. What belongs to the mails of a page is looked up together.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result};
use tokio::sync::OnceCell;

use super::customer::Customer;
use super::date_time::DateTime;
use super::list_connection::ListConnection;
use super::loader::{Fetched, lookup};
use crate::api::graphql::caller::admin;
use crate::api::graphql::error::nullable;
use crate::api::graphql::sized_output::Text;
use crate::entity::mail::Model;
use crate::service;
use crate::service::query::listing::Page;
use crate::types;

/// A mail. Only admins can read it.
#[derive(Clone)]
pub(super) struct Mail {
    row: Arc<Model>,
    /// The mails that were read with it, whose customers are looked up together.
    batch: Arc<MailBatch>,
}

impl Mail {
    /// The connection of a page.
    pub(super) fn connection(page: Page<Model>) -> ListConnection<Self> {
        let batch = Arc::new(MailBatch::of(page.rows.iter().map(|(_, row)| row)));
        ListConnection::of(page, |row| Self { row: Arc::new(row), batch: Arc::clone(&batch) })
    }

    /// Several pages that were read together, by their customers.
    pub(super) fn pages(pages: HashMap<i32, Page<Model>>) -> HashMap<i32, Page<Self>> {
        let rows = pages.values().flat_map(|page| &page.rows);
        let batch = Arc::new(MailBatch::of(rows.map(|(_, row)| row)));
        let mail = |row| Self { row: Arc::new(row), batch: Arc::clone(&batch) };
        let page = |(id, page): (i32, Page<Model>)| {
            let rows = page.rows.into_iter().map(|(cursor, row)| (cursor, mail(row))).collect();
            let Page { has_next, has_previous, end, .. } = page;
            (id, Page { rows, has_next, has_previous, end })
        };
        pages.into_iter().map(page).collect()
    }
}

/// A mail to a customer or an admin. Its text is not stored.
#[Object]
impl Mail {
    /// Public identifier.
    async fn uuid(&self) -> String {
        self.row.uuid.to_string()
    }

    /// The kind of the mail, such as `verify_email`.
    async fn kind(&self) -> &str {
        self.row.kind.name()
    }

    /// The e-mail address of the recipient.
    async fn recipient(&self) -> Text<&str> {
        Text(self.row.recipient.as_str())
    }

    /// The subject, in the current template.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Text<String>> {
        let customer = self.batch.customer(ctx, &self.row).await?;
        let customer = customer.as_ref().map(Customer::row);
        Ok(Text(service::mail::subject(admin(ctx)?, &self.row, customer)))
    }

    /// The status of the mail.
    async fn status(&self) -> MailStatus {
        self.row.status.into()
    }

    /// The number of attempts.
    async fn attempts(&self) -> i32 {
        self.row.attempts
    }

    /// The reason why the last attempt failed.
    async fn last_error(&self) -> Option<Text<&str>> {
        self.row.last_error.as_deref().map(Text)
    }

    /// When the mail was queued.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When the next attempt is due, if the mail is pending.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        let is_pending = self.row.status == types::MailStatus::Pending;
        is_pending.then_some(DateTime(self.row.next_attempt_at))
    }

    /// When the mail server accepted it.
    async fn sent_at(&self) -> Option<DateTime> {
        self.row.sent_at.map(DateTime)
    }

    /// The customer of the mail; null for a mail to an admin, and until it is known whether a customer has the address.
    async fn customer(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        nullable(async || self.batch.customer(ctx, &self.row).await).await
    }

    /// URL that sends a failed mail again with POST.
    async fn retry_api(&self) -> String {
        format!("/api/mails/{}/retry", self.row.uuid)
    }
}

/// The status of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "types::MailStatus")]
pub(super) enum MailStatus {
    /// Not sent yet. It will be sent or retried.
    Pending,
    /// The mail server accepted it.
    Sent,
    /// Failed permanently. It is not retried any more.
    Failed,
    /// Superseded before it was sent. It is never sent.
    Withdrawn,
}

/// Mails that were read together.
struct MailBatch {
    customer_ids: Vec<i32>,
    customers: Fetched<Customer>,
}

impl MailBatch {
    fn of<'a>(rows: impl Iterator<Item = &'a Model>) -> Self {
        let mut customer_ids: Vec<i32> = rows.filter_map(|row| row.customer_id).collect();
        customer_ids.sort_unstable();
        customer_ids.dedup();
        Self { customer_ids, customers: OnceCell::new() }
    }

    /// The customer of one of the mails.
    async fn customer(&self, ctx: &Context<'_>, mail: &Model) -> Result<Option<Customer>> {
        let Some(id) = mail.customer_id else { return Ok(None) };
        let ctx = admin(ctx)?;
        let fetch = async || {
            let rows = service::customer::by_ids(ctx, &self.customer_ids).await?;
            let ids: Vec<i32> = rows.iter().map(|row| row.customer_id).collect();
            Ok(ids.into_iter().zip(Customer::page(rows)).collect())
        };
        lookup(self.customers.get_or_init(fetch).await, id)
    }
}

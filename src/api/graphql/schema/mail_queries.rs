//! The root fields of mails and of the overview.

use async_graphql::{Context, Object, Result};

use super::ROOT;
use super::connection::max_connection_rows;
use super::journal::parse_uuid;
use super::list_connection::ListConnection;
use super::mail::{Mail, MailStatus};
use super::overview::Overview;
use crate::api::graphql::caller::admin;
use crate::api::graphql::error::ResolverError;
use crate::service::mail::{self, MailFilter};
use crate::service::query::keyset::Window;

/// The root fields of mails and of the overview.
#[derive(Default)]
pub(super) struct MailQueries;

#[Object]
impl MailQueries {
    /// Mails with their status, the latest first. They are kept for 30 days. Admins only.
    #[graphql(complexity = "ROOT + child_complexity * max_connection_rows(first, last)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn mails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Return the first n items.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Return the last n items.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
        #[graphql(desc = "Filter by status.")] status: Option<MailStatus>,
        #[graphql(desc = "Filter by the customer's uuid.")] customer: Option<String>,
    ) -> Result<ListConnection<Mail>> {
        let ctx = admin(ctx)?;
        let window = Window { first, after, last, before };
        let filter =
            MailFilter { status: status.map(Into::into), customer: parse_uuid("customer", customer)? };
        let mails = mail::page(ctx, &window, &filter).await.map_err(ResolverError)?;
        Ok(Mail::connection(mails.page(ctx).await.map_err(ResolverError)?))
    }

    /// The numbers of customers, registrations, mails, webhook deliveries and admins. Each is counted only if it is
    /// selected. Admins only.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn overview(&self, ctx: &Context<'_>) -> Result<Overview> {
        admin(ctx)?;
        Ok(Overview::default())
    }
}

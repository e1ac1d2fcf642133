//! The GraphQL type of the overview. Numbers that are counted together are counted once, when the first of them is
//! resolved.

use async_graphql::{Context, Object, Result, SimpleObject};
use tokio::sync::OnceCell;

use crate::api::graphql::caller::admin;
use crate::api::graphql::error::ResolverError;
use crate::api::graphql::sized_output::List;
use crate::service::overview::{self, AdminCounts, CustomerCounts, QueueCounts, RegistrationCounts};

/// Complexity of a number, which is a round trip to the database.
const COUNT: usize = 10;

/// The numbers that were counted.
#[derive(Default)]
pub(super) struct Overview {
    customers: OnceCell<CustomerCounts>,
    registrations: OnceCell<RegistrationCounts>,
    mails: OnceCell<QueueCounts>,
    deliveries: OnceCell<QueueCounts>,
    admins: OnceCell<AdminCounts>,
}

impl Overview {
    async fn customer_counts(&self, ctx: &Context<'_>) -> Result<&CustomerCounts> {
        let ctx = admin(ctx)?;
        Ok(self.customers.get_or_try_init(|| overview::customers(ctx)).await.map_err(ResolverError)?)
    }

    async fn registration_counts(&self, ctx: &Context<'_>) -> Result<&RegistrationCounts> {
        let ctx = admin(ctx)?;
        Ok(self
            .registrations
            .get_or_try_init(|| overview::registrations(ctx))
            .await
            .map_err(ResolverError)?)
    }

    async fn mail_counts(&self, ctx: &Context<'_>) -> Result<&QueueCounts> {
        let ctx = admin(ctx)?;
        Ok(self.mails.get_or_try_init(|| overview::mails(ctx)).await.map_err(ResolverError)?)
    }

    async fn delivery_counts(&self, ctx: &Context<'_>) -> Result<&QueueCounts> {
        let ctx = admin(ctx)?;
        Ok(self.deliveries.get_or_try_init(|| overview::deliveries(ctx)).await.map_err(ResolverError)?)
    }

    async fn admin_counts(&self, ctx: &Context<'_>) -> Result<&AdminCounts> {
        let ctx = admin(ctx)?;
        Ok(self.admins.get_or_try_init(|| overview::admins(ctx)).await.map_err(ResolverError)?)
    }
}

/// Numbers for the start page of the back office.
#[Object]
impl Overview {
    /// The number of customers.
    #[graphql(complexity = "COUNT")]
    async fn customers(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.customer_counts(ctx).await?.total)
    }

    /// The number of customers that may log in.
    #[graphql(complexity = "COUNT")]
    async fn enabled_customers(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.customer_counts(ctx).await?.enabled)
    }

    /// The number of customers that registered in the last 24 hours.
    #[graphql(complexity = "COUNT")]
    async fn registered_last_day(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.registration_counts(ctx).await?.last_day)
    }

    /// The number of customers that registered in the last seven days.
    #[graphql(complexity = "COUNT")]
    async fn registered_last_week(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.registration_counts(ctx).await?.last_week)
    }

    /// The number of customers that registered on each of the last 30 days, in UTC, the oldest first.
    #[graphql(complexity = "COUNT + child_complexity")]
    async fn registered_per_day(&self, ctx: &Context<'_>) -> Result<List<DayCount>> {
        let days = self.registration_counts(ctx).await?.per_day.iter();
        Ok(days.map(|(day, count)| DayCount { date: day.to_string(), count: *count }).collect())
    }

    /// The number of mails that wait to be sent.
    #[graphql(complexity = "COUNT")]
    async fn mails_pending(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.mail_counts(ctx).await?.pending)
    }

    /// The number of mails that failed permanently.
    #[graphql(complexity = "COUNT")]
    async fn mails_failed(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.mail_counts(ctx).await?.failed)
    }

    /// The number of webhook deliveries that wait to be sent.
    #[graphql(complexity = "COUNT")]
    async fn deliveries_pending(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.delivery_counts(ctx).await?.pending)
    }

    /// The number of webhook deliveries that failed permanently.
    #[graphql(complexity = "COUNT")]
    async fn deliveries_failed(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.delivery_counts(ctx).await?.failed)
    }

    /// The number of admins that may log in.
    #[graphql(complexity = "COUNT")]
    async fn admins(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.admin_counts(ctx).await?.total)
    }

    /// The number of admins that may log in, and whose second factor is off.
    #[graphql(complexity = "COUNT")]
    async fn admins_without_second_factor(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.admin_counts(ctx).await?.without_second_factor)
    }
}

/// A day with a number.
#[derive(SimpleObject)]
pub(super) struct DayCount {
    /// The day, such as `2023-02-07`.
    date: String,
    /// The number.
    count: i64,
}

//! The root fields of queries, in the order of the schema.

use async_graphql::MergedObject;

use super::admin_queries::AdminQueries;
use super::country_queries::CountryQueries;
use super::customer_queries::CustomerQueries;
use super::journal_queries::JournalQueries;
use super::mail_queries::MailQueries;

/// The root fields of queries.
#[derive(Default, MergedObject)]
#[graphql(name = "Query")]
pub(in crate::api::graphql) struct QueryRoot(
    CustomerQueries,
    JournalQueries,
    CountryQueries,
    AdminQueries,
    MailQueries,
);

//! The columns of a customer that the GraphQL API and the authentication read.

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QueryResult, QuerySelect, Select};

use super::customer::{Column, Entity};
use super::row::row;
use crate::types::{CustomerStatus, EmailAddress};

row! {
    /// A customer without its password hash, its texts for searches and what only changes need: they are most of the bytes of
    /// [`Model`](super::customer::Model).
    CustomerRow {
        CustomerId => customer_id: i32,
        Uuid => uuid: Uuid,
        Status => status: CustomerStatus,
        GroupId => group_id: Option<i32>,
        Email => email: EmailAddress,
        /// The key of the e-mail address, by which customers are sorted.
        EmailKey => email_key: Option<String>,
        FullName => full_name: String,
        CreatedAt => created_at: DateTimeUtc,
        UpdatedAt => updated_at: DateTimeUtc,
        MetaData => meta_data: Json,
        Version => version: i32,
        TokenGeneration => token_generation: i64,
        TokensValidFrom => tokens_valid_from: Option<DateTimeUtc>,
        EmailVerifiedAt => email_verified_at: Option<DateTimeUtc>,
        PendingEmail => pending_email: Option<EmailAddress>,
        LastSignInAt => last_sign_in_at: Option<DateTimeUtc>,
    }
}

/// A customer and the public identifier of one of its sessions.
#[derive(Clone, Debug)]
pub struct SessionCustomer {
    pub customer: CustomerRow,
    pub session: Uuid,
}

/// The session is the column after those of the customer.
impl FromQueryResult for SessionCustomer {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let customer = CustomerRow::from_query_result(row, prefix)?;
        Ok(Self { customer, session: row.try_get_by_index(CustomerRow::COLUMNS)? })
    }
}

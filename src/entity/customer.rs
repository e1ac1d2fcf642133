//! Table `customer`.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Select};

use super::PublicId;
use crate::types::{CustomerStatus, EmailAddress, PasswordHash};

/// A customer account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub customer_id: i32,
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// Whether the customer may log in.
    pub status: CustomerStatus,
    /// The group of the customer. NULL only if the database was edited manually.
    pub group_id: Option<i32>,
    /// E-mail address as typed.
    pub email: EmailAddress,
    pub password: PasswordHash,
    pub full_name: String,
    /// Time of registration.
    pub created_at: DateTimeUtc,
    /// Time of the last change.
    pub updated_at: DateTimeUtc,
    /// Free-form data of the back office, a JSON object.
    #[sea_orm(column_type = "JsonBinary")]
    pub meta_data: Json,
    /// Version number, from 1, increased by each change.
    pub version: i32,
    /// Tokens of an earlier generation are refused. It is increased when the account is disabled or its password is
    /// set.
    pub token_generation: i64,
    /// Time at which the e-mail address was verified.
    pub email_verified_at: Option<DateTimeUtc>,
    /// The new address of a pending e-mail change, until the link in the mail to it is opened.
    pub pending_email: Option<EmailAddress>,
    /// The number of journal entries of the customer.
    pub event_sequence: i64,
    /// Unique [key](EmailAddress::key) of the e-mail address. NULL until it is computed, or while another customer has
    /// the same key. The customer can't log in while it is NULL.
    #[sea_orm(unique)]
    pub email_key: Option<String>,
    /// [The key in Unicode](EmailAddress::unicode_key), if it differs.
    pub email_unicode: Option<String>,
    /// Folded text for the keyword search; empty until it is computed.
    pub search_text: String,
    /// Whether `customer_metafield_value` has the values of `meta_data`.
    pub metafields_indexed: bool,
    /// Time of the last login. It changes neither `version` nor `updated_at`.
    pub last_sign_in_at: Option<DateTimeUtc>,
    /// Tokens without a generation, which EverShop issues, are refused if they were issued before. Each increase of
    /// `token_generation` sets it.
    pub tokens_valid_from: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::customer_address::Entity")]
    Address,
    #[sea_orm(has_many = "super::customer_session::Entity")]
    Session,
    #[sea_orm(
        belongs_to = "super::customer_group::Entity",
        from = "Column::GroupId",
        to = "super::customer_group::Column::CustomerGroupId"
    )]
    Group,
}

impl Related<super::customer_address::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Address.def()
    }
}

impl Related<super::customer_session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Session.def()
    }
}

impl Related<super::customer_group::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Group.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl ActiveModel {
    /// Computes the columns that depend on the e-mail address, if it is set.
    pub fn derive_keys(&mut self) {
        if let Set(email) = &self.email {
            self.email_key = Set(Some(email.key()));
            self.email_unicode = Set(email.unicode_key());
        }
    }
}

impl Model {
    /// Whether a link in a mail to this address can confirm it: as the pending address, or as the current address if
    /// that is not verified.
    pub fn can_confirm(&self, email: &EmailAddress) -> bool {
        self.is_pending_email(email) || (self.email.key() == email.key() && self.email_verified_at.is_none())
    }

    /// Whether this is the new address of a pending e-mail change.
    pub fn is_pending_email(&self, email: &EmailAddress) -> bool {
        self.pending_email.as_ref().is_some_and(|pending| pending.key() == email.key())
    }
}

impl PublicId for Entity {
    const NOUN: &'static str = "Customer";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }
}

impl Entity {
    /// The customer with this e-mail address in any spelling.
    pub fn find_by_address(email: &EmailAddress) -> Select<Self> {
        Self::find().filter(Column::EmailKey.eq(email.key()))
    }
}

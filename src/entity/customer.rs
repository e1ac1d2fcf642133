//! Table `customer`.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Select};

use crate::types::{CustomerStatus, EmailAddress, PasswordHash};

/// A customer account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub customer_id: i32,
    /// Public identifier.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// Whether it may sign in.
    pub status: CustomerStatus,
    /// The group it belongs to; none only when a database was edited by hand.
    pub group_id: Option<i32>,
    /// Kept as typed.
    pub email: EmailAddress,
    /// Hash in PHC string format.
    pub password: PasswordHash,
    /// Display name.
    pub full_name: String,
    /// When it was registered.
    pub created_at: DateTimeUtc,
    /// When it last changed; moves with every change.
    pub updated_at: DateTimeUtc,
    /// Free-form data of the back office, a JSON object.
    #[sea_orm(column_type = "JsonBinary")]
    pub meta_data: Json,
    /// Counts the changes, from 1.
    pub version: i32,
    /// Tokens of an earlier generation are refused; rises when the account is disabled or its password set.
    pub token_generation: i64,
    /// Since when the address is known to be the customer's own.
    pub email_verified_at: Option<DateTimeUtc>,
    /// The address that it wants instead, until the link mailed there is opened.
    pub pending_email: Option<EmailAddress>,
    /// How many entries the journal has of it.
    pub event_sequence: i64,
    /// [Key](EmailAddress::key) of the address, unique. NULL until it is computed, or while another customer has it: until
    /// then nobody signs in with the address.
    #[sea_orm(unique)]
    pub email_key: Option<String>,
    /// [The key in Unicode](EmailAddress::unicode_key), where it differs.
    pub email_unicode: Option<String>,
    /// The folded text in which keywords are searched; empty until it is computed.
    pub search_text: String,
}

/// The tables it is joined with.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its addresses.
    #[sea_orm(has_many = "super::customer_address::Entity")]
    Address,
    /// Its sessions.
    #[sea_orm(has_many = "super::customer_session::Entity")]
    Session,
    /// The group it belongs to.
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
    /// Computes the columns that depend on the address, when it is set.
    pub fn derive_keys(&mut self) {
        if let Set(email) = &self.email {
            self.email_key = Set(Some(email.key()));
            self.email_unicode = Set(email.unicode_key());
        }
    }
}

impl Model {
    /// Whether a link mailed to this address has something to confirm: that it is the customer's, or is to become it.
    pub fn may_confirm(&self, email: &EmailAddress) -> bool {
        self.wants(email) || (self.email.key() == email.key() && self.email_verified_at.is_none())
    }

    /// Whether this is the address that it wants instead of the one it has.
    pub fn wants(&self, email: &EmailAddress) -> bool {
        self.pending_email.as_ref().is_some_and(|pending| pending.key() == email.key())
    }
}

impl Entity {
    /// The customer with this public identifier.
    pub fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }

    /// The customer with this address, however it is spelled.
    pub fn find_by_address(email: &EmailAddress) -> Select<Self> {
        Self::find().filter(Column::EmailKey.eq(email.key()))
    }
}

//! Table `mail`.

use sea_orm::entity::prelude::*;

use crate::types::{EmailAddress, MailKind, MailStatus};

/// A mail, written in the transaction of what caused it. Tokens are not in it: they are made when it is sent.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub mail_id: i64,
    /// Public identifier; the mail's `Message-ID` is made of it.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// The customer it is about; none while it isn't known whether anybody has the address.
    pub customer_id: Option<i32>,
    /// What it says.
    pub kind: MailKind,
    /// Where it goes.
    pub recipient: EmailAddress,
    /// How far it is.
    pub status: MailStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was caused.
    pub created_at: DateTimeUtc,
    /// When it is tried next; in the future while somebody is sending it.
    pub next_attempt_at: DateTimeUtc,
    /// When it isn't tried any more.
    pub give_up_at: DateTimeUtc,
    /// When the mail server took it.
    pub sent_at: Option<DateTimeUtc>,
}

/// The tables it is joined with.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The customer it is about.
    #[sea_orm(
        belongs_to = "super::customer::Entity",
        from = "Column::CustomerId",
        to = "super::customer::Column::CustomerId"
    )]
    Customer,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

//! Table `mail`.

use sea_orm::entity::prelude::*;

use super::PublicId;
use crate::types::{EmailAddress, MailKind, MailStatus};

/// A mail, written in the same transaction as the change that caused it. It contains no tokens: they are created when
/// it is sent.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub mail_id: i64,
    /// Public identifier, which is part of the `Message-ID` of the mail.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// The customer of the mail. NULL until it is known whether a customer has the address.
    pub customer_id: Option<i32>,
    pub kind: MailKind,
    pub recipient: EmailAddress,
    pub status: MailStatus,
    /// The number of attempts.
    pub attempts: i32,
    /// The reason why the last attempt failed.
    pub last_error: Option<String>,
    pub created_at: DateTimeUtc,
    /// Time of the next attempt. While an instance is sending the mail, the time at which its lease expires.
    pub next_attempt_at: DateTimeUtc,
    /// Time after which the mail is not retried any more.
    pub give_up_at: DateTimeUtc,
    /// Time at which the mail server accepted it.
    pub sent_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
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

impl PublicId for Entity {
    const NOUN: &'static str = "Mail";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }
}

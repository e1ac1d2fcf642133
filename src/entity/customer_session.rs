//! Table `customer_session`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, Select};

use super::PublicId;
use crate::types::TokenHash;

/// A session of a customer on a device, with its token family. A session is ended by deleting its row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_session")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub customer_session_id: i64,
    /// Public identifier, which is the claim `sid` of its tokens.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    pub customer_id: i32,
    /// The `User-Agent` of the client at login.
    pub user_agent: Option<String>,
    /// The network address of the client at login.
    pub ip_address: Option<String>,
    pub created_at: DateTimeUtc,
    /// Time of the login or of the last refresh.
    pub last_used_at: DateTimeUtc,
    /// Time at which the latest refresh token expires.
    pub expires_at: DateTimeUtc,
    /// Number of refreshes. Refresh tokens contain it as their step.
    pub refresh_count: i64,
    /// Hash of the last used refresh token; NULL before the first refresh. The token can be used again until one of the
    /// tokens that were issued for it is used.
    pub last_refresh_token: Option<TokenHash>,
    /// Whether the customer's `last_sign_in_at` includes the login that started the session.
    pub sign_in_recorded: bool,
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
    const NOUN: &'static str = "Session";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }
}

impl Entity {
    /// The sessions of these customers that have not expired and were last used at or before `used_until`, the most
    /// recently used first.
    pub fn find_by_customers(
        customer_ids: &[i32],
        now: DateTimeUtc,
        used_until: DateTimeUtc,
    ) -> Select<Self> {
        Self::find()
            .filter(Column::CustomerId.is_in(customer_ids.iter().copied()))
            .filter(Column::ExpiresAt.gt(now))
            .filter(Column::LastUsedAt.lte(used_until))
            .order_by_desc(Column::LastUsedAt)
            .order_by_desc(Column::CustomerSessionId)
    }
}

//! Table `shop_change`. It exists only while EverShop writes to the same database: its guards fill it.

use sea_orm::entity::prelude::*;

/// A change that EverShop made and that is not journaled yet.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shop_change")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub shop_change_id: i64,
    /// Time of the change.
    pub changed_at: DateTimeUtc,
    pub source_table: ShopTable,
    pub operation: ShopOperation,
    /// The uuid of the changed row.
    pub row_uuid: Uuid,
    /// The customer, if a customer or an address was changed.
    pub customer_id: Option<i32>,
    /// The columns before the change that the journal needs, a JSON object without secrets. NULL for an insert. `meta_data` of
    /// a customer only if it changed.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub before: Option<Json>,
    /// The same columns after the change. NULL for a delete.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub after: Option<Json>,
    /// Whether the password changed.
    pub new_password: bool,
    /// The number of patron's sessions that the change has ended.
    pub ended_sessions: i64,
    /// Time of the last attempt to journal it, which failed.
    pub failed_at: Option<DateTimeUtc>,
}

/// A table that both programs write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ShopTable {
    Customer,
    CustomerAddress,
    CustomerGroup,
    AdminUser,
    MetafieldDefinition,
}

/// What EverShop did with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ShopOperation {
    Insert,
    Update,
    Delete,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

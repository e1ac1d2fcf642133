//! Table `metafield_definition`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, Select};

/// What a custom field of some owner type holds. Its values are in the owner's `meta_data`, shaped
/// `{ namespace: { key: value } }`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "metafield_definition")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub metafield_definition_id: i32,
    /// Public identifier.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// What has such a field: `customer`.
    pub owner_type: String,
    /// The first part of its name.
    pub namespace: String,
    /// The second part of its name.
    pub field_key: String,
    /// Display name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it holds.
    pub field_type: FieldType,
    /// Whether it holds a list of that.
    pub is_list: bool,
    /// Whether it can't be emptied.
    pub required: bool,
    /// Whether the customer may see and set it.
    pub visible_to_customer: bool,
    /// Rules for its values, a JSON array.
    #[sea_orm(column_type = "JsonBinary")]
    pub validations: Json,
    /// What a group is made of, a JSON array.
    #[sea_orm(column_type = "JsonBinary")]
    pub sub_fields: Json,
    /// Where it stands among others.
    pub position: i32,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
    /// When it was deleted; the row stays until its values are gone.
    pub deleted_at: Option<DateTimeUtc>,
    /// The primary key up to which customers have lost their value of a deleted definition.
    pub cleaned_up_to: i32,
}

/// What a custom field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum FieldType {
    /// A line of text.
    ShortText,
    /// Any text.
    LongText,
    /// Rows of an editor, which nothing here looks into.
    RichText,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A colour, as `#1a2b3c`.
    Color,
    /// A web address.
    Url,
    /// Several fields together.
    Group,
}

/// It is joined with no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The definitions of an owner type that aren't deleted, in their order.
    pub fn find_by_owner_type(owner_type: &str) -> Select<Self> {
        Self::find()
            .filter(Column::OwnerType.eq(owner_type))
            .filter(Column::DeletedAt.is_null())
            .order_by_asc(Column::Position)
            .order_by_asc(Column::MetafieldDefinitionId)
    }

    /// The definition with this public identifier, if it isn't deleted.
    pub fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid)).filter(Column::DeletedAt.is_null())
    }
}

impl FieldType {
    /// Its name, in the database and on the wire.
    pub fn name(self) -> String {
        self.to_value()
    }

    /// The type with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::try_from_value(&name.to_owned()).ok()
    }
}

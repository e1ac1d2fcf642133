//! Table `metafield_definition`.

use sea_orm::entity::prelude::*;
use sea_orm::{Iterable, QueryFilter, QueryOrder, Select};

use super::PublicId;

/// The definition of a custom field. The values are in `meta_data` of the owner, as `{ namespace: { key: value } }`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "metafield_definition")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub metafield_definition_id: i32,
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// The type of record that has the field: `customer`.
    pub owner_type: String,
    pub namespace: String,
    pub field_key: String,
    pub name: String,
    pub description: Option<String>,
    pub field_type: FieldType,
    /// Whether the value is a list of this type.
    pub is_list: bool,
    /// Whether the value can't be removed.
    pub required: bool,
    /// Whether the customer may read and set the value.
    pub visible_to_customer: bool,
    /// The validation rules for values, a JSON array.
    #[sea_orm(column_type = "JsonBinary")]
    pub validations: Json,
    /// The fields of a group, a JSON array.
    #[sea_orm(column_type = "JsonBinary")]
    pub sub_fields: Json,
    /// The sort position among other definitions.
    pub position: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// Time of the deletion. The row is kept until all values are removed.
    pub deleted_at: Option<DateTimeUtc>,
    /// The value of a deleted definition has been removed from customers up to this primary key.
    pub cleaned_up_to: i32,
}

/// The type of a custom field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum FieldType {
    /// A single line of text.
    ShortText,
    /// Text of any length.
    LongText,
    /// Rich text: a list of objects of an editor, whose content is not validated.
    RichText,
    Integer,
    Number,
    Boolean,
    Date,
    /// A colour, such as `#1a2b3c`.
    Color,
    /// An http or https URL.
    Url,
    /// A group of fields.
    Group,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl PublicId for Entity {
    const NOUN: &'static str = "Metafield definition";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid)).filter(Column::DeletedAt.is_null())
    }
}

impl Entity {
    /// The definitions of an owner type that are not deleted, by position.
    pub fn find_by_owner_type(owner_type: &str) -> Select<Self> {
        Self::find()
            .filter(Column::OwnerType.eq(owner_type))
            .filter(Column::DeletedAt.is_null())
            .order_by_asc(Column::Position)
            .order_by_asc(Column::MetafieldDefinitionId)
    }
}

impl FieldType {
    /// Every type.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// The name in the database and in the API.
    pub fn name(self) -> String {
        self.to_value()
    }

    /// The type with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::try_from_value(&name.to_owned()).ok()
    }
}

//! The GraphQL types of custom fields and their definitions.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::date_time::DateTime;
use crate::api::graphql::caller::caller;
use crate::api::graphql::error::ResolverError;
use crate::api::graphql::sized_output::{AnyJson, Text};
use crate::entity::metafield_definition::{FieldType, Model};
use crate::error::Error;
use crate::service::content_version::ContentVersion;
use crate::service::metafield;

/// The definitions that the caller may see. They are read once per request, when the first field needs them. Every
/// field that needs them receives the definitions or the error.
#[derive(Default)]
pub(in crate::api::graphql) struct Definitions(OnceCell<std::result::Result<Vec<Arc<Model>>, Error>>);

impl Definitions {
    /// The definitions for the current request.
    pub(in crate::api::graphql) async fn of<'a>(ctx: &'a Context<'_>) -> Result<&'a [Arc<Model>]> {
        let caller = caller(ctx)?;
        let load = async || Ok(metafield::visible(caller).await?.into_iter().map(Arc::new).collect());
        match ctx.data::<Self>()?.0.get_or_init(load).await {
            Ok(definitions) => Ok(definitions),
            Err(error) => Err(ResolverError(error.clone_for_waiters()).into()),
        }
    }
}

/// The type of a custom field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(rename_items = "snake_case", remote = "FieldType")]
pub(in crate::api::graphql) enum MetafieldType {
    /// A single line of text.
    ShortText,
    /// Text of any length.
    LongText,
    /// Rich text: a list of objects of an editor.
    RichText,
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A date, such as `2026-01-31`.
    Date,
    /// A colour, such as `#1a2b3c`.
    Color,
    /// An http or https URL.
    Url,
    /// A group of fields.
    Group,
}

pub(in crate::api::graphql) struct MetafieldDefinition(pub(in crate::api::graphql) Model);

/// The definition of a custom field. Admins only.
#[Object]
impl MetafieldDefinition {
    /// Public identifier.
    async fn uuid(&self) -> String {
        self.0.uuid.to_string()
    }

    /// The type of record that has the field: `customer`.
    async fn owner_type(&self) -> Text<&str> {
        Text(&self.0.owner_type)
    }

    /// Namespace of the field, the first part of its identifier.
    async fn namespace(&self) -> Text<&str> {
        Text(&self.0.namespace)
    }

    /// Key of the field, the second part of its identifier.
    async fn key(&self) -> Text<&str> {
        Text(&self.0.field_key)
    }

    /// Display name.
    async fn name(&self) -> Text<&str> {
        Text(&self.0.name)
    }

    /// The purpose of the field.
    async fn description(&self) -> Option<Text<&str>> {
        self.0.description.as_deref().map(Text)
    }

    /// The type of the field.
    #[graphql(name = "type")]
    async fn field_type(&self) -> MetafieldType {
        self.0.field_type.into()
    }

    /// Whether the value is a list of this type.
    async fn is_list(&self) -> bool {
        self.0.is_list
    }

    /// Whether the value can't be removed.
    async fn required(&self) -> bool {
        self.0.required
    }

    /// Whether the customer may read and set the value.
    async fn visible_to_customer(&self) -> bool {
        self.0.visible_to_customer
    }

    /// The list of validation rules for values.
    async fn validations(&self) -> AnyJson<&Value> {
        AnyJson(&self.0.validations)
    }

    /// The list of fields of a group.
    async fn sub_fields(&self) -> AnyJson<&Value> {
        AnyJson(&self.0.sub_fields)
    }

    /// The sort position among other definitions.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// When the definition was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the definition was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Version, which depends on the content. A change with the header `If-Match: "<version>"` changes only this version.
    async fn version(&self) -> String {
        self.0.content_version()
    }
}

pub(in crate::api::graphql) struct Metafield {
    definition: Arc<Model>,
    value: Option<Value>,
}

impl Metafield {
    /// The custom field of the customer with this `meta_data`.
    pub(in crate::api::graphql) fn new(definition: &Arc<Model>, meta_data: &Value) -> Self {
        let value = metafield::value(definition, meta_data).cloned();
        Self { definition: Arc::clone(definition), value }
    }
}

/// A custom field of a customer.
#[Object]
impl Metafield {
    /// Namespace of the field, the first part of its identifier.
    async fn namespace(&self) -> Text<&str> {
        Text(&self.definition.namespace)
    }

    /// Key of the field, the second part of its identifier.
    async fn key(&self) -> Text<&str> {
        Text(&self.definition.field_key)
    }

    /// The type of the field.
    #[graphql(name = "type")]
    async fn field_type(&self) -> MetafieldType {
        self.definition.field_type.into()
    }

    /// The value; null if it is not set.
    async fn value(&self) -> Option<AnyJson<&Value>> {
        self.value.as_ref().map(AnyJson)
    }
}

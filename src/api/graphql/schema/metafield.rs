//! Custom fields over GraphQL.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::date_time::DateTime;
use crate::api::graphql::counted::{AnyJson, Text};
use crate::api::graphql::error::Failed;
use crate::entity::metafield_definition::{FieldType, Model};
use crate::error::Error;
use crate::service::metafield;

/// The definitions that the caller may see: read when they are first asked for, once a request, however many
/// customers there are in the answer; each that asks gets the error as well.
#[derive(Default)]
pub(in crate::api::graphql) struct Definitions(OnceCell<std::result::Result<Vec<Arc<Model>>, Error>>);

impl Definitions {
    /// Those of this request.
    pub(in crate::api::graphql) async fn of<'a>(ctx: &'a Context<'_>) -> Result<&'a [Arc<Model>]> {
        let caller = ctx.data()?;
        let load = async || Ok(metafield::visible(caller).await?.into_iter().map(Arc::new).collect());
        match ctx.data::<Self>()?.0.get_or_init(load).await {
            Ok(definitions) => Ok(definitions),
            Err(error) => Err(Failed(error.clone_for_waiters()).into()),
        }
    }
}

/// What a custom field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(rename_items = "snake_case")]
pub(in crate::api::graphql) enum MetafieldType {
    /// A line of text.
    ShortText,
    /// Any text.
    LongText,
    /// Rows of an editor.
    RichText,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// A day, as `2026-01-31`.
    Date,
    /// A colour, as `#1a2b3c`.
    Color,
    /// An http or https URL.
    Url,
    /// Several fields together.
    Group,
}

/// The two enums are one: a new type fails to compile until it is in both.
macro_rules! same_types {
    ($($name:ident)*) => {
        impl From<FieldType> for MetafieldType {
            fn from(field_type: FieldType) -> Self {
                match field_type { $(FieldType::$name => Self::$name),* }
            }
        }
    };
}
same_types!(ShortText LongText RichText Integer Number Boolean Date Color Url Group);

pub(in crate::api::graphql) struct MetafieldDefinition(pub(in crate::api::graphql) Model);

/// What a custom field holds. Admins only.
#[Object]
impl MetafieldDefinition {
    /// Public identifier.
    async fn uuid(&self) -> String {
        self.0.uuid.to_string()
    }

    /// What has such a field: `customer`.
    async fn owner_type(&self) -> Text<&str> {
        Text(&self.0.owner_type)
    }

    /// First part of the field's name.
    async fn namespace(&self) -> Text<&str> {
        Text(&self.0.namespace)
    }

    /// Second part of the field's name.
    async fn key(&self) -> Text<&str> {
        Text(&self.0.field_key)
    }

    /// Display name.
    async fn name(&self) -> Text<&str> {
        Text(&self.0.name)
    }

    /// What it is for.
    async fn description(&self) -> Option<Text<&str>> {
        self.0.description.as_deref().map(Text)
    }

    /// What it holds.
    #[graphql(name = "type")]
    async fn field_type(&self) -> MetafieldType {
        self.0.field_type.into()
    }

    /// Whether it holds a list of that.
    async fn is_list(&self) -> bool {
        self.0.is_list
    }

    /// Whether it can't be emptied.
    async fn required(&self) -> bool {
        self.0.required
    }

    /// Whether the customer may see and set it.
    async fn visible_to_customer(&self) -> bool {
        self.0.visible_to_customer
    }

    /// Rules for its values, a list.
    async fn validations(&self) -> AnyJson<&Value> {
        AnyJson(&self.0.validations)
    }

    /// What a group is made of, a list.
    async fn sub_fields(&self) -> AnyJson<&Value> {
        AnyJson(&self.0.sub_fields)
    }

    /// Where it stands among others.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

pub(in crate::api::graphql) struct Metafield {
    definition: Arc<Model>,
    value: Option<Value>,
}

impl Metafield {
    /// A custom field of the customer with this `meta_data`.
    pub(in crate::api::graphql) fn new(definition: &Arc<Model>, meta_data: &Value) -> Self {
        let value = metafield::value(definition, meta_data).cloned();
        Self { definition: Arc::clone(definition), value }
    }
}

/// A custom field of a customer.
#[Object]
impl Metafield {
    /// First part of its name.
    async fn namespace(&self) -> Text<&str> {
        Text(&self.definition.namespace)
    }

    /// Second part of its name.
    async fn key(&self) -> Text<&str> {
        Text(&self.definition.field_key)
    }

    /// What it holds.
    #[graphql(name = "type")]
    async fn field_type(&self) -> MetafieldType {
        self.definition.field_type.into()
    }

    /// Its value; null when it is not set.
    async fn value(&self) -> Option<AnyJson<&Value>> {
        self.value.as_ref().map(AnyJson)
    }
}

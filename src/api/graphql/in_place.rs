//! Resolves the fields of an object one after the other, in the future of the object.
//!
//! The library resolves all fields of an object at the same time: it puts the future of each into a box of some KB, joins them,
//! and looks up the name of each field twice. Most fields only read a column and never wait, and a page has hundreds of them.
//! Only the fields that query the database are still resolved at the same time.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_container;
use async_graphql::{ContextSelectionSet, Name, ObjectType, OutputType, Positioned, ServerResult, Value};
use futures_util::future::{BoxFuture, try_join_all};

/// An object that can be resolved in place.
pub(super) trait InPlaceObject: ObjectType {
    /// The fields that may query the database.
    const CONCURRENT: &'static [&'static str];
}

impl<T: InPlaceObject> InPlaceObject for &T {
    const CONCURRENT: &'static [&'static str] = T::CONCURRENT;
}

/// An object whose fields are resolved in place. In the schema it has the type of the object.
#[derive(Clone, Debug)]
pub(super) struct InPlace<T>(pub(super) T);

impl<T: InPlaceObject> OutputType for InPlace<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_in_place(ctx, &self.0).await
    }
}

async fn resolve_in_place<T: InPlaceObject>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
) -> ServerResult<Value> {
    let selections = &ctx.item.node.items;
    // A fragment for another type, in one for an interface. `bind` has merged all others.
    if selections.iter().any(|selection| !matches!(selection.node, Selection::Field(_))) {
        return resolve_container(ctx, object).await;
    }
    let mut fields: IndexMap<Name, Value> = IndexMap::with_capacity(selections.len());
    let mut concurrent: Vec<BoxFuture<'_, ServerResult<(usize, Value)>>> = Vec::new();
    for selection in selections {
        let Selection::Field(field) = &selection.node else { continue };
        let (name, key) = (field.node.name.node.as_str(), field.node.response_key().node.clone());
        if name == "__typename" {
            fields.insert(key, Value::String(object.introspection_type_name().into_owned()));
        } else if T::CONCURRENT.contains(&name) {
            let (index, _) = fields.insert_full(key, Value::Null);
            concurrent.push(Box::pin(async move {
                let value = object.resolve_field(&ctx.with_field(field)).await?;
                Ok((index, value.unwrap_or_default()))
            }));
        } else {
            let value = object.resolve_field(&ctx.with_field(field)).await?;
            fields.insert(key, value.unwrap_or_default());
        }
    }
    for (index, value) in try_join_all(concurrent).await? {
        fields[index] = value;
    }
    Ok(Value::Object(fields))
}

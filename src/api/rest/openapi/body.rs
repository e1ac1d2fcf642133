//! Request bodies as schemas, generated from what services parse.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

use super::field::{FieldType, NewSubField, OwnerType, Validation, ValuesByName};
use super::values::{BulkActionInput, FlagInput, GroupIdInput, StatusInput};

use crate::service::input::patch::Mode;
use crate::service::input::property::{Input, Property, Rule};
use crate::service::input::text::{MAX_LINE, TextRule};
use crate::types::{MAX_EMAIL_BYTES, MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARACTERS};

/// The characters of a text of one line: no control characters.
const LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
/// The same, and not only blanks.
const NOT_BLANK: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$";

/// The schema of a body that creates or updates something.
pub(in crate::api::rest) fn schema_of<I: Input>(mode: Mode, description: &str) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new().schema_type(Type::Object).description(Some(description));
    for property in I::PROPERTIES.iter().filter(|property| mode == Mode::Create || property.in_updates) {
        object = object.property(property.name, schema_of_property(property));
        if property.required && mode == Mode::Create {
            object = object.required(property.name);
        }
    }
    object.build().into()
}

/// The components that the properties of a body refer to by their names.
pub(in crate::api::rest) fn components_of<I: Input>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    for property in I::PROPERTIES {
        let (Rule::Named(name) | Rule::NamedList { of: name, .. }) = property.rule else { continue };
        let known = [
            add::<StatusInput>,
            add::<GroupIdInput>,
            add::<FlagInput>,
            add::<OwnerType>,
            add::<FieldType>,
            add::<Validation>,
            add::<NewSubField>,
            add::<ValuesByName>,
            add::<BulkActionInput>,
        ];
        assert!(known.into_iter().any(|add| add(name, schemas)), "no component is named {name}");
    }
}

/// Adds a component, and those that it refers to, if it has this name.
fn add<T: ToSchema>(name: &str, schemas: &mut Vec<(String, RefOr<Schema>)>) -> bool {
    let is_it = T::name() == name;
    if is_it {
        schemas.push((name.to_owned(), T::schema()));
        T::schemas(schemas);
    }
    is_it
}

fn schema_of_property(property: &Property) -> RefOr<Schema> {
    let text = || of_type(property, Type::String);
    match property.rule {
        Rule::Line(TextRule { max, may_be_blank, .. }) => {
            let (min, pattern) = if may_be_blank { (None, LINE) } else { (Some(1), NOT_BLANK) };
            text().min_length(min).max_length(Some(max)).pattern(Some(pattern)).build().into()
        }
        Rule::Text { max } => text().max_length(max).build().into(),
        Rule::Password => text().format(Some(format("password"))).build().into(),
        Rule::NewPassword => text()
            .format(Some(format("password")))
            .min_length(Some(MIN_PASSWORD_CHARACTERS))
            .max_length(Some(MAX_PASSWORD_BYTES))
            .build()
            .into(),
        Rule::Email => {
            text().format(Some(format("idn-email"))).max_length(Some(MAX_EMAIL_BYTES)).build().into()
        }
        Rule::Key { max } => text().pattern(Some("^[a-z][a-z0-9_]*$")).max_length(Some(max)).build().into(),
        Rule::Country => {
            let pattern = "^ *[A-Za-z]{2} *$";
            text().min_length(Some(2)).max_length(Some(MAX_LINE)).pattern(Some(pattern)).build().into()
        }
        Rule::Url { max } => text().format(Some(format("uri"))).max_length(Some(max)).build().into(),
        Rule::Integer { min, max } => {
            of_type(property, Type::Integer).minimum(Some(min)).maximum(Some(max)).build().into()
        }
        Rule::Boolean => of_type(property, Type::Boolean).build().into(),
        Rule::Object => of_type(property, Type::Object).build().into(),
        Rule::Texts { min, max } => {
            let items = ObjectBuilder::new().schema_type(Type::String);
            list(property, items.build().into(), Some(min), max)
        }
        Rule::Named(name) => reference(property, name),
        Rule::NamedList { of, max } => list(property, Ref::from_schema_name(of).into(), None, max),
    }
}

fn format(name: &str) -> SchemaFormat {
    SchemaFormat::Custom(name.to_owned())
}

fn types(property: &Property, of: Type) -> SchemaType {
    if property.nullable { SchemaType::from_iter([of, Type::Null]) } else { SchemaType::new(of) }
}

fn example(property: &Property) -> Value {
    serde_json::from_str(property.example).expect("an example is JSON")
}

fn of_type(property: &Property, of: Type) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(types(property, of))
        .description(Some(property.description))
        .examples([example(property)])
}

fn list(property: &Property, items: RefOr<Schema>, min: Option<usize>, max: usize) -> RefOr<Schema> {
    ArrayBuilder::new()
        .schema_type(types(property, Type::Array))
        .items(items)
        .min_items(min)
        .max_items(Some(max))
        .description(Some(property.description))
        .examples([example(property)])
        .build()
        .into()
}

/// A component, or null where that is accepted.
fn reference(property: &Property, name: &str) -> RefOr<Schema> {
    let location = Ref::builder().ref_location_from_schema_name(name);
    let reference = location.description(Some(property.description)).build();
    if !property.nullable {
        return reference.into();
    }
    let null = ObjectBuilder::new().schema_type(Type::Null);
    Schema::OneOf(OneOfBuilder::new().item(reference).item(null).build()).into()
}

/// Defines request bodies: a name in the document, what they are for, and the input that parses them.
#[macro_export]
macro_rules! bodies {
    ($($(#[doc = $description:literal])+ $name:ident: $mode:ident $input:ty;)*) => {$(
        $(#[doc = $description])+
        pub(super) enum $name {}

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::api::rest::openapi::schema_of::<$input>(
                    $crate::service::input::patch::Mode::$mode,
                    concat!($($description),+).trim_ascii(),
                )
            }
        }

        impl utoipa::ToSchema for $name {
            fn schemas(
                schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>,
            ) {
                $crate::api::rest::openapi::components_of::<$input>(schemas);
            }
        }
    )*};
}

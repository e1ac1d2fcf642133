//! The properties of request bodies: each is declared once, with the rule that parses it. The OpenAPI document describes
//! bodies from the same declarations, so what it promises and what is checked can't differ.

use super::text::TextRule;

/// A property of a request body.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its name in the body.
    pub name: &'static str,
    /// What it holds.
    pub rule: Rule,
    /// Whether a creation needs it.
    pub required: bool,
    /// Whether `null` is accepted, which resets the property to its default.
    pub nullable: bool,
    /// Whether an update may contain it.
    pub in_updates: bool,
    /// For people.
    pub description: &'static str,
    /// An example, as JSON.
    pub example: &'static str,
}

/// What a property holds.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// One line of text.
    Line(TextRule),
    /// Any text.
    Text {
        /// The maximum length, in characters.
        max: Option<usize>,
    },
    /// A password that is compared.
    Password,
    /// An e-mail address.
    Email,
    /// A password that is set.
    NewPassword,
    /// A key: a lower-case letter, then letters, digits and underscores.
    Key {
        /// The maximum length, in characters.
        max: usize,
    },
    /// The alpha-2 code of a country; blanks around it are ignored.
    Country,
    /// An absolute URL.
    Url {
        /// The maximum length, in characters.
        max: usize,
    },
    /// A whole number.
    Integer {
        /// The smallest one.
        min: i64,
        /// The largest one.
        max: i64,
    },
    /// True or false.
    Boolean,
    /// A JSON object.
    Object,
    /// A list of texts.
    Texts {
        /// The minimum number of items.
        min: usize,
        /// The maximum number of items.
        max: usize,
    },
    /// A value of another form, described by the schema component of this name.
    Named(&'static str),
    /// A list of such values.
    NamedList {
        /// The schema component of an item.
        of: &'static str,
        /// The maximum number of items.
        max: usize,
    },
}

/// A request body whose properties are declared.
pub trait Input {
    /// The properties, in the order of the document.
    const PROPERTIES: &'static [Property];
}

/// Defines the input of a service: a struct of [`Field`](super::patch::Field)s, how it is read from a body, and its properties.
///
/// A property is `name: "name in the body" = rule, [flags], example;` with the flags `required`, `not_null` and `create_only`.
#[macro_export]
macro_rules! input {
    (
        $(#[$doc:meta])*
        pub struct $input:ident {
            $($(#[doc = $description:literal])+ $field:ident: $name:literal = $rule:expr, [$($flag:ident)*], $example:literal;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $input {
            $($(#[doc = $description])+ pub $field: $crate::service::input::patch::Field,)*
        }

        impl From<serde_json::Map<String, serde_json::Value>> for $input {
            fn from(mut body: serde_json::Map<String, serde_json::Value>) -> Self {
                Self { $($field: $crate::service::input::patch::Field::take(&mut body, $name),)* }
            }
        }

        impl $crate::service::input::property::Input for $input {
            const PROPERTIES: &'static [$crate::service::input::property::Property] = &[
                $($crate::service::input::property::Property {
                    name: $name,
                    rule: $rule,
                    required: $crate::input!(@has required $($flag)*),
                    nullable: !($crate::input!(@has required $($flag)*) || $crate::input!(@has not_null $($flag)*)),
                    in_updates: !$crate::input!(@has create_only $($flag)*),
                    description: concat!($($description),+).trim_ascii(),
                    example: $example,
                },)*
            ];
        }
    };
    (@has required required $($rest:ident)*) => { true };
    (@has not_null not_null $($rest:ident)*) => { true };
    (@has create_only create_only $($rest:ident)*) => { true };
    (@has $wanted:ident $other:ident $($rest:ident)*) => { $crate::input!(@has $wanted $($rest)*) };
    (@has $wanted:ident) => { false };
}

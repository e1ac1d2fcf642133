//! Coerces the variables of a request to their types (specification 6.1.2). All values that don't match are reported.

use apollo_compiler::schema::{ExtendedType, InputObjectType};
use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::{Name, Pos, ServerError, Value, Variables};

use crate::api::graphql::error::{self, MAX_ERRORS};
use crate::api::graphql::error_code::ErrorCode;
use crate::api::graphql::schema::date_time;
use crate::api::graphql::schema::definitions::DEFINITIONS;

/// The value of each variable of an operation: the value in the request, or the default. A variable with neither is
/// omitted.
///
/// # Errors
/// An error for each value that doesn't match its type, at most [`MAX_ERRORS`].
pub(super) fn coerce(
    operation: &OperationDefinition,
    mut raw: Variables,
) -> Result<Variables, Vec<ServerError>> {
    let mut values = Variables::default();
    let mut errors = Vec::new();
    for definition in &operation.variable_definitions {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
        let mut checker = Checker { at: definition.pos, errors: &mut errors };
        match (raw.remove(name), &definition.node.default_value) {
            (Some(mut value), _) => {
                checker.value(&mut value, ty, &Path::Variable(name));
                values.insert(name.clone(), value);
            }
            (None, Some(default)) => {
                values.insert(name.clone(), default.node.clone());
            }
            (None, None) if !ty.nullable => {
                checker.error(&Path::Variable(name), format!("of the type `{ty}` has no value"));
            }
            (None, None) => {}
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

/// The path of a value in a variable, such as `$filters[0].key`.
enum Path<'a> {
    Variable(&'a Name),
    Item(&'a Path<'a>, usize),
    Field(&'a Path<'a>, &'a str),
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "${name}"),
            Self::Item(list, index) => write!(f, "{list}[{index}]"),
            Self::Field(object, name) => write!(f, "{object}.{name}"),
        }
    }
}

/// Checks the value of one variable.
struct Checker<'a> {
    /// The position of the variable's definition.
    at: Pos,
    errors: &'a mut Vec<ServerError>,
}

impl Checker<'_> {
    fn error(&mut self, path: &Path<'_>, problem: String) {
        if self.errors.len() < MAX_ERRORS {
            let error = ServerError::new(format!("The variable `{path}` {problem}"), Some(self.at));
            self.errors.push(error::with_code(error, ErrorCode::ValidationFailed));
        }
    }

    fn value(&mut self, value: &mut Value, ty: &Type, path: &Path<'_>) {
        match (value, &ty.base) {
            (Value::Null, _) => {
                if !ty.nullable {
                    self.error(path, format!("is null; it has to be `{ty}`"));
                }
            }
            (Value::List(items), BaseType::List(item)) => {
                for (index, value) in items.iter_mut().enumerate() {
                    if self.errors.len() >= MAX_ERRORS {
                        break;
                    }
                    self.value(value, item, &Path::Item(path, index));
                }
            }
            // A single value is coerced to a list of one item (specification 3.11).
            (value, BaseType::List(item)) => self.value(value, item, path),
            (value, BaseType::Named(name)) => self.named(value, name, path),
        }
    }

    fn named(&mut self, value: &mut Value, name: &Name, path: &Path<'_>) {
        let matches = match (DEFINITIONS.types.get(name.as_str()), &mut *value) {
            (Some(ExtendedType::InputObject(input)), Value::Object(_)) => {
                return self.object(value, input, path);
            }
            (Some(ExtendedType::Enum(definition)), Value::String(text)) => {
                if definition.values.contains_key(text.as_str()) {
                    return;
                }
                let values: Vec<&str> = definition.values.keys().map(|value| value.as_str()).collect();
                return self.error(path, format!("has to be one of {}", values.join(", ")));
            }
            (Some(ExtendedType::Scalar(_)), value) => is_scalar(value, name),
            _ => false,
        };
        if !matches {
            let expected = if name == date_time::NAME { date_time::EXPECTED } else { "" };
            let separator = if expected.is_empty() { "" } else { ": " };
            self.error(path, format!("is {}; it has to be `{name}`{separator}{expected}", kind(value)));
        }
    }

    fn object(&mut self, value: &mut Value, input: &InputObjectType, path: &Path<'_>) {
        let Value::Object(fields) = value else { return };
        for (field, value) in fields.iter_mut() {
            if self.errors.len() >= MAX_ERRORS {
                return;
            }
            let path = Path::Field(path, field);
            match input.fields.get(field.as_str()).and_then(|expected| Type::new(&expected.ty.to_string())) {
                Some(ty) => self.value(value, &ty, &path),
                None => self.error(&path, format!("is not a field of `{}`", input.name)),
            }
        }
        for (name, expected) in &input.fields {
            if expected.is_required() && !fields.contains_key(name.as_str()) {
                let problem = format!("of the type `{}` has no value", expected.ty);
                self.error(&Path::Field(path, name), problem);
            }
        }
    }
}

/// Whether a value matches a scalar type. An integer may be written with a zero fraction (`1.0`), because JSON doesn't
/// distinguish them.
fn is_scalar(value: &mut Value, name: &Name) -> bool {
    if let ("Int" | "ID", Value::Number(number)) = (name.as_str(), &mut *value)
        && let Some(whole) = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15)
        && number.is_f64()
    {
        // Exact, because its absolute value is below 2^53.
        *value = Value::from(whole as i64);
    }
    match (name.as_str(), value) {
        ("Int", Value::Number(number)) => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        ("Float", Value::Number(_)) | ("String", Value::String(_)) | ("Boolean", Value::Boolean(_)) => true,
        ("ID", Value::Number(number)) => number.is_i64() || number.is_u64(),
        ("ID", Value::String(_)) => true,
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => false,
        (date_time::NAME, Value::String(text)) => date_time::is_timestamp(text),
        (date_time::NAME, _) => false,
        // The field checks the value of any other scalar.
        _ => true,
    }
}

/// The kind of a value, for messages.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Boolean(_) => "a boolean",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
        Value::Enum(_) | Value::Binary(_) => "another value",
    }
}

//! Writes customers to a file that `patron import` can read.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::{FileError, Format, formula};
use crate::entity::customer_address;
use crate::entity::metafield_definition::Model as Definition;
use crate::service::export::ExportedCustomer;
use crate::service::metafield;
use crate::types::timestamp;

/// The columns of every CSV file, except for the password hash.
const COLUMNS: &[&str] = &[
    "uuid",
    "status",
    "group_name",
    "full_name",
    "email",
    "email_verified_at",
    "created_at",
    "updated_at",
    "meta_data",
    "addresses",
];

/// Writes customers to a file.
pub struct Writer<W: Write> {
    output: Output<W>,
    with_hashes: bool,
    definitions: Vec<Definition>,
}

enum Output<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Ndjson(W),
}

impl<W: Write> Writer<W> {
    /// Starts a file. CSV gets a header, with a column for each of these custom fields. Password hashes are written
    /// only if `with_hashes` is set.
    ///
    /// # Errors
    /// When the output fails.
    pub fn new(
        format: Format,
        output: W,
        definitions: Vec<Definition>,
        with_hashes: bool,
    ) -> Result<Self, FileError> {
        let mut writer = match format {
            Format::Ndjson => Self { output: Output::Ndjson(output), with_hashes, definitions },
            Format::Csv { delimiter } => {
                let output = csv::WriterBuilder::new().delimiter(delimiter).from_writer(output);
                Self { output: Output::Csv(Box::new(output)), with_hashes, definitions }
            }
        };
        if let Output::Csv(output) = &mut writer.output {
            let mut header: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
            header.extend(with_hashes.then(|| "password_hash".to_owned()));
            let column = |definition: &Definition| {
                format!("metafields.{}.{}", definition.namespace, definition.field_key)
            };
            header.extend(writer.definitions.iter().map(column));
            output.write_record(header).map_err(io)?;
        }
        Ok(writer)
    }

    /// Writes one customer.
    ///
    /// # Errors
    /// When the output fails.
    pub fn write(&mut self, exported: ExportedCustomer) -> Result<(), FileError> {
        let mut fields = fields(exported, self.with_hashes);
        match &mut self.output {
            Output::Ndjson(output) => {
                serde_json::to_writer(&mut *output, &fields).map_err(std::io::Error::from)?;
                output.write_all(b"\n")?;
            }
            Output::Csv(output) => {
                // A custom field is only in its own column, not in `meta_data`.
                let mut custom = Vec::with_capacity(self.definitions.len());
                for definition in &self.definitions {
                    let value = metafield::take_value(definition, &mut fields["meta_data"]);
                    custom.push(value.map(cell).unwrap_or_default());
                }
                for name in COLUMNS.iter().chain(self.with_hashes.then_some(&"password_hash")) {
                    let value = fields.remove(*name).filter(|value| !is_empty(value));
                    output.write_field(value.map(cell).unwrap_or_default()).map_err(io)?;
                }
                for cell in custom {
                    output.write_field(cell).map_err(io)?;
                }
                output.write_record(None::<&[u8]>).map_err(io)?;
            }
        }
        Ok(())
    }

    /// Writes buffered data to the output.
    ///
    /// # Errors
    /// When the output fails.
    pub fn flush(&mut self) -> Result<(), FileError> {
        match &mut self.output {
            Output::Csv(output) => output.flush()?,
            Output::Ndjson(output) => output.flush()?,
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When the output fails.
    pub fn finish(mut self) -> Result<(), FileError> {
        self.flush()
    }
}

fn io(error: csv::Error) -> std::io::Error {
    error.into()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => value.is_null(),
    }
}

/// The text of a cell: a string without quotation marks, any other value as JSON.
fn cell(value: Value) -> String {
    match value {
        Value::String(text) => formula::guarded(text),
        other => other.to_string(),
    }
}

fn fields(exported: ExportedCustomer, with_hash: bool) -> Map<String, Value> {
    let ExportedCustomer { customer, group_name, addresses } = exported;
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("uuid", customer.uuid.to_string().into());
    put("status", customer.status.number().into());
    put("group_name", group_name.into());
    put("full_name", customer.full_name.into());
    put("email", customer.email.as_str().into());
    put("email_verified_at", customer.email_verified_at.map(timestamp).into());
    put("created_at", timestamp(customer.created_at).into());
    put("updated_at", timestamp(customer.updated_at).into());
    put("meta_data", customer.meta_data);
    put("addresses", addresses.into_iter().map(address).collect());
    if with_hash {
        put("password_hash", customer.password.expose().into());
    }
    fields
}

fn address(row: customer_address::Model) -> Value {
    json!({
        "uuid": row.uuid.to_string(),
        "full_name": row.full_name,
        "telephone": row.telephone,
        "address_1": row.address_1,
        "address_2": row.address_2,
        "postcode": row.postcode,
        "city": row.city,
        "province": row.province,
        "country": row.country,
        "is_default": row.is_default,
    })
}

//! The row of a customer in an exported CSV file: the columns that `patron import` reads.

use serde_json::{Map, Value};

use super::file_error::FileError;
use super::formula::guarded;
use crate::entity::metafield_definition::Model as Definition;
use crate::service::import::Record;
use crate::service::metafield;

/// The first columns of every CSV file.
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
];

/// What a file has of each customer, beyond the fields that every file has.
#[derive(Clone, Debug, Default)]
pub struct ExportColumns {
    /// The custom fields that get a column in CSV.
    pub definitions: Vec<Definition>,
    /// The number of addresses that get columns in CSV. A customer with more of them is an error.
    pub addresses: usize,
    /// Whether the password hashes are written.
    pub with_hashes: bool,
}

/// The columns of a CSV file, and how its cells are written.
pub(super) struct CsvRow {
    columns: ExportColumns,
    is_raw: bool,
}

impl CsvRow {
    pub(super) fn new(columns: ExportColumns, is_raw: bool) -> Self {
        Self { columns, is_raw }
    }

    /// The names of the columns.
    pub(super) fn header(&self) -> Vec<String> {
        let ExportColumns { definitions, addresses, with_hashes } = &self.columns;
        let mut names: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
        for number in 1..=*addresses {
            names.extend(Record::ADDRESS_FIELDS.iter().map(|field| format!("addresses.{number}.{field}")));
        }
        names.extend(with_hashes.then(|| "password_hash".to_owned()));
        let custom =
            |definition: &Definition| format!("metafields.{}.{}", definition.namespace, definition.field_key);
        names.extend(definitions.iter().map(custom));
        names
    }

    /// The cells of a customer with these fields.
    ///
    /// # Errors
    /// When the customer has more addresses than there are columns for.
    pub(super) fn cells(&self, mut fields: Map<String, Value>) -> Result<Vec<String>, FileError> {
        let ExportColumns { definitions, addresses: columns, with_hashes } = &self.columns;
        let mut addresses = match fields.remove("addresses") {
            Some(Value::Array(addresses)) => addresses,
            _ => Vec::new(),
        };
        if addresses.len() > *columns {
            return Err(FileError::MoreAddresses);
        }
        // A custom field is only in its own column, not in `meta_data`.
        let take = |definition| metafield::take_value(definition, &mut fields["meta_data"]);
        let custom: Vec<Option<Value>> = definitions.iter().map(take).collect();
        let mut cells: Vec<String> = COLUMNS.iter().map(|name| self.cell(fields.remove(*name))).collect();
        addresses.resize(*columns, Value::Null);
        for address in &mut addresses {
            let value = |field: &&str| address.get_mut(*field).map(Value::take);
            cells.extend(Record::ADDRESS_FIELDS.iter().map(value).map(|value| self.cell(value)));
        }
        // Never changed, and never a formula.
        cells.extend(with_hashes.then(|| fields.remove("password_hash").map(text).unwrap_or_default()));
        cells.extend(custom.into_iter().map(|value| self.cell(value)));
        Ok(cells)
    }

    fn cell(&self, value: Option<Value>) -> String {
        let text = value.filter(|value| !is_empty(value)).map(text).unwrap_or_default();
        if self.is_raw { text } else { guarded(text) }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => value.is_null(),
    }
}

/// A string without quotation marks, any other value as JSON.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{CsvRow, ExportColumns};
    use crate::transfer::FileError;
    use serde_json::{Map, Value, json};

    fn fields(addresses: &Value) -> Map<String, Value> {
        let fields = json!({
            "uuid": "u", "status": 1, "full_name": "=1", "email": "a@x.io", "meta_data": {}, "addresses": addresses,
            "password_hash": "=hash",
        });
        fields.as_object().cloned().unwrap()
    }

    #[test]
    fn addresses_have_columns() {
        let columns = ExportColumns { addresses: 2, with_hashes: true, ..ExportColumns::default() };
        let row = CsvRow::new(columns.clone(), false);
        let header = row.header();
        assert_eq!((header.len(), header[9].as_str()), (9 + 2 * 10 + 1, "addresses.1.uuid"));
        assert_eq!((header[28].as_str(), header[29].as_str()), ("addresses.2.is_default", "password_hash"));
        let address =
            json!({"uuid": "a", "telephone": "+49 1", "address_1": "@1", "city": null, "is_default": true});
        let cells = row.cells(fields(&json!([address]))).unwrap();
        assert_eq!(cells.len(), header.len());
        let expected = [
            "u", "1", "", "'=1", "a@x.io", "", "", "", "", "a", "", "+49 1", "'@1", "", "", "", "", "",
            "true",
        ];
        assert_eq!(cells[..19], expected);
        assert!(cells[19..29].iter().all(String::is_empty), "{cells:?}");
        assert_eq!(cells[29], "=hash");
        let raw = CsvRow::new(columns, true).cells(fields(&json!([address]))).unwrap();
        assert_eq!((raw[3].as_str(), raw[12].as_str()), ("=1", "@1"));
    }

    #[test]
    fn an_address_without_columns_is_not_lost() {
        let row = CsvRow::new(ExportColumns { addresses: 1, ..ExportColumns::default() }, false);
        let error = row.cells(fields(&json!([{"uuid": "a"}, {"uuid": "b"}]))).unwrap_err();
        assert!(matches!(error, FileError::MoreAddresses), "{error}");
    }
}

//! Writes customers to a file that `patron import` can read.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::csv_row::{CsvRow, ExportColumns};
use super::file_error::FileError;
use super::format::Format;
use crate::entity::customer_address;
use crate::service::export::ExportedCustomer;
use crate::types::timestamp;

/// Writes customers to a file.
pub struct Writer<W: Write> {
    output: Output<W>,
    with_hashes: bool,
}

enum Output<W: Write> {
    Csv(Box<csv::Writer<W>>, CsvRow),
    Ndjson(W),
}

impl<W: Write> Writer<W> {
    /// Starts a file. CSV gets a header.
    ///
    /// # Errors
    /// When the output fails.
    pub fn new(format: Format, output: W, columns: ExportColumns) -> Result<Self, FileError> {
        let with_hashes = columns.with_hashes;
        let output = match format {
            Format::Ndjson => Output::Ndjson(output),
            Format::Csv(format) => {
                let mut output = csv::WriterBuilder::new().delimiter(format.delimiter).from_writer(output);
                let row = CsvRow::new(columns, format.is_raw);
                output.write_record(row.header()).map_err(std::io::Error::from)?;
                Output::Csv(Box::new(output), row)
            }
        };
        Ok(Self { output, with_hashes })
    }

    /// Writes one customer.
    ///
    /// # Errors
    /// When the output fails, or the customer has more addresses than the file has columns for.
    pub fn write(&mut self, exported: ExportedCustomer) -> Result<(), FileError> {
        let fields = fields(exported, self.with_hashes);
        match &mut self.output {
            Output::Ndjson(output) => {
                serde_json::to_writer(&mut *output, &fields).map_err(std::io::Error::from)?;
                output.write_all(b"\n")?;
            }
            Output::Csv(output, row) => {
                output.write_record(row.cells(fields)?).map_err(std::io::Error::from)?;
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
            Output::Csv(output, _) => output.flush()?,
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

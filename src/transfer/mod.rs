//! Reads and writes files of customers, in CSV and NDJSON. The services validate the records.
//!
//! A file is read and written as a stream, so only a few customers are in memory at a time. A line that can't be parsed
//! is reported with its number, and reading continues with the next line.

mod column_map;
mod csv_header;
mod csv_reader;
mod csv_record;
mod csv_row;
mod csv_scanner;
mod encoding;
mod file_error;
mod format;
mod formula;
mod from_csv;
mod from_ndjson;
mod lines;
mod parts;
mod preset;
pub mod refused_lines;
mod utf_16;
mod write;

use std::io::BufRead;

pub use column_map::{ColumnMap, Target};
pub use csv_row::ExportColumns;
pub use encoding::Encoding;
pub use file_error::FileError;
pub use format::{CsvFormat, Format};
pub use lines::Lines;
pub use parts::PartWriter;
pub use preset::Preset;
pub use write::Writer;

/// Reads the lines of a file. Without an encoding it is UTF-8, or UTF-16 if the first bytes show that. The columns of CSV have
/// the fields of the map, and otherwise those of their names.
///
/// # Errors
/// When the file can't be read, or when its CSV header is invalid.
pub fn read(
    format: Format,
    encoding: Option<Encoding>,
    input: impl BufRead + Send + 'static,
    map: &ColumnMap,
) -> Result<Lines, FileError> {
    let input = encoding::decode(input, encoding)?;
    Ok(match format {
        Format::Csv(format) => Box::new(from_csv::CsvLines::start(input, format, map)?),
        Format::Ndjson => Box::new(from_ndjson::lines(input)),
    })
}

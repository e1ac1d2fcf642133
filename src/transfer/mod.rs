//! Reads and writes files of customers, in CSV and NDJSON. The services validate the records.
//!
//! A file is read and written as a stream, so only a few customers are in memory at a time. A line that can't be parsed
//! is reported with its number, and reading continues with the next line.

mod file_error;
mod formula;
mod from_csv;
mod from_ndjson;
mod parts;
mod record_source;
pub mod refused_lines;
mod write;

use std::io::BufRead;
use std::path::Path;

pub use file_error::FileError;
pub use parts::PartWriter;
pub use write::Writer;

use crate::service::import::Line;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180), or values with another delimiter.
    Csv {
        /// The byte between two cells.
        delimiter: u8,
    },
    /// A JSON object on each line.
    Ndjson,
}

impl Format {
    /// The format for the extension of a file name, if it is known.
    pub fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv { delimiter: b',' }),
            "tsv" => Some(Self::Csv { delimiter: b'\t' }),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

/// The lines of a file, in order, without blank lines.
pub type Lines = Box<dyn Iterator<Item = Result<Line, FileError>> + Send>;

/// Reads the lines of a file.
///
/// # Errors
/// When the file can't be read, or when its CSV header is invalid.
pub fn read(format: Format, input: impl BufRead + Send + 'static) -> Result<Lines, FileError> {
    Ok(match format {
        Format::Csv { delimiter } => Box::new(from_csv::lines(input, delimiter)?),
        Format::Ndjson => Box::new(from_ndjson::lines(input)),
    })
}

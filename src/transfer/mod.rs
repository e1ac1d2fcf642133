//! Reads and writes files of customers, in CSV and NDJSON. The services validate the records.
//!
//! A file is read and written as a stream, so only a few customers are in memory at a time. A line that can't be parsed
//! is reported with its number, and reading continues with the next line.

mod from_csv;
mod from_ndjson;
mod record_source;
pub mod refused_lines;
mod write;

use std::io::BufRead;
use std::path::Path;

pub use write::Writer;

use crate::service::import::Line;

/// Maximum size of a customer in a file, in bytes: enough for 100 addresses and megabytes of free text.
const MAX_RECORD: u64 = 4 * 1024 * 1024;

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

/// An error after which a file can't be read or written any further.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// An I/O error of the system.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// An invalid header: the line number, and the reason.
    #[error("line {0}: {1}")]
    Header(u64, String),
    /// A record that exceeds the maximum size, with the number of its first line. The start of the next record is
    /// unknown.
    #[error("line {0}: a customer of more than 4 MiB, or a quotation mark that is not closed")]
    TooLong(u64),
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

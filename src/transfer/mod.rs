//! Files of customers: how they are read and written. What may be in them is the services' business.
//!
//! A file is read and written as a stream: however many customers it has, a few are in memory.

mod from_csv;
mod from_ndjson;
mod record_source;
pub mod refusals;
mod write;

use std::io::BufRead;
use std::path::Path;

pub use write::Writer;

use crate::service::import::Line;

/// The longest customer in a file, in bytes: with 100 addresses and a few books of free text.
const MAX_RECORD: u64 = 4 * 1024 * 1024;

/// How customers are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A line each, comma-separated (RFC 4180), or separated by something else.
    Csv {
        /// What stands between two cells.
        delimiter: u8,
    },
    /// A JSON object a line.
    Ndjson,
}

impl Format {
    /// The format that a file's name tells, if it does.
    pub fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv { delimiter: b',' }),
            "tsv" => Some(Self::Csv { delimiter: b'\t' }),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

/// Why a file can't be read any further, or can't be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system's reason.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// What is wrong with the first line that holds anything.
    #[error("line {0}: {1}")]
    Header(u64, String),
    /// A line after which no other is to be found.
    #[error("line {0}: a customer of more than 4 MiB, or a quotation mark that is never closed")]
    TooLong(u64),
}

/// The lines of a file, in order. Blank ones are left out.
pub type Lines = Box<dyn Iterator<Item = Result<Line, FileError>> + Send>;

/// Reads a file.
///
/// # Errors
/// One that can't be read, or a first line of CSV that names what is no field.
pub fn read(format: Format, input: impl BufRead + Send + 'static) -> Result<Lines, FileError> {
    Ok(match format {
        Format::Csv { delimiter } => Box::new(from_csv::lines(input, delimiter)?),
        Format::Ndjson => Box::new(from_ndjson::lines(input)),
    })
}

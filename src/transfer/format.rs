//! The formats of files of customers.

use std::path::Path;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180), or values with another delimiter.
    Csv(CsvFormat),
    /// A JSON object on each line.
    Ndjson,
}

/// How a CSV file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvFormat {
    /// The byte between two cells.
    pub delimiter: u8,
    /// Whether the caller chose the delimiter. Otherwise a first line such as `sep=;` may change it.
    pub is_delimiter_given: bool,
    /// Whether cells are the plain texts, without the apostrophe before formulas.
    pub is_raw: bool,
}

impl CsvFormat {
    /// The usual file with this delimiter.
    pub const fn with_delimiter(delimiter: u8) -> Self {
        Self { delimiter, is_delimiter_given: false, is_raw: false }
    }
}

impl Format {
    /// The format for the extension of a file name, if it is known.
    pub fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv(CsvFormat::with_delimiter(b','))),
            "tsv" => Some(Self::Csv(CsvFormat::with_delimiter(b'\t'))),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

//! The options `--format` and `--delimiter` of `patron import` and `patron export`.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::transfer::Format;

/// The options for the format of a file of customers.
#[derive(Debug, Args)]
pub(super) struct FormatOptions {
    /// The format of the file; by default by its extension (.csv, .tsv, .ndjson, .jsonl)
    #[arg(long, value_enum)]
    format: Option<Kind>,
    /// The delimiter between two cells of CSV: , or ; or \t
    #[arg(long, value_parser = delimiter)]
    delimiter: Option<u8>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// One line per customer, with cells separated by --delimiter
    Csv,
    /// One JSON object per line
    Ndjson,
}

impl FormatOptions {
    /// The format of these options, or else of the file's extension.
    pub(super) fn of(&self, file: &Path) -> Option<Format> {
        let by_extension = Format::of_file(file);
        match (self.format, by_extension) {
            (Some(Kind::Ndjson), _) | (None, Some(Format::Ndjson)) => Some(Format::Ndjson),
            (None, None) => None,
            (_, by_extension) => {
                let default =
                    if let Some(Format::Csv { delimiter }) = by_extension { delimiter } else { b',' };
                Some(Format::Csv { delimiter: self.delimiter.unwrap_or(default) })
            }
        }
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err("must be one character, such as , or ; or \\t".to_owned()),
    }
}

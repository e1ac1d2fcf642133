//! How a file of customers is written, as the commands that read and write one are told it.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::transfer::Format;

/// How the file is written.
#[derive(Debug, Args)]
pub(super) struct FormatOptions {
    /// How it is written; by default what the file's name tells (.csv, .tsv, .ndjson, .jsonl)
    #[arg(long, value_enum)]
    format: Option<Kind>,
    /// What stands between two cells of CSV: , or ; or \t
    #[arg(long, value_parser = delimiter)]
    delimiter: Option<u8>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A line each, cells separated by --delimiter
    Csv,
    /// A JSON object a line
    Ndjson,
}

impl FormatOptions {
    /// The format that they tell, or else the name of the file.
    pub(super) fn of(&self, file: &Path) -> Option<Format> {
        let named = Format::of_file(file);
        match (self.format, named) {
            (Some(Kind::Ndjson), _) | (None, Some(Format::Ndjson)) => Some(Format::Ndjson),
            (None, None) => None,
            (_, named) => {
                let usual = if let Some(Format::Csv { delimiter }) = named { delimiter } else { b',' };
                Some(Format::Csv { delimiter: self.delimiter.unwrap_or(usual) })
            }
        }
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err("one character, such as , or ; or \\t".to_owned()),
    }
}

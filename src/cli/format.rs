//! The options of `patron import` and `patron export` for the format of a file.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::transfer::{CsvFormat, Encoding, Format};

/// The options for the format of a file of customers.
#[derive(Debug, Args)]
pub(super) struct FormatOptions {
    /// The format of the file; by default by its extension (.csv, .tsv, .ndjson, .jsonl)
    #[arg(long, value_enum)]
    format: Option<Kind>,
    /// The delimiter between two cells of CSV: , or ; or \t
    #[arg(long, value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Neither add nor remove the apostrophe that keeps a spreadsheet from evaluating a cell of CSV, such as =1+1
    #[arg(long)]
    raw: bool,
}

/// The option for the encoding of a file that is read.
#[derive(Debug, Args)]
pub(super) struct EncodingOptions {
    /// The encoding of the file; by default UTF-8, or UTF-16 if its first bytes show that
    #[arg(long, value_enum)]
    encoding: Option<EncodingName>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// One line per customer, with cells separated by --delimiter
    Csv,
    /// One JSON object per line
    Ndjson,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EncodingName {
    /// With or without a byte order mark
    #[value(name = "utf-8")]
    Utf8,
    /// Spreadsheets name it Unicode text
    #[value(name = "utf-16")]
    Utf16,
    /// The code page of Western European Windows, also named ANSI
    #[value(name = "windows-1252")]
    Windows1252,
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
                    if let Some(Format::Csv(format)) = by_extension { format.delimiter } else { b',' };
                Some(Format::Csv(CsvFormat {
                    delimiter: self.delimiter.unwrap_or(default),
                    is_delimiter_given: self.delimiter.is_some(),
                    is_raw: self.raw,
                }))
            }
        }
    }
}

impl EncodingOptions {
    /// The encoding of this option; none to recognise it.
    pub(super) fn of_file(&self) -> Option<Encoding> {
        self.encoding.map(|encoding| match encoding {
            EncodingName::Utf8 => Encoding::Utf8,
            EncodingName::Utf16 => Encoding::Utf16,
            EncodingName::Windows1252 => Encoding::Windows1252,
        })
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err("must be one character, such as , or ; or \\t".to_owned()),
    }
}

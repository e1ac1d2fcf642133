//! Reads customers from CSV. The first line names the columns (`csv_header.rs`). Excel writes a line such as `sep=;` before it,
//! which names the delimiter.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::column_map::ColumnMap;
use super::csv_header::{Column, parse_header};
use super::csv_reader::{CsvReader, RecordRead};
use super::csv_record::CsvRecord;
use super::encoding::NOT_UTF_8;
use super::file_error::FileError;
use super::format::CsvFormat;
use super::formula::unguarded;
use crate::service::import::{Line, Record};
use crate::types::{boolean_of_text, inexact_number};

/// The lines after the header.
pub(super) struct CsvLines<R> {
    reader: CsvReader<R>,
    columns: Vec<Column>,
    record: CsvRecord,
    is_raw: bool,
}

impl<R: BufRead> CsvLines<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// When the header can't be read or is invalid.
    pub(super) fn start(input: R, format: CsvFormat, map: &ColumnMap) -> Result<Self, FileError> {
        let mut delimiter = format.delimiter;
        let mut reader = CsvReader::new(input, delimiter);
        let mut record = CsvRecord::default();
        let mut header = reader.read(&mut record)?;
        if let Some(read) = header.filter(|read| read.malformed.is_none())
            && let Some(named) = named_delimiter(&record, delimiter)
        {
            if format.is_delimiter_given && named != delimiter {
                return Err(FileError::Header(read.line, conflict(named, delimiter)));
            }
            delimiter = named;
            reader.set_delimiter(delimiter);
            header = reader.read(&mut record)?;
        }
        let Some(RecordRead { line, malformed }) = header else {
            return Err(FileError::Header(1, "the file is empty".to_owned()));
        };
        let columns = match malformed {
            Some(reason) => Err(reason.to_owned()),
            None => parse_header(&record, delimiter, map),
        };
        let columns = columns.map_err(|reason| FileError::Header(line, reason))?;
        Ok(Self { reader, columns, record, is_raw: format.is_raw })
    }
}

impl<R: BufRead> Iterator for CsvLines<R> {
    type Item = Result<Line, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.read(&mut self.record) {
            Ok(Some(RecordRead { line, malformed })) => {
                let record = match malformed {
                    Some(reason) => Err(reason.to_owned()),
                    None => parse(&self.columns, &self.record, self.is_raw),
                };
                Some(Ok(Line { number: line, record }))
            }
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// The delimiter that a first line such as `sep=;` names. If it is the delimiter of the reader, it has split the line.
fn named_delimiter(record: &CsvRecord, delimiter: u8) -> Option<u8> {
    let mut cells = record.cells();
    let (name, named) = cells.next()?.split_at_checked(4)?;
    let named = match (named, cells.next(), cells.next()) {
        ([named], None, _) => *named,
        ([], Some([]), None) => delimiter,
        _ => return None,
    };
    let is_possible = named.is_ascii() && !named.is_ascii_alphanumeric() && !b"\"\r\n".contains(&named);
    (is_possible && name.eq_ignore_ascii_case(b"sep=")).then_some(named)
}

fn conflict(named: u8, delimiter: u8) -> String {
    format!(
        "the file names the delimiter {:?}, and --delimiter is {:?}: omit --delimiter, or remove the first line",
        char::from(named),
        char::from(delimiter)
    )
}

/// Parses a line. An empty cell sets no field.
fn parse(columns: &[Column], record: &CsvRecord, is_raw: bool) -> Result<Record, String> {
    check_length(columns, record)?;
    let (mut fields, mut metafields) = (Map::new(), Map::new());
    let mut addresses: Vec<Map<String, Value>> = Vec::new();
    for (index, (column, cell)) in columns.iter().zip(record.cells()).enumerate() {
        if cell.is_empty() || *column == Column::Ignored {
            continue;
        }
        let cell = std::str::from_utf8(cell).map_err(|_| NOT_UTF_8.to_owned())?;
        let text = if is_raw { cell } else { unguarded(cell) };
        match column {
            Column::Text(name) => match name.as_str() {
                // No export has passwords, and no hash begins as a formula.
                "password" | "password_hash" => put_text(&mut fields, name, cell),
                "status" => put_text(&mut fields, name, status(text)),
                _ => put_text(&mut fields, name, text),
            },
            Column::Json(name) => {
                fields.insert(name.clone(), parse_json(name, cell)?);
            }
            Column::Address(number, field) => {
                if addresses.len() < *number {
                    addresses.resize_with(*number, Map::new);
                }
                let address = &mut addresses[number - 1];
                match boolean_of_text(text).filter(|_| field == "is_default") {
                    Some(flag) => {
                        address.insert(field.clone(), flag.into());
                    }
                    None => put_text(address, field, text),
                }
            }
            Column::Metafield(namespace, key) => {
                let namespace = metafields.entry(namespace).or_insert_with(|| Value::Object(Map::new()));
                namespace[key] = text.into();
            }
            Column::Nameless => return Err(format!("cell {} is in a column without a name", index + 1)),
            Column::Ignored => {}
        }
    }
    // An address without a value stays in the list, so that the others keep their positions.
    if !addresses.is_empty() {
        fields.insert("addresses".to_owned(), addresses.into_iter().map(Value::Object).collect());
    }
    let is_text = !metafields.is_empty();
    if is_text {
        fields.insert("metafields".to_owned(), metafields.into());
    }
    Ok(Record { fields, is_text })
}

/// Checks that a line has a cell for each column. Additional empty cells are ignored, as additional empty columns are.
fn check_length(columns: &[Column], record: &CsvRecord) -> Result<(), String> {
    let mut additional = record.cells().skip(columns.len());
    if record.len() < columns.len() || additional.any(|cell| !cell.is_empty()) {
        return Err(format!("{} cells instead of {}", record.len(), columns.len()));
    }
    Ok(())
}

/// Sets a text, or appends it to that of an earlier column with the same field.
fn put_text(fields: &mut Map<String, Value>, name: &str, text: &str) {
    if let Some(Value::String(earlier)) = fields.get_mut(name) {
        earlier.push(' ');
        earlier.push_str(text);
        return;
    }
    fields.insert(name.to_owned(), text.into());
}

/// The status `0` or `1` of a text such as `TRUE` or `disabled`; any other text as it is.
fn status(text: &str) -> &str {
    let is_enabled = match text.trim() {
        word if word.eq_ignore_ascii_case("enabled") => Some(true),
        word if word.eq_ignore_ascii_case("disabled") => Some(false),
        word => boolean_of_text(word),
    };
    match is_enabled {
        Some(true) => "1",
        Some(false) => "0",
        None => text,
    }
}

fn parse_json(name: &str, cell: &str) -> Result<Value, String> {
    let value = serde_json::from_str(cell).map_err(|_| format!("{name} is not JSON"))?;
    match inexact_number(cell.as_bytes()) {
        Some(reason) => Err(format!("{name}: {reason}")),
        None => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::{Value, json};

    use crate::service::import::Line;
    use crate::transfer::{ColumnMap, CsvFormat, FileError, Format, read as read_file};

    type Numbered = (u64, Result<Value, String>);

    fn read_with(text: &str, format: CsvFormat, map: &[&str]) -> Result<Vec<Numbered>, String> {
        let map: Vec<String> = map.iter().map(|text| (*text).to_owned()).collect();
        let map = ColumnMap::new(None, &map).unwrap();
        let lines = read_file(Format::Csv(format), None, Cursor::new(text.to_owned()), &map);
        let line = |line: Result<Line, FileError>| {
            let line = line.map_err(|error| error.to_string())?;
            Ok((line.number, line.record.map(|record| Value::Object(record.fields))))
        };
        lines.map_err(|error| error.to_string())?.map(line).collect()
    }

    fn read(text: &str) -> Result<Vec<Numbered>, String> {
        read_with(text, CsvFormat::with_delimiter(b','), &[])
    }

    #[test]
    fn columns_are_fields_and_parts_of_fields() {
        let text = "\u{FEFF}email,addresses.1.city,addresses.2.is_default,metafields.custom.size,meta_data\r\n\
                    a@x.io,\"Ulm,\r\n\"\"Donau\"\"\",true,12,\"{\"\"a\"\": 1}\"\r\n\r\nb@x.io,,,,\r\n\
                    c@x.io\r\nd@x.io,,,,{\r\ne@x.io,,,,{\"\"\r\nf@x.io,,,,\"[1e400]\"\ng@x.io,,,,[0.1000000000000000055]\n";
        let first = json!({
            "email": "a@x.io", "addresses": [{"city": "Ulm,\r\n\"Donau\""}, {"is_default": true}],
            "metafields": {"custom": {"size": "12"}}, "meta_data": {"a": 1},
        });
        let refused = |line, reason: &str| (line, Err(reason.to_owned()));
        let mut lines = read(text).unwrap();
        let inexact = lines.pop().unwrap();
        let inside = lines.remove(4);
        let expected = vec![
            (2, Ok(first)),
            (5, Ok(json!({"email": "b@x.io"}))),
            refused(6, "1 cells instead of 5"),
            refused(7, "meta_data is not JSON"),
            refused(9, "meta_data is not JSON"),
        ];
        assert_eq!(lines, expected);
        assert!(inside.0 == 8 && inside.1.unwrap_err().starts_with("a quotation mark inside a cell"));
        assert!(inexact.0 == 10 && inexact.1.unwrap_err().starts_with("meta_data: The number 0.1000"));
    }

    /// The apostrophe that an export puts before a formula. A password is typed as it is.
    #[test]
    fn the_apostrophe_before_a_formula_is_removed() {
        let text = "full_name,password,addresses.1.telephone,metafields.custom.motto\n'=1+1,'=1+1,'+49,'-\n";
        let expected = json!({
            "full_name": "=1+1", "password": "'=1+1", "addresses": [{"telephone": "+49"}],
            "metafields": {"custom": {"motto": "-"}},
        });
        assert_eq!(read(text), Ok(vec![(2, Ok(expected))]));
        let raw = CsvFormat { is_raw: true, ..CsvFormat::with_delimiter(b',') };
        let expected = json!({
            "full_name": "'=1+1", "password": "'=1+1", "addresses": [{"telephone": "'+49"}],
            "metafields": {"custom": {"motto": "'-"}},
        });
        assert_eq!(read_with(text, raw, &[]), Ok(vec![(2, Ok(expected))]));
    }

    #[test]
    fn a_first_line_may_name_the_delimiter() {
        let row = vec![(3, Ok(json!({"email": "a@x.io", "full_name": "A,\tB"})))];
        for delimiter in [b',', b';', b'\t'] {
            for first in ["sep=;", "SEP=;", "\"sep=;\""] {
                let text = format!("{first}\r\nemail;full_name\r\na@x.io;A,\tB\r\n");
                assert_eq!(
                    read_with(&text, CsvFormat::with_delimiter(delimiter), &[]),
                    Ok(row.clone()),
                    "{first}"
                );
            }
        }
        let given = CsvFormat { is_delimiter_given: true, ..CsvFormat::with_delimiter(b';') };
        assert_eq!(read_with("sep=;\nemail;full_name\na@x.io;A,\tB", given, &[]), Ok(row));
        let error = read_with("sep=,\nemail,full_name", given, &[]).unwrap_err();
        assert!(
            error.starts_with("line 1: the file names the delimiter ',', and --delimiter is ';'"),
            "{error}"
        );
        assert!(read("sep=;;\nemail").unwrap_err().contains("no field \"sep=;;\""));
    }

    #[test]
    fn booleans_are_those_of_spreadsheets() {
        for (text, status, flag) in [
            ("TRUE", json!("1"), json!(true)),
            ("no", json!("0"), json!(false)),
            ("1", json!("1"), json!(true)),
            ("Disabled", json!("0"), json!("Disabled")),
            ("2", json!("2"), json!("2")),
        ] {
            let line = read(&format!("status,addresses.1.is_default\n{text},{text}\n")).unwrap().remove(0);
            assert_eq!(line.1, Ok(json!({"status": status, "addresses": [{"is_default": flag}]})), "{text}");
        }
    }

    #[test]
    fn mapped_columns_have_other_fields_and_are_joined() {
        let map = [
            "First=full_name",
            "Middle=full_name",
            "LAST=full_name",
            "Notes=",
            "Street=addresses.1.address_1",
        ];
        let text = "first,Middle,Last,NOTES,Street,email\nAda,,Test,x,'=1,a@x.io\n,,,\"\u{FF}\",,b@x.io\n";
        let expected =
            json!({"full_name": "Ada Test", "addresses": [{"address_1": "=1"}], "email": "a@x.io"});
        let expected = vec![(2, Ok(expected)), (3, Ok(json!({"email": "b@x.io"})))];
        let comma = CsvFormat::with_delimiter(b',');
        assert_eq!(read_with(text, comma, &map), Ok(expected));
        let error = read_with("first,full_name\n", comma, &["First=full_name", "X=email"]).unwrap_err();
        assert!(error.contains("the column \"full_name\" occurs twice"), "{error}");
        assert!(error.contains("there is no column \"X\", which --map names"), "{error}");
    }

    #[test]
    fn an_unclosed_quotation_mark_does_not_fill_the_memory() {
        let text = format!("email\n\"{}", "a\n".repeat(3 * 1024 * 1024));
        assert!(read(&text).unwrap_err().starts_with("line 2: a customer of more than 4 MiB"));
    }
}

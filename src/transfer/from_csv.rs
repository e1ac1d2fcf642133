//! Reads customers from CSV. The first line has the field name of each column. A dotted name is a nested field:
//! `addresses.1.city`, `metafields.custom.size`.

use std::io::BufRead;

use csv::{ByteRecord, ErrorKind, ReaderBuilder, Terminator};
use serde_json::{Map, Value};

use super::file_error::{FileError, MAX_RECORD};
use super::formula::unguarded;
use super::record_source::RecordSource;
use crate::service::import::{Line, Record};

/// The field for the cells of a column.
#[derive(Debug, PartialEq, Eq)]
enum Column {
    /// A text field.
    Text(String),
    /// A field whose cells are JSON.
    Json(String),
    /// A field of an address: the number of the address, from 1, and the field name.
    Address(usize, String),
    /// A custom field: its namespace and its key.
    Metafield(String, String),
}

impl Column {
    fn parse(name: &str) -> Result<Self, String> {
        let unknown = || format!("there is no field \"{}\"", name.chars().take(64).collect::<String>());
        let (parent, child) =
            name.split_once('.').map_or((name, None), |(parent, child)| (parent, Some(child)));
        match (parent, child) {
            ("metafields", Some(child)) => {
                let (namespace, key) = child.split_once('.').ok_or_else(unknown)?;
                Ok(Self::Metafield(namespace.to_owned(), key.to_owned()))
            }
            ("addresses", Some(child)) => {
                let (number, field) = child.split_once('.').ok_or_else(unknown)?;
                let number: usize = number.parse().map_err(|_| unknown())?;
                // No customer has more than 100 addresses, and a large number would allocate a long list.
                if !(1..=100).contains(&number) || !Record::ADDRESS_FIELDS.contains(&field) {
                    return Err(unknown());
                }
                Ok(Self::Address(number, field.to_owned()))
            }
            ("meta_data" | "metafields" | "addresses", None) => Ok(Self::Json(name.to_owned())),
            (_, None) if Record::FIELDS.contains(&name) => Ok(Self::Text(name.to_owned())),
            _ => Err(unknown()),
        }
    }
}

/// Reads the lines after the header.
///
/// # Errors
/// When the header can't be read or is invalid.
pub(super) fn lines(
    input: impl BufRead,
    delimiter: u8,
) -> Result<impl Iterator<Item = Result<Line, FileError>>, FileError> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .terminator(Terminator::Any(b'\n'))
        .from_reader(RecordSource::new(input));
    let mut next = move |record: &mut ByteRecord| {
        loop {
            reader.get_mut().start_record(MAX_RECORD);
            let read = reader.read_byte_record(record);
            let source = reader.get_ref();
            match read {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => {
                    return Err(match error.into_kind() {
                        ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                            FileError::TooLong(source.start_line())
                        }
                        ErrorKind::Io(error) => error.into(),
                        // The other kinds concern UTF-8 and record lengths, which this reader doesn't check.
                        _ => std::io::Error::from(std::io::ErrorKind::InvalidData).into(),
                    });
                }
            }
            if source.ends_in_return() {
                trim_return(record);
            }
            // Lines without a value, which spreadsheets append, are ignored.
            if record.iter().any(|cell| !cell.is_empty()) {
                return Ok(Some(source.start_line()));
            }
        }
    };
    let mut record = ByteRecord::new();
    let Some(number) = next(&mut record)? else {
        return Err(FileError::Header(1, "the file is empty".to_owned()));
    };
    let columns = columns(&record, delimiter).map_err(|reason| FileError::Header(number, reason))?;
    Ok(std::iter::from_fn(move || match next(&mut record) {
        Ok(Some(number)) => Some(Ok(Line { number, record: parse(&columns, &record) })),
        Ok(None) => None,
        Err(error) => Some(Err(error)),
    }))
}

/// Removes the carriage return before a line feed from the last cell. The reader searches for line feeds only: if it
/// accepted both terminators, the end of a record would be ambiguous.
fn trim_return(record: &mut ByteRecord) {
    if let Some(cell) = record.iter().next_back()
        && let Some(trimmed) = cell.strip_suffix(b"\r")
    {
        let trimmed = trimmed.to_vec();
        record.truncate(record.len() - 1);
        record.push_field(&trimmed);
    }
}

fn columns(header: &ByteRecord, delimiter: u8) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    for name in header {
        let name = std::str::from_utf8(name).map_err(|_| "not UTF-8".to_owned())?.trim();
        let column = Column::parse(name).map_err(|reason| {
            let other = [',', ';', '\t']
                .into_iter()
                .find(|c| u32::from(*c) != u32::from(delimiter) && name.contains(*c));
            match other {
                Some(other) => {
                    format!("{reason}; if cells are separated by {other:?}, use --delimiter {other:?}")
                }
                None => reason,
            }
        })?;
        if columns.contains(&column) {
            return Err(format!("the column \"{name}\" occurs twice"));
        }
        columns.push(column);
    }
    for whole in ["addresses", "metafields"] {
        let is_part = |column: &Column| match column {
            Column::Address(..) => whole == "addresses",
            Column::Metafield(..) => whole == "metafields",
            _ => false,
        };
        if columns.contains(&Column::Json(whole.to_owned())) && columns.iter().any(is_part) {
            return Err(format!("there are both a column \"{whole}\" and columns for parts of it"));
        }
    }
    Ok(columns)
}

/// Parses a line. An empty cell sets no field.
fn parse(columns: &[Column], record: &ByteRecord) -> Result<Record, String> {
    if record.len() != columns.len() {
        return Err(format!("{} cells instead of {}", record.len(), columns.len()));
    }
    let (mut fields, mut metafields) = (Map::new(), Map::new());
    let mut addresses: Vec<Map<String, Value>> = Vec::new();
    for (column, cell) in columns.iter().zip(record) {
        let Ok(cell) = std::str::from_utf8(cell) else {
            return Err("not UTF-8".to_owned());
        };
        if cell.is_empty() {
            continue;
        }
        match column {
            Column::Text(name) => {
                // No export has passwords.
                let text = if name == "password" { cell } else { unguarded(cell) };
                fields.insert(name.clone(), text.into());
            }
            Column::Json(name) => {
                let value = serde_json::from_str(cell).map_err(|_| format!("{name} is not JSON"))?;
                fields.insert(name.clone(), value);
            }
            Column::Address(number, field) => {
                if addresses.len() < *number {
                    addresses.resize_with(*number, Map::new);
                }
                let value = match cell {
                    "true" if field == "is_default" => true.into(),
                    "false" if field == "is_default" => false.into(),
                    text => unguarded(text).into(),
                };
                addresses[number - 1].insert(field.clone(), value);
            }
            Column::Metafield(namespace, key) => {
                let namespace = metafields.entry(namespace).or_insert_with(|| Value::Object(Map::new()));
                namespace[key] = unguarded(cell).into();
            }
        }
    }
    addresses.retain(|address| !address.is_empty());
    if !addresses.is_empty() {
        fields.insert("addresses".to_owned(), addresses.into_iter().map(Value::Object).collect());
    }
    let is_text = !metafields.is_empty();
    if is_text {
        fields.insert("metafields".to_owned(), metafields.into());
    }
    Ok(Record { fields, is_text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    type Numbered = (u64, Result<Value, String>);

    fn read(text: &str, delimiter: u8) -> Result<Vec<Numbered>, String> {
        let lines =
            lines(std::io::Cursor::new(text.to_owned()), delimiter).map_err(|error| error.to_string())?;
        let line = |line: Result<Line, FileError>| {
            let line = line.map_err(|error| error.to_string())?;
            Ok((line.number, line.record.map(|record| Value::Object(record.fields))))
        };
        lines.map(line).collect()
    }

    #[test]
    fn columns_are_fields_and_parts_of_fields() {
        let text = "\u{FEFF}email,addresses.1.city,addresses.2.is_default,metafields.custom.size,meta_data\r\n\
                    a@x.io,\"Ulm,\r\n\"\"Donau\"\"\",true,12,\"{\"\"a\"\": 1}\"\r\n\r\nb@x.io,,,,\r\n\
                    c@x.io\r\nd@x.io,,,,{\r\n";
        let first = json!({
            "email": "a@x.io", "addresses": [{"city": "Ulm,\r\n\"Donau\""}, {"is_default": true}],
            "metafields": {"custom": {"size": "12"}}, "meta_data": {"a": 1},
        });
        let expected = vec![
            (2, Ok(first)),
            (5, Ok(json!({"email": "b@x.io"}))),
            (6, Err("1 cells instead of 5".to_owned())),
            (7, Err("meta_data is not JSON".to_owned())),
        ];
        assert_eq!(read(text, b','), Ok(expected));
    }

    #[test]
    fn line_breaks_inside_quotation_marks_are_kept_and_counted() {
        let text = "\u{FEFF}\nemail,full_name\n\na,\"A\r\"\r\n\"b\r\n\",B\r\nc,\"C\nis not closed";
        let line = |number, email: &str, name: &str| (number, Ok(json!({"email": email, "full_name": name})));
        let expected = vec![line(4, "a", "A\r"), line(5, "b\r\n", "B"), line(7, "c", "C\nis not closed")];
        assert_eq!(read(text, b','), Ok(expected));
    }

    /// The apostrophe that an export puts before a formula. A password is typed as it is.
    #[test]
    fn the_apostrophe_before_a_formula_is_removed() {
        let text = "full_name,password,addresses.1.telephone,metafields.custom.motto\n'=1+1,'=1+1,'+49,'-\n";
        let expected = json!({
            "full_name": "=1+1", "password": "'=1+1", "addresses": [{"telephone": "+49"}],
            "metafields": {"custom": {"motto": "-"}},
        });
        assert_eq!(read(text, b','), Ok(vec![(2, Ok(expected))]));
    }

    #[test]
    fn an_invalid_header_is_refused() {
        for (header, delimiter, expected) in [
            ("", b',', "line 1: the file is empty"),
            ("email,e-mail", b',', "line 1: there is no field \"e-mail\""),
            ("email;status", b',', "if cells are separated by ';', use --delimiter ';'"),
            ("\r\n\nemail,email", b',', "line 3: the column \"email\" occurs twice"),
            ("addresses.0.city", b',', "no field \"addresses.0.city\""),
            ("addresses.101.city", b',', "no field \"addresses.101.city\""),
            ("addresses.1.customer_id", b',', "no field"),
            ("addresses,addresses.1.city", b',', "both a column \"addresses\" and columns for parts of it"),
            ("password.x", b',', "no field"),
        ] {
            let error = read(header, delimiter).unwrap_err();
            assert!(error.contains(expected), "{header}: {error}");
        }
        assert_eq!(
            read("email;status\na@x.io;0\n", b';').unwrap()[0].1,
            Ok(json!({"email": "a@x.io", "status": "0"}))
        );
    }

    #[test]
    fn an_unclosed_quotation_mark_does_not_fill_the_memory() {
        let text = format!("email\n\"{}", "a\n".repeat(3 * MAX_RECORD as usize));
        assert!(read(&text, b',').unwrap_err().starts_with("line 2: a customer of more than 4 MiB"));
    }
}

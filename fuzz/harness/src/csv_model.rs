//! A simple and strict reader of CSV (RFC 4180), as a reference for the reader of imports. It has the whole text, and looks
//! ahead instead of keeping a state.

use patron::types::inexact_number;
use serde_json::{Map, Value};

/// A record with the number of its first line: its cells, or none if it is malformed.
pub(crate) type ModelRecord = (u64, Option<Vec<Vec<u8>>>);

/// The records of a file that are not blank, from the header on. A first line such as `sep=;` names the delimiter.
pub(crate) fn records(text: &[u8], delimiter: u8) -> Vec<ModelRecord> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let found = split(text, delimiter);
    let first = found.first().and_then(|(_, cells)| cells.as_ref()).map(|cells| cells.join(&delimiter));
    match first.as_deref() {
        Some([b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', named])
            if named.is_ascii() && !named.is_ascii_alphanumeric() && !b"\"\r\n".contains(named) =>
        {
            split(text, *named).split_off(1)
        }
        _ => found,
    }
}

fn split(text: &[u8], delimiter: u8) -> Vec<ModelRecord> {
    let mut records = Vec::new();
    let (mut line, mut rest, mut lines) = (1, text, LineEnds::Unknown);
    while !rest.is_empty() {
        let (cells, content) = cells(rest, delimiter, lines);
        if cells.as_ref().is_none_or(|cells| cells.iter().any(|cell| !cell.is_empty())) {
            records.push((line, cells));
        }
        line += lines.count(&rest[..content]) + 1;
        let end = line_end(rest, content, lines).unwrap_or(0);
        if lines == LineEnds::Unknown && end > 0 {
            lines = if rest[content..content + end] == *b"\r" { LineEnds::Return } else { LineEnds::Feed };
        }
        rest = &rest[content + end..];
    }
    records
}

/// What ends the lines of a file: the first line decides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnds {
    Unknown,
    Feed,
    Return,
}

impl LineEnds {
    /// The number of lines that end in a text.
    fn count(self, text: &[u8]) -> u64 {
        let ends = (0..text.len()).filter(|at| match text[*at] {
            b'\n' => self != Self::Return || *at == 0 || text[at - 1] != b'\r',
            b'\r' => self == Self::Return,
            _ => false,
        });
        ends.count() as u64
    }
}

/// The length of the line end at a position, if there is one.
fn line_end(text: &[u8], at: usize, lines: LineEnds) -> Option<usize> {
    match &text[at..] {
        [b'\r', b'\n', ..] => Some(2),
        [b'\n', ..] | [b'\r'] => Some(1),
        [b'\r', ..] => (lines != LineEnds::Feed).then_some(1),
        _ => None,
    }
}

/// The cells of the first record, and its length without the line end.
fn cells(text: &[u8], delimiter: u8, lines: LineEnds) -> (Option<Vec<Vec<u8>>>, usize) {
    let (mut cells, mut at) = (Vec::new(), 0);
    loop {
        let (cell, end) = cell(&text[at..], delimiter, lines);
        at += end;
        let ends_well = at == text.len() || text[at] == delimiter || line_end(text, at, lines).is_some();
        let Some(cell) = cell.filter(|_| ends_well) else {
            // The rest of the line is not read.
            let is_end = |at: &usize| text[*at] == b'\n' || text[*at] == b'\r' && lines != LineEnds::Feed;
            return (None, (at..text.len()).find(is_end).unwrap_or(text.len()));
        };
        cells.push(cell);
        if at == text.len() || text[at] != delimiter {
            return (Some(cells), at);
        }
        at += 1;
    }
}

/// The first cell, or none if it is malformed, and the number of bytes that were read.
fn cell(text: &[u8], delimiter: u8, lines: LineEnds) -> (Option<Vec<u8>>, usize) {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let is_end = |at: &usize| text[*at] == delimiter || line_end(text, *at, lines).is_some();
        let end = (0..text.len()).find(is_end).unwrap_or(text.len());
        return match text[..end].iter().position(|byte| b"\"\r".contains(byte)) {
            Some(wrong) => (None, wrong),
            None => (Some(text[..end].to_vec()), end),
        };
    };
    let mut cell = Vec::new();
    let mut at = 0;
    loop {
        match &quoted[at..] {
            [] => return (None, text.len()),
            [b'"', b'"', ..] => {
                cell.push(b'"');
                at += 2;
            }
            [b'"', ..] => return (Some(cell), at + 2),
            [byte, ..] => {
                cell.push(*byte);
                at += 1;
            }
        }
    }
}

/// The fields that the import should read from a record; none if the record is invalid.
pub(crate) fn fields(header: &[String], cells: &[Vec<u8>]) -> Option<Map<String, Value>> {
    if header.len() > cells.len() || cells[header.len()..].iter().any(|cell| !cell.is_empty()) {
        return None;
    }
    let mut fields = Map::new();
    let mut addresses = std::collections::BTreeMap::<usize, Map<String, Value>>::new();
    let mut custom = Map::new();
    let texts: Option<Vec<&str>> = cells.iter().map(|cell| std::str::from_utf8(cell).ok()).collect();
    for (name, cell) in header.iter().zip(texts?).filter(|(_, cell)| !cell.is_empty()) {
        let mut parts = name.splitn(3, '.');
        match (parts.next()?, parts.next(), parts.next()) {
            ("addresses", Some(number), Some(field)) => {
                let address = addresses.entry(number.parse().ok()?).or_default();
                let flag = boolean(text_of(cell)).filter(|_| field == "is_default");
                address.insert(field.to_owned(), flag.map_or_else(|| text_of(cell).into(), Value::Bool));
            }
            ("metafields", Some(namespace), Some(key)) => {
                custom.entry(namespace).or_insert_with(|| Map::new().into())[key] = text_of(cell).into();
            }
            ("meta_data" | "metafields" | "addresses", ..) => {
                let value = serde_json::from_str(cell).ok();
                fields.insert(name.clone(), value.filter(|_| inexact_number(cell.as_bytes()).is_none())?);
            }
            ("status", ..) => {
                let text = match text_of(cell).trim().to_ascii_lowercase().as_str() {
                    "enabled" => "1",
                    "disabled" => "0",
                    _ => boolean(text_of(cell)).map_or(text_of(cell), |flag| if flag { "1" } else { "0" }),
                };
                fields.insert(name.clone(), text.into());
            }
            ("password" | "password_hash", ..) => {
                fields.insert(name.clone(), cell.into());
            }
            // A column without a name.
            ("", ..) => return None,
            _ => {
                fields.insert(name.clone(), text_of(cell).into());
            }
        }
    }
    if let Some(last) = addresses.keys().next_back().copied() {
        let positions = (1..=last).map(|number| addresses.remove(&number).unwrap_or_default());
        fields.insert("addresses".to_owned(), positions.map(Value::Object).collect());
    }
    if !custom.is_empty() {
        fields.insert("metafields".to_owned(), custom.into());
    }
    Some(fields)
}

fn boolean(cell: &str) -> Option<bool> {
    match cell.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// The text of a cell. An export puts an apostrophe before apostrophes and the first character of a formula.
fn text_of(cell: &str) -> &str {
    let mut rest = cell.chars().skip_while(|character| *character == '\'');
    match rest.next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠') => {
            cell.strip_prefix('\'').unwrap_or(cell)
        }
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::{ModelRecord, records};

    fn cells(line: u64, cells: &[&str]) -> ModelRecord {
        (line, Some(cells.iter().map(|cell| cell.as_bytes().to_vec()).collect()))
    }

    #[test]
    fn the_model_follows_rfc_4180() {
        let text = b"\xEF\xBB\xBFa,b\r\n\"x,\r\n\"\"y\"\"\",\r\n\r\n,\"\r\"\nx\"y,\n\"a\"b,\"\nc\rd,\n\"open";
        let expected = vec![
            cells(1, &["a", "b"]),
            cells(2, &["x,\r\n\"y\"", ""]),
            cells(5, &["", "\r"]),
            (6, None),
            (7, None),
            (8, None),
            (9, None),
        ];
        assert_eq!(records(text, b','), expected);
        let expected =
            vec![cells(1, &["a", "b"]), cells(2, &["x\r\r\ny", ""]), cells(5, &["", "z"]), cells(7, &["d"])];
        assert_eq!(records(b"a,b\r\"x\r\r\ny\",\r,z\r\rd", b','), expected);
        assert_eq!(records(b"sep=;\na;b", b','), [cells(2, &["a", "b"])]);
    }
}

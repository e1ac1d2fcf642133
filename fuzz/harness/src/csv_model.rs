//! A simple reader of CSV (RFC 4180), as a reference for the reader of imports.

use serde_json::{Map, Value};

/// The non-empty records of a file, each with the number of its first line.
pub(crate) fn records(text: &[u8], delimiter: u8) -> Vec<(u64, Vec<Vec<u8>>)> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut records = Vec::new();
    let (mut line, mut rest) = (1, text);
    while !rest.is_empty() {
        let first_line = line;
        let mut cells = Vec::new();
        loop {
            let (cell, end) = cell(rest, delimiter);
            let is_last = rest.get(end) != Some(&delimiter);
            line += rest[..end].iter().filter(|byte| **byte == b'\n').count() as u64;
            rest = rest.get(end + 1..).unwrap_or_default();
            cells.push(cell);
            if is_last {
                break;
            }
        }
        line += 1;
        if cells.iter().any(|cell| !cell.is_empty()) {
            records.push((first_line, cells));
        }
    }
    records
}

/// Reads a cell, and returns it with the position of its delimiter or line end. A carriage return before a line end is not
/// part of the cell.
fn cell(text: &[u8], delimiter: u8) -> (Vec<u8>, usize) {
    let is_end = |byte: u8| byte == delimiter || byte == b'\n';
    let mut cell = Vec::new();
    let mut at = 0;
    if text.first() == Some(&b'"') {
        at = 1;
        while at < text.len() {
            match (text[at], text.get(at + 1)) {
                (b'"', Some(b'"')) => at += 1,
                (b'"', _) => break,
                _ => {}
            }
            cell.push(text[at]);
            at += 1;
        }
        if at == text.len() {
            // The quotation mark is never closed, so the cell ends with the file.
            let tail = cell.strip_suffix(b"\r").map(<[u8]>::to_vec);
            return (tail.unwrap_or(cell), at);
        }
        at += 1;
    }
    let rest = &text[at..];
    let length = rest.iter().position(|byte| is_end(*byte)).unwrap_or(rest.len());
    let end = at + length;
    let mut tail = &rest[..length];
    if text.get(end) != Some(&delimiter) {
        tail = tail.strip_suffix(b"\r").unwrap_or(tail);
    }
    cell.extend_from_slice(tail);
    (cell, end)
}

/// The fields that the import should read from a record; none if the record is invalid.
pub(crate) fn fields(header: &[String], cells: &[Vec<u8>]) -> Option<Map<String, Value>> {
    if header.len() != cells.len() {
        return None;
    }
    let mut fields = Map::new();
    let mut addresses = std::collections::BTreeMap::<usize, Map<String, Value>>::new();
    let mut custom = Map::new();
    let texts: Option<Vec<&str>> = cells.iter().map(|cell| std::str::from_utf8(cell).ok()).collect();
    for (name, cell) in header.iter().zip(texts?).filter(|(_, cell)| !cell.is_empty()) {
        let mut parts = name.splitn(3, '.');
        match (parts.next()?, parts.next(), parts.next()) {
            ("addresses", Some(number), Some("is_default")) if cell == "true" || cell == "false" => {
                let address = addresses.entry(number.parse().ok()?).or_default();
                address.insert("is_default".to_owned(), (cell == "true").into());
            }
            ("addresses", Some(number), Some(field)) => {
                let address = addresses.entry(number.parse().ok()?).or_default();
                address.insert(field.to_owned(), text_of(cell).into());
            }
            ("metafields", Some(namespace), Some(key)) => {
                custom.entry(namespace).or_insert_with(|| Map::new().into())[key] = text_of(cell).into();
            }
            ("meta_data" | "metafields" | "addresses", ..) => {
                fields.insert(name.clone(), serde_json::from_str(cell).ok()?);
            }
            ("password", ..) => {
                fields.insert(name.clone(), cell.into());
            }
            _ => {
                fields.insert(name.clone(), text_of(cell).into());
            }
        }
    }
    if !addresses.is_empty() {
        fields.insert("addresses".to_owned(), addresses.into_values().map(Value::Object).collect());
    }
    if !custom.is_empty() {
        fields.insert("metafields".to_owned(), custom.into());
    }
    Some(fields)
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
    use super::records;

    #[test]
    fn the_model_follows_rfc_4180() {
        let text = b"\xEF\xBB\xBFa,b\r\n\"x,\r\n\"\"y\"\"\",\r\n\r\n,\"\r\"\n\"open";
        let cells = |cells: &[&str]| cells.iter().map(|cell| cell.as_bytes().to_vec()).collect::<Vec<_>>();
        let expected = vec![
            (1, cells(&["a", "b"])),
            (2, cells(&["x,\r\n\"y\"", ""])),
            (5, cells(&["", "\r"])),
            (6, cells(&["open"])),
        ];
        assert_eq!(records(text, b','), expected);
    }
}

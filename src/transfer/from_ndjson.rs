//! Reads customers from NDJSON: a JSON object on each line.

use std::io::{BufRead, Read};

use serde_json::Value;

use super::encoding::NOT_UTF_8;
use super::file_error::{FileError, MAX_RECORD};
use crate::service::import::{Line, Record};
use crate::types::inexact_number;

/// Reads the lines. A line that can't be parsed is reported with its number, and reading continues with the next line.
pub(super) fn lines(mut input: impl BufRead) -> impl Iterator<Item = Result<Line, FileError>> {
    let mut number = 0;
    std::iter::from_fn(move || {
        loop {
            number += 1;
            let mut bytes = Vec::new();
            let mut line = (&mut input).take(MAX_RECORD);
            match line.read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(error.into())),
            }
            let record = if bytes.len() as u64 == MAX_RECORD && bytes.last() != Some(&b'\n') {
                if let Err(error) = skip_line(&mut input) {
                    return Some(Err(error.into()));
                }
                Err("a customer of more than 4 MiB".to_owned())
            } else {
                if bytes.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                parse(&bytes)
            };
            return Some(Ok(Line { number, record }));
        }
    })
}

fn parse(text: &[u8]) -> Result<Record, String> {
    if std::str::from_utf8(text).is_err() {
        return Err(NOT_UTF_8.to_owned());
    }
    match serde_json::from_slice(text) {
        Ok(Value::Object(fields)) => match inexact_number(text) {
            Some(reason) => Err(reason),
            None => Ok(Record { fields, is_text: false }),
        },
        Ok(_) => Err("not a JSON object".to_owned()),
        // The position and the reason, without the text, which may contain passwords.
        Err(error) if error.is_eof() => Err("not JSON: unexpected end of the line".to_owned()),
        Err(error) if error.is_syntax() => Err(format!("not JSON: error at column {}", error.column())),
        Err(_) => Err("not JSON".to_owned()),
    }
}

/// Reads and discards the remaining line.
fn skip_line(input: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let (length, is_done) = (buffer.len(), end.is_some() || buffer.is_empty());
        input.consume(end.map_or(length, |end| end + 1));
        if is_done {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(u64, Result<usize, String>)> {
        let lines = lines(std::io::Cursor::new(text.to_vec())).map(Result::unwrap);
        lines.map(|line| (line.number, line.record.map(|record| record.fields.len()))).collect()
    }

    #[test]
    fn an_invalid_line_is_reported_with_its_number() {
        let text =
            b"{\"email\": \"a@x.io\"}\r\n\n[1]\n{\"email\": }\n\xFF\n{\"a\":\n{\"a\": 1, \"b\": 2}\n{\"a\": 1e-400}";
        let refused = |reason: &str| Err(reason.to_owned());
        let expected = vec![
            (1, Ok(1)),
            (3, refused("not a JSON object")),
            (4, refused("not JSON: error at column 11")),
            (5, refused(NOT_UTF_8)),
            (6, refused("not JSON: unexpected end of the line")),
            (7, Ok(2)),
            (
                8,
                refused(
                    "The number 1e-400 can't be kept exactly: use at most 15 digits, a 64-bit integer, or a string",
                ),
            ),
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn an_overlong_line_is_skipped() {
        let mut text = vec![b'x'; 3 * MAX_RECORD as usize];
        text.extend(b"\n{}\n");
        assert_eq!(read(&text), vec![(1, Err("a customer of more than 4 MiB".to_owned())), (2, Ok(0))]);
    }
}

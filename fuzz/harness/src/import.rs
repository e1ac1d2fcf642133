//! Files of customers (`src/transfer/`), and the outcomes of their lines (`src/service/import/`).
//!
//! The first byte of an input selects the format, and whether a part of the file is made very long.

use std::io::{BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use patron::service::import::{self, Import, Line, Options};
use patron::transfer::{self, ColumnMap, CsvFormat, FileError, Format};
use patron::types::inexact_number;
use serde_json::Value;

use crate::World;
use crate::csv_model;

/// The maximum size of a customer in bytes.
const MAX_RECORD: u64 = 4 * 1024 * 1024;
/// The maximum number of bytes that are read ahead.
const BUFFER: u64 = 64 * 1024;

/// Every line of a file is read or refused once, under its number. The number of bytes read for one line is bounded. A dry
/// run reports the outcome of each line, in order.
///
/// # Panics
/// If a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let [selector, text @ ..] = input else { return };
    let format = match selector % 4 {
        0 => Format::Csv(CsvFormat::with_delimiter(b',')),
        1 => Format::Csv(CsvFormat::with_delimiter(b'\t')),
        2 => Format::Csv(CsvFormat::with_delimiter(b';')),
        _ => Format::Ndjson,
    };
    let text = match selector / 4 {
        // Rare, since it is slow.
        63 => lengthened(text),
        _ => text.to_vec(),
    };
    let Some(lines) = read(format, &text) else { return };
    match format {
        // Converted before it is read, and not modelled.
        _ if is_utf_16(&text) => {}
        Format::Ndjson => compare_ndjson(&text, &lines),
        Format::Csv(CsvFormat { delimiter, .. }) => compare_csv(&text, delimiter, &lines),
    }
    dry_run(world, lines);
}

/// Whether a file is recognised as UTF-16.
fn is_utf_16(text: &[u8]) -> bool {
    matches!(text, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, 1..=0xFF, ..] | [1..=0xFF, 0, ..])
}

/// Inserts more bytes than a customer may have after two thirds of a file.
fn lengthened(text: &[u8]) -> Vec<u8> {
    let (start, end) = text.split_at(text.len() - text.len() / 3);
    let filling = vec![*start.last().unwrap_or(&b'x'); usize::try_from(MAX_RECORD + 1).unwrap_or(0)];
    [start, &filling, end].concat()
}

/// Counts the bytes that are read.
struct CountingReader<R>(R, Arc<AtomicU64>);

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.0.read(buffer)?;
        self.1.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// Reads the lines of a file; none if reading fails.
fn read(format: Format, text: &[u8]) -> Option<Vec<Line>> {
    let count = Arc::new(AtomicU64::new(0));
    let input = CountingReader(std::io::Cursor::new(text.to_vec()), Arc::clone(&count));
    let mut lines = match transfer::read(format, None, BufReader::new(input), &ColumnMap::default()) {
        Ok(lines) => lines,
        Err(FileError::Header(number, reason)) => {
            assert!(!reason.is_empty() && reason.len() < 12_000, "{reason}");
            if let Format::Csv(CsvFormat { delimiter, .. }) = format
                && !is_utf_16(text)
            {
                let first = csv_model::records(text, delimiter).first().map_or(1, |(number, _)| *number);
                assert_eq!(number, first, "the header");
            }
            return None;
        }
        Err(FileError::TooLong(_)) => {
            assert!(text.len() as u64 >= MAX_RECORD, "a short file");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let mut read = Vec::new();
    loop {
        let before = count.load(Ordering::Relaxed);
        let line = lines.next();
        let bytes = count.load(Ordering::Relaxed) - before;
        // A longer line of JSON is skipped without being stored. In CSV, a record of that size fails the import.
        assert!(
            bytes <= MAX_RECORD + BUFFER || format == Format::Ndjson,
            "{bytes} bytes were read for one line"
        );
        match line {
            None => return Some(read),
            Some(Ok(line)) => read.push(line),
            Some(Err(FileError::TooLong(_))) => {
                assert!(text.len() as u64 >= MAX_RECORD, "a short file");
                return None;
            }
            Some(Err(error)) => panic!("{error}"),
        }
    }
}

fn compare_ndjson(text: &[u8], lines: &[Line]) {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let is_blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
    let expected = text.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !is_blank(line));
    let expected: Vec<(&[u8], u64)> = expected.collect();
    let numbers = |(_, number): &(&[u8], u64)| *number;
    let read: Vec<u64> = lines.iter().map(|line| line.number).collect();
    assert_eq!(read, expected.iter().map(numbers).collect::<Vec<_>>(), "the numbers of the lines");
    for (line, (text, number)) in lines.iter().zip(expected) {
        let fields = serde_json::from_slice::<Value>(text).ok().filter(|_| (text.len() as u64) < MAX_RECORD);
        let fields = fields.filter(|_| inexact_number(text).is_none());
        let fields = fields.and_then(|value| value.as_object().cloned());
        assert_eq!(line.record.as_ref().ok().map(|record| &record.fields), fields.as_ref(), "line {number}");
    }
}

fn compare_csv(text: &[u8], delimiter: u8, lines: &[Line]) {
    let mut expected = csv_model::records(text, delimiter).into_iter();
    let (_, header) = expected.next().expect("a header was read");
    let name = |cell: &Vec<u8>| {
        let name = String::from_utf8_lossy(cell).to_lowercase();
        name.split_whitespace().collect::<Vec<_>>().join("_")
    };
    let header: Vec<String> = header.expect("the header is valid").iter().map(name).collect();
    let expected: Vec<_> = expected.collect();
    let read: Vec<u64> = lines.iter().map(|line| line.number).collect();
    assert_eq!(
        read,
        expected.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        "the numbers of the lines"
    );
    for (line, (number, cells)) in lines.iter().zip(expected) {
        let fields = cells.and_then(|cells| csv_model::fields(&header, &cells));
        assert_eq!(line.record.as_ref().ok().map(|record| &record.fields), fields.as_ref(), "line {number}");
    }
}

/// Runs a dry run of the lines.
fn dry_run(world: &World, lines: Vec<Line>) {
    super::values::define(world);
    let numbers: Vec<u64> = lines.iter().map(|line| line.number).collect();
    let options =
        Options { dry_run: true, create_groups: numbers.len().is_multiple_of(2), ..Options::default() };
    let outcomes = world.run(async {
        let batch = import::prepare(&world.ctx, options, lines).await.expect("the batch is prepared");
        assert_eq!(batch.numbers().collect::<Vec<_>>(), numbers);
        Import::new(options).write(&world.ctx, batch).await.expect("the dry run succeeds")
    });
    assert_eq!(outcomes.len(), numbers.len(), "one outcome per line");
    for outcome in outcomes {
        if let import::ImportOutcome::Refused(problems) = outcome {
            assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.message.is_empty()));
        }
    }
}

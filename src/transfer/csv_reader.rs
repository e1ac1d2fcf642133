//! Reads the records of a CSV file. A malformed record is reported, and reading continues with the next line. A record that
//! exceeds its maximum size is an error, because the start of the next one is unknown.

use std::io::{BufRead, ErrorKind};

use super::csv_record::CsvRecord;
use super::csv_scanner::CsvScanner;
use super::file_error::{FileError, MAX_RECORD};

/// A record that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordRead {
    /// Its first line, from 1.
    pub(super) line: u64,
    /// Why its cells are not complete, if it is malformed.
    pub(super) malformed: Option<&'static str>,
}

/// Reads a file record by record.
pub(super) struct CsvReader<R> {
    input: R,
    scanner: CsvScanner,
}

impl<R: BufRead> CsvReader<R> {
    pub(super) fn new(input: R, delimiter: u8) -> Self {
        Self { input, scanner: CsvScanner::new(delimiter) }
    }

    /// Changes the byte between two cells.
    pub(super) fn set_delimiter(&mut self, delimiter: u8) {
        self.scanner.delimiter = delimiter;
    }

    /// Reads the next record that is not blank; none at the end of the file. Spreadsheets append records without a value.
    ///
    /// # Errors
    /// When the file can't be read, and when the record is too large.
    pub(super) fn read(&mut self, record: &mut CsvRecord) -> Result<Option<RecordRead>, FileError> {
        loop {
            match self.read_any(record)? {
                Some(read) if read.malformed.is_none() && record.is_blank() => {}
                read => return Ok(read),
            }
        }
    }

    fn read_any(&mut self, record: &mut CsvRecord) -> Result<Option<RecordRead>, FileError> {
        record.clear();
        let line = self.scanner.start();
        let mut remaining = usize::try_from(MAX_RECORD).unwrap_or(usize::MAX);
        loop {
            let available = match self.input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                available => available?,
            };
            if available.is_empty() {
                if !self.scanner.end_file(record) {
                    return Ok(None);
                }
                return Ok(Some(RecordRead { line, malformed: self.scanner.end(record) }));
            }
            let length = available.len().min(remaining);
            let (length, is_complete) = self.scanner.scan(&available[..length], record);
            self.input.consume(length);
            if is_complete {
                return Ok(Some(RecordRead { line, malformed: self.scanner.end(record) }));
            }
            remaining -= length;
            if remaining == 0 {
                return Err(FileError::TooLong(line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::super::csv_record::CsvRecord;
    use super::super::file_error::{FileError, MAX_RECORD};
    use super::CsvReader;

    type Read = (u64, Result<Vec<String>, &'static str>);

    /// Reads the records in pieces of this size.
    fn read(text: &[u8], capacity: usize) -> Result<Vec<Read>, FileError> {
        let mut reader = CsvReader::new(BufReader::with_capacity(capacity, Cursor::new(text)), b',');
        let (mut record, mut records) = (CsvRecord::default(), Vec::new());
        while let Some(read) = reader.read(&mut record)? {
            let cells = || record.cells().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
            records.push((read.line, read.malformed.map_or_else(|| Ok(cells()), Err)));
        }
        Ok(records)
    }

    fn cells(line: u64, cells: &[&str]) -> Read {
        (line, Ok(cells.iter().map(|cell| (*cell).to_owned()).collect()))
    }

    #[track_caller]
    fn assert_records(text: &str, expected: &[Read]) {
        for capacity in [1, 2, 3, 1000] {
            assert_eq!(read(text.as_bytes(), capacity).unwrap(), expected, "{text:?} by {capacity}");
        }
    }

    #[test]
    fn lines_end_with_lf_or_crlf() {
        let expected = [cells(1, &["a", "b"]), cells(2, &["x\n\r\n\"y\r", ""]), cells(6, &["", "z"])];
        assert_records("a,b\n\"x\n\r\n\"\"y\r\",\r\n,\r\n,z", &expected);
        assert_records("a,b\r\n\"x\n\r\n\"\"y\r\",\n\r\n,z\r\n\r\n", &expected);
        assert_records("\r\n\na,\r\nb", &[cells(3, &["a", ""]), cells(4, &["b"])]);
        assert_records("a\r", &[cells(1, &["a"])]);
        assert_records("\"\"\n,\n", &[]);
    }

    #[test]
    fn a_carriage_return_ends_lines_if_it_ends_the_first() {
        let expected =
            [cells(1, &["a", "b"]), cells(2, &["x\r\r\ny", ""]), cells(5, &["", "z"]), cells(7, &["d"])];
        assert_records("a,b\r\"x\r\r\ny\",\r,z\r\rd", &expected);
        assert_records("a,b\r\"x\r\r\ny\",\r\n,z\r\n\rd\r\n", &expected);
    }

    #[test]
    fn malformed_records_are_refused_by_line() {
        let text = "a,b\n\"A \\\"b\\\" c\",d\nx,\"y\"z,\"\nok,\n5\" pipe,x\n, \"x\"\n\"m\n\"n,\"\nlone\rreturn\nok,\"open\n\nend";
        let records = read(text.as_bytes(), 7).unwrap();
        let malformed: Vec<(u64, &str)> =
            records.iter().filter_map(|(line, read)| Some((*line, *read.as_ref().err()?))).collect();
        let expected = [
            (2, "text after the closing"),
            (3, "text after the closing"),
            (5, "a quotation mark inside"),
            (6, "a quotation mark inside"),
            (7, "text after the closing"),
            (9, "a carriage return inside"),
            (10, "a quotation mark is not closed"),
        ];
        assert_eq!(malformed.len(), expected.len(), "{malformed:?}");
        for ((line, reason), (expected_line, expected)) in malformed.into_iter().zip(expected) {
            assert!(line == expected_line && reason.starts_with(expected), "{line}: {reason}");
        }
        assert_eq!((&records[0], &records[3]), (&cells(1, &["a", "b"]), &cells(4, &["ok", ""])));
    }

    #[test]
    fn a_record_has_a_maximum_size() {
        let text = [b"a\n\"".as_slice(), &vec![b'\n'; usize::try_from(MAX_RECORD).unwrap()]].concat();
        assert!(matches!(read(&text, 64 * 1024), Err(FileError::TooLong(2))));
    }
}

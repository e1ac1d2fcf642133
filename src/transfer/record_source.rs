//! Passes a file to a parser of records, at most one line per read. When a record ends, the parser has read nothing
//! after it, so the first line, the terminator and the size of each record are known. A record that exceeds its maximum
//! size is an error.

use std::io::{BufRead, ErrorKind, Read, Result};

/// A file that is read record by record.
pub(super) struct RecordSource<R> {
    input: R,
    /// Remaining bytes that this record may have. The parser itself has no limit.
    remaining: u64,
    /// The number of complete lines.
    lines: u64,
    /// The first line of the record. Preceding empty lines, and a byte order mark alone on a line, are not part of it.
    start_line: u64,
    /// Whether only such preceding lines have been read.
    before_record: bool,
    /// The last two bytes.
    end: [u8; 2],
}

impl<R: BufRead> RecordSource<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, remaining: 0, lines: 0, start_line: 1, before_record: true, end: [0; 2] }
    }

    /// Starts the next record, with its maximum size in bytes.
    pub(super) fn start_record(&mut self, max_bytes: u64) {
        (self.remaining, self.before_record) = (max_bytes, true);
    }

    /// The first line of the record, from 1.
    pub(super) fn start_line(&self) -> u64 {
        self.start_line
    }

    /// Whether the record ended with a carriage return, before the line feed if there is one. It is never inside
    /// quotation marks, because a quoted cell would continue after the line feed.
    pub(super) fn ends_in_return(&self) -> bool {
        matches!(self.end, [b'\r', b'\n'] | [_, b'\r'])
    }
}

impl<R: BufRead> Read for RecordSource<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.remaining == 0 {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let available = self.input.fill_buf()?;
        let max =
            available.len().min(buffer.len()).min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        let line_end = available[..max].iter().position(|byte| *byte == b'\n');
        let length = line_end.map_or(max, |end| end + 1);
        let part = &available[..length];
        if self.before_record {
            self.start_line = self.lines + 1;
            self.before_record = part == b"\n" || self.lines == 0 && part == b"\xEF\xBB\xBF\n";
        }
        match part {
            [] => {}
            [only] => self.end = [self.end[1], *only],
            [.., last_but_one, last] => self.end = [*last_but_one, *last],
        }
        self.lines += u64::from(line_end.is_some());
        buffer[..length].copy_from_slice(part);
        self.input.consume(length);
        self.remaining -= length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_line_at_a_time_up_to_the_maximum_size() {
        let mut source = RecordSource::new(&b"\n\nab\r\ncdef"[..]);
        let read = |source: &mut RecordSource<_>| {
            let mut buffer = [0; 3];
            source.read(&mut buffer).map(|length| (buffer[..length].to_vec(), source.start_line()))
        };
        source.start_record(100);
        for (part, start) in [("\n", 1), ("\n", 2), ("ab\r", 3), ("\n", 3)] {
            assert_eq!(read(&mut source).unwrap(), (part.as_bytes().to_vec(), start));
        }
        assert!(source.ends_in_return());
        source.start_record(2);
        assert_eq!(read(&mut source).unwrap(), (b"cd".to_vec(), 4));
        assert!(!source.ends_in_return());
        assert_eq!(read(&mut source).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }
}

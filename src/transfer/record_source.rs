//! Hands a file of records to what takes them apart, never more than a line at a time: whenever a record ends, nothing
//! behind it has been read, so that it is known where it began, what it ended with, and how long it was.

use std::io::{BufRead, ErrorKind, Read, Result};

/// A file of which one record after the other is read.
pub(super) struct RecordSource<R> {
    input: R,
    /// How much of this record may still be read, in bytes: what reads a record has nowhere else to stop.
    allowance: u64,
    /// Lines that were read to their end.
    lines: u64,
    /// The line that the record began in; lines with nothing in them (or a byte order mark), ahead of it, are not a part
    /// of it.
    start: u64,
    /// Whether there was nothing but such lines so far.
    ahead: bool,
    /// The last two bytes that were read.
    end: [u8; 2],
}

impl<R: BufRead> RecordSource<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, allowance: 0, lines: 0, start: 1, ahead: true, end: [0; 2] }
    }

    /// The next record begins here, and may be of so many bytes.
    pub(super) fn begin(&mut self, allowance: u64) {
        (self.allowance, self.ahead) = (allowance, true);
    }

    /// The line that the record began in, from 1.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Whether the record ended with a carriage return, before the line feed if there is one. Such a one is not inside
    /// quotation marks, which would have gone on with the line feed.
    pub(super) fn ends_in_return(&self) -> bool {
        matches!(self.end, [b'\r', b'\n'] | [_, b'\r'])
    }
}

impl<R: BufRead> Read for RecordSource<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.allowance == 0 {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let available = self.input.fill_buf()?;
        let most =
            available.len().min(buffer.len()).min(usize::try_from(self.allowance).unwrap_or(usize::MAX));
        let line_end = available[..most].iter().position(|byte| *byte == b'\n');
        let length = line_end.map_or(most, |end| end + 1);
        let part = &available[..length];
        if self.ahead {
            self.start = self.lines + 1;
            self.ahead = part == b"\n" || self.lines == 0 && part == b"\xEF\xBB\xBF\n";
        }
        match part {
            [] => {}
            [only] => self.end = [self.end[1], *only],
            [.., last_but_one, last] => self.end = [*last_but_one, *last],
        }
        self.lines += u64::from(line_end.is_some());
        buffer[..length].copy_from_slice(part);
        self.input.consume(length);
        self.allowance -= length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_at_a_time_and_no_more_than_is_allowed() {
        let mut source = RecordSource::new(&b"\n\nab\r\ncdef"[..]);
        let read = |source: &mut RecordSource<_>| {
            let mut buffer = [0; 3];
            source.read(&mut buffer).map(|length| (buffer[..length].to_vec(), source.start()))
        };
        source.begin(100);
        for (part, start) in [("\n", 1), ("\n", 2), ("ab\r", 3), ("\n", 3)] {
            assert_eq!(read(&mut source).unwrap(), (part.as_bytes().to_vec(), start));
        }
        assert!(source.ends_in_return());
        source.begin(2);
        assert_eq!(read(&mut source).unwrap(), (b"cd".to_vec(), 4));
        assert!(!source.ends_in_return());
        assert_eq!(read(&mut source).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }
}

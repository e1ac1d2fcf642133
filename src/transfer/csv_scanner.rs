//! Finds the cells of CSV, strictly by RFC 4180: a quotation mark inside a cell is written twice, and only in a cell that is
//! enclosed in quotation marks. Anything else could be read in two ways (`"a \"b\" c"`), so the record is malformed, and the
//! rest of its line is skipped.
//!
//! Lines end with LF, with CRLF or, as on old Macs, with CR: the first line decides whether a CR alone ends a line.

use super::csv_record::CsvRecord;

const INSIDE_PLAIN: &str = "a quotation mark inside a cell that is not enclosed in quotation marks: enclose the cell, and write inner \
     quotation marks twice (RFC 4180)";
const AFTER_CLOSING: &str = "text after the closing quotation mark of a cell: write a quotation mark inside a cell twice (RFC 4180), \
     without a backslash";
const NOT_CLOSED: &str = "a quotation mark is not closed, so everything after it was read as one cell";
const LONE_RETURN: &str = "a carriage return inside a cell that is not enclosed in quotation marks";

/// Where the scanner is in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CsvState {
    /// At the start of a cell.
    Start,
    /// In a cell without quotation marks.
    Plain,
    /// In a cell with quotation marks.
    Quoted,
    /// After a quotation mark in such a cell.
    Quote,
    /// After a carriage return outside of quotation marks.
    Return,
    /// In the rest of a malformed line.
    Skipping(&'static str),
}

/// What a byte means for the record.
enum ScanStep {
    /// The record continues.
    Next,
    /// The record ends with this byte.
    End,
    /// The record ended before this byte.
    EndBefore,
}

/// The state between two pieces of a file.
pub(super) struct CsvScanner {
    pub(super) delimiter: u8,
    state: CsvState,
    /// The current line, from 1.
    line: u64,
    /// Whether a carriage return alone ends a line; unknown until the first line has ended.
    has_return_lines: Option<bool>,
    /// Whether the last byte was a carriage return that ended a line. A line feed after it does not end another one.
    is_after_return: bool,
}

impl CsvScanner {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, state: CsvState::Start, line: 1, has_return_lines: None, is_after_return: false }
    }

    /// Starts the next record, and returns its first line.
    pub(super) fn start(&mut self) -> u64 {
        self.state = CsvState::Start;
        self.line
    }

    /// Scans a piece of the file up to the end of the record. Returns the number of bytes that belong to the record, and
    /// whether it is complete.
    pub(super) fn scan(&mut self, bytes: &[u8], record: &mut CsvRecord) -> (usize, bool) {
        let mut at = 0;
        while at < bytes.len() {
            at += self.scan_text(&bytes[at..], record);
            let Some(byte) = bytes.get(at) else { break };
            match self.step(*byte, record) {
                ScanStep::Next => at += 1,
                ScanStep::End => return (at + 1, true),
                ScanStep::EndBefore => return (at, true),
            }
        }
        (at, false)
    }

    /// Ends the last cell. Returns why the record is malformed, if it is.
    pub(super) fn end(&self, record: &mut CsvRecord) -> Option<&'static str> {
        record.end_cell();
        match self.state {
            CsvState::Skipping(reason) => Some(reason),
            _ => None,
        }
    }

    /// Ends the file. Returns whether a record was begun, which then ends as well.
    pub(super) fn end_file(&mut self, record: &CsvRecord) -> bool {
        if self.state == CsvState::Quoted {
            self.state = CsvState::Skipping(NOT_CLOSED);
        }
        self.state != CsvState::Start || record.len() > 0
    }

    /// Reads the bytes that have no meaning for the record, and returns their number.
    fn scan_text(&mut self, bytes: &[u8], record: &mut CsvRecord) -> usize {
        use CsvState::{Plain, Quote, Quoted, Return, Skipping, Start};
        let delimiter = self.delimiter;
        let end = match self.state {
            Start | Plain => bytes.iter().position(|byte| b"\"\r\n".contains(byte) || *byte == delimiter),
            Quoted => bytes.iter().position(|byte| b"\"\r\n".contains(byte)),
            Skipping(_) => bytes.iter().position(|byte| b"\r\n".contains(byte)),
            Quote | Return => Some(0),
        };
        let length = end.unwrap_or(bytes.len());
        if length > 0 {
            self.is_after_return = false;
            if self.state == Start {
                self.state = Plain;
            }
            if !matches!(self.state, Skipping(_)) {
                record.push(&bytes[..length]);
            }
        }
        length
    }

    /// Reads a byte that may have a meaning for the record.
    fn step(&mut self, byte: u8, record: &mut CsvRecord) -> ScanStep {
        use CsvState::{Plain, Quote, Quoted, Return, Skipping, Start};
        match (byte, self.state) {
            (b'\n', _) => return self.step_feed(record),
            (_, Return) => return self.step_after_return(),
            (b'\r', _) => return self.step_return(record),
            (_, Skipping(_)) => {}
            (b'"', Start) => self.state = Quoted,
            (b'"', Plain) => self.state = Skipping(INSIDE_PLAIN),
            (b'"', Quoted) => self.state = Quote,
            (b'"', Quote) => {
                record.push(b"\"");
                self.state = Quoted;
            }
            (_, Quoted) => record.push(&[byte]),
            (_, Start | Plain | Quote) if byte == self.delimiter => {
                record.end_cell();
                self.state = Start;
            }
            (_, Quote) => self.state = Skipping(AFTER_CLOSING),
            (_, Start | Plain) => {
                record.push(&[byte]);
                self.state = Plain;
            }
        }
        self.is_after_return = false;
        ScanStep::Next
    }

    fn step_feed(&mut self, record: &mut CsvRecord) -> ScanStep {
        let is_second = std::mem::take(&mut self.is_after_return);
        self.line += u64::from(!is_second);
        if self.state == CsvState::Quoted {
            record.push(b"\n");
            return ScanStep::Next;
        }
        // The carriage return before it has ended the last record.
        if is_second && self.state == CsvState::Start && record.len() == 0 {
            return ScanStep::Next;
        }
        self.has_return_lines.get_or_insert(false);
        ScanStep::End
    }

    fn step_return(&mut self, record: &mut CsvRecord) -> ScanStep {
        let has_return_lines = self.has_return_lines;
        self.is_after_return = has_return_lines == Some(true);
        self.line += u64::from(self.is_after_return);
        match (self.state, has_return_lines) {
            (CsvState::Quoted, _) => record.push(b"\r"),
            (_, Some(true)) => return ScanStep::End,
            // A malformed first line, whose end is unknown: the file is refused.
            (CsvState::Skipping(_), None) => return ScanStep::End,
            (CsvState::Skipping(_), Some(false)) => {}
            _ => self.state = CsvState::Return,
        }
        ScanStep::Next
    }

    /// Reads another byte than a line feed after a carriage return.
    fn step_after_return(&mut self) -> ScanStep {
        if self.has_return_lines == Some(false) {
            self.state = CsvState::Skipping(LONE_RETURN);
            return ScanStep::Next;
        }
        self.has_return_lines = Some(true);
        self.line += 1;
        ScanStep::EndBefore
    }
}

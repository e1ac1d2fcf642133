//! Writes the refused lines of a file as CSV, with the reasons.

use std::io::Write;

use crate::error::Problem;

/// Writes a row for each problem: line number, field, reason. The values of the refused line are not included.
pub struct RefusedLineWriter<W: Write>(csv::Writer<W>);

impl<W: Write> RefusedLineWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When the output fails.
    pub fn new(output: W) -> std::io::Result<Self> {
        let mut writer = csv::Writer::from_writer(output);
        writer.write_record(["line", "field", "reason"])?;
        Ok(Self(writer))
    }

    /// Writes the problems of a line.
    ///
    /// # Errors
    /// When the output fails.
    pub fn write(&mut self, line: u64, problems: &[Problem]) -> std::io::Result<()> {
        for Problem { field, message } in problems {
            self.0.write_record([&line.to_string(), field, message])?;
        }
        Ok(())
    }

    /// Writes buffered data to the output.
    ///
    /// # Errors
    /// When the output fails.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

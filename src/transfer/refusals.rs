//! Which lines of a file were refused, and why, as CSV.

use std::io::Write;

use crate::error::Problem;

/// Writes a line for each problem: number of the line, field, reason. No value of the line is in it.
pub struct Writer<W: Write>(csv::Writer<W>);

impl<W: Write> Writer<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// Those of the output.
    pub fn new(output: W) -> std::io::Result<Self> {
        let mut writer = csv::Writer::from_writer(output);
        writer.write_record(["line", "field", "reason"])?;
        Ok(Self(writer))
    }

    /// Tells of one line.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&mut self, line: u64, problems: &[Problem]) -> std::io::Result<()> {
        for Problem { field, message } in problems {
            self.0.write_record([&line.to_string(), field, message])?;
        }
        Ok(())
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

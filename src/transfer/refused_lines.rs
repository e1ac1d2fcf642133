//! Writes the refused lines of a file as CSV, with the reasons.

use std::io::Write;

use super::formula::guarded;
use crate::error::Problem;

/// Writes a row for each problem: line number, field, reason. The values of the refused line are not included, but names of
/// unknown columns and custom fields are, so no cell is written that a spreadsheet would evaluate.
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
            self.0.write_record([line.to_string(), guarded(field.clone()), guarded(message.clone())])?;
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

#[cfg(test)]
mod tests {
    use super::RefusedLineWriter;
    use crate::error::Problem;

    #[test]
    fn no_cell_begins_as_a_formula() {
        let mut file = Vec::new();
        let mut writer = RefusedLineWriter::new(&mut file).unwrap();
        writer
            .write(2, &[Problem::new("=1+1", "@SUM(1) is unknown"), Problem::new("email", "Taken")])
            .unwrap();
        writer.flush().unwrap();
        drop(writer);
        let text = String::from_utf8(file).unwrap();
        assert_eq!(text, "line,field,reason\n2,'=1+1,'@SUM(1) is unknown\n2,email,Taken\n");
    }
}

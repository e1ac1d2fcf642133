//! The CSV file that lists the refused lines of an import, with the reasons.

use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::exit::CommandFailure;
use crate::error::Problem;
use crate::transfer::refused_lines::RefusedLineWriter;

/// Writes refused lines to a file. The file is created at the start, so that an import fails early if it can't be
/// written, and deleted at the end if no line was refused.
pub(super) struct Refusals {
    path: PathBuf,
    file: RefusedLineWriter<BufWriter<File>>,
    is_empty: bool,
}

impl Refusals {
    pub(super) fn create(path: &Path) -> Result<Self, CommandFailure> {
        let failed =
            |error: std::io::Error| CommandFailure::Refused(format!("--refused {}: {error}", path.display()));
        let mut options = OpenOptions::new();
        // The file of an earlier import is overwritten.
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed)?;
        let file = RefusedLineWriter::new(BufWriter::new(file)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, is_empty: true })
    }

    pub(super) fn add(&mut self, line: u64, problems: &[Problem]) -> Result<(), CommandFailure> {
        self.is_empty = false;
        self.file.write(line, problems).map_err(|error| self.failed(&error))
    }

    /// Flushes the file, so that it is complete even if the import is killed.
    pub(super) fn flush(&mut self) -> Result<(), CommandFailure> {
        self.file.flush().map_err(|error| self.failed(&error))
    }

    /// Returns the path of the file; none if no line was refused.
    pub(super) fn finish(mut self) -> Result<Option<PathBuf>, CommandFailure> {
        self.flush()?;
        if self.is_empty {
            std::fs::remove_file(&self.path).map_err(|error| self.failed(&error))?;
            return Ok(None);
        }
        Ok(Some(self.path))
    }

    fn failed(&self, error: &std::io::Error) -> CommandFailure {
        CommandFailure::Refused(format!("{}: {error}", self.path.display()))
    }
}

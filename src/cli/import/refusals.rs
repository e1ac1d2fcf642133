//! The file that tells which lines were refused, and why.

use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::exit::Failure;
use crate::error::Problem;
use crate::transfer::refusals;

/// Collects refusals. The file is there from the start, so that an import doesn't find out at its end that it can't
/// be written, and is removed when there was nothing to tell.
pub(super) struct Refusals {
    path: PathBuf,
    file: refusals::Writer<BufWriter<File>>,
    is_empty: bool,
}

impl Refusals {
    pub(super) fn create(path: &Path) -> Result<Self, Failure> {
        let failed =
            |error: std::io::Error| Failure::Refused(format!("--refused {}: {error}", path.display()));
        let mut options = OpenOptions::new();
        // That of an earlier import is out of date.
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed)?;
        let file = refusals::Writer::new(BufWriter::new(file)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, is_empty: true })
    }

    pub(super) fn add(&mut self, line: u64, problems: &[Problem]) -> Result<(), Failure> {
        self.is_empty = false;
        self.file.write(line, problems).map_err(|error| self.failed(&error))
    }

    /// Makes sure that it is told what was refused so far, even when the import is killed.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.file.flush().map_err(|error| self.failed(&error))
    }

    /// Where it was told, if there was something to tell.
    pub(super) fn finish(mut self) -> Result<Option<PathBuf>, Failure> {
        self.flush()?;
        if self.is_empty {
            std::fs::remove_file(&self.path).map_err(|error| self.failed(&error))?;
            return Ok(None);
        }
        Ok(Some(self.path))
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        Failure::Refused(format!("{}: {error}", self.path.display()))
    }
}

//! The files of decisions: proposals, the file that is applied, and the record of what was applied.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::exit::CommandFailure;
use crate::service::adoption::{Decisions, MAX_FILE_BYTES, Proposals};

/// The maximum number of records beside a file of decisions.
const MAX_RECORDS: u32 = 1000;

/// Writes proposals to a new file, which only its owner can read: it contains personal data.
pub(super) fn write_proposals(path: &Path, proposals: &Proposals) -> Result<(), CommandFailure> {
    if proposals.is_empty() {
        let _closed =
            writeln!(std::io::stderr(), "there is nothing to decide, so {} was not written", path.display());
        return Ok(());
    }
    let written = create(path).and_then(|mut file| file.write_all(proposals.to_toml().as_bytes()));
    written.map_err(|error| failed(path, &error))?;
    let count = proposals.len();
    let _closed = writeln!(std::io::stderr(), "{count} decisions are proposed in {}", path.display());
    Ok(())
}

/// Reads a file of decisions.
pub(super) fn read_decisions(path: &Path) -> Result<Decisions, CommandFailure> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text));
    read.map_err(|error| failed(path, &error))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        let message = format!("{}: a file of decisions has at most 64 MiB; split it", path.display());
        return Err(CommandFailure::Refused(message));
    }
    Ok(Decisions::parse(&text)?)
}

/// The record of applied decisions, beside their file.
pub(super) struct AppliedRecord {
    file: File,
    path: PathBuf,
}

impl AppliedRecord {
    /// Creates the record: `FILE.applied.toml`, or the next one with a number.
    pub(super) fn create(decisions: &Path, header: &str) -> Result<Self, CommandFailure> {
        for number in 1..=MAX_RECORDS {
            let mut name = decisions.as_os_str().to_owned();
            name.push(match number {
                1 => ".applied.toml".to_owned(),
                number => format!(".applied-{number}.toml"),
            });
            let path = PathBuf::from(name);
            match create(&path) {
                Ok(mut file) => {
                    let written = writeln!(file, "# {header}");
                    written.map_err(|error| failed(&path, &error))?;
                    return Ok(Self { file, path });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&path, &error)),
            }
        }
        let message = format!("there are already {MAX_RECORDS} records beside {}", decisions.display());
        Err(CommandFailure::Refused(message))
    }

    /// Adds decisions in TOML, on the disk.
    pub(super) fn add(&mut self, text: &str) -> std::io::Result<()> {
        writeln!(self.file, "\n{text}")?;
        self.file.sync_data()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Creates a file that only its owner can read. An existing file is never overwritten.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn failed(path: &Path, error: &std::io::Error) -> CommandFailure {
    CommandFailure::Refused(format!("{}: {error}", path.display()))
}

//! Opens the file of an import.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::options::Options;
use super::pipeline::CountingReader;
use crate::cli::exit::CommandFailure;
use crate::transfer::{self, ColumnMap, FileError, Format, Lines};

/// Opens the file. Returns its lines, a counter of the bytes that were read, and its length (0 if it is unknown).
pub(super) fn open(
    options: &Options,
    map: &ColumnMap,
) -> Result<(Lines, Arc<AtomicU64>, u64), CommandFailure> {
    let failed = |error: FileError| CommandFailure::Refused(format!("{}: {error}", options.file.display()));
    let is_input = options.file == Path::new("-");
    let (input, length): (Box<dyn Read + Send>, u64) = if is_input {
        (Box::new(std::io::stdin()), 0)
    } else {
        let file = File::open(&options.file).map_err(|error| failed(error.into()))?;
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        (Box::new(file), length)
    };
    let position = Arc::new(AtomicU64::new(0));
    let mut input =
        BufReader::with_capacity(64 * 1024, CountingReader { input, position: Arc::clone(&position) });
    let format = options.format.of(&options.file).ok_or_else(|| {
        CommandFailure::Refused("the file has no known extension: use --format csv or ndjson".to_owned())
    })?;
    if format == Format::Ndjson && !map.is_empty() {
        return Err(CommandFailure::Refused(
            "--map and --preset are for the columns of CSV; rename the members of NDJSON in the file"
                .to_owned(),
        ));
    }
    // A folder can be opened, but not read.
    input.fill_buf().map_err(|error| failed(error.into()))?;
    let lines = transfer::read(format, options.encoding.of_file(), input, map).map_err(failed)?;
    Ok((map.adapt(lines), position, length))
}

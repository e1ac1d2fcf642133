//! Errors that end the reading or writing of a file.

/// Maximum size of a customer in a file, in bytes: enough for 100 addresses and megabytes of free text.
pub(super) const MAX_RECORD: u64 = 4 * 1024 * 1024;

/// An error after which a file can't be read or written any further.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// An I/O error of the system.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// An invalid header: the line number, and the reason.
    #[error("line {0}: {1}")]
    Header(u64, String),
    /// A record that exceeds the maximum size, with the number of its first line. The start of the next record is
    /// unknown.
    #[error("line {0}: a customer of more than 4 MiB, or a quotation mark that is not closed")]
    TooLong(u64),
    /// A customer has more addresses than an exported CSV file has columns for: it got one after they were counted, or
    /// another program has stored more than a customer of patron can have.
    #[error(
        "a customer has more addresses than the file has columns for: export again, or as NDJSON if it has more than 100"
    )]
    MoreAddresses,
}

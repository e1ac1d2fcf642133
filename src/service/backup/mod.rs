//! Backups of the embedded database: one file, which contains the database and the generated keys.
//!
//! The file is an SQLite database (`create.rs`). A restore takes the keys out of it and checks it (`unpack.rs`), migrates it,
//! and holds its pending mails and webhooks (`deliveries.rs`) before it puts it in its place. PostgreSQL has its own tools;
//! only the last of these steps is for both.

mod create;
mod deliveries;
mod file;
mod label;
mod unfinished;
mod unpack;

pub use create::{BackupSummary, create};
pub use deliveries::{HeldDeliveries, hold_deliveries};
pub use file::BackupError;
pub use label::BackupLabel;
pub use unpack::{UnpackedBackup, unpack};

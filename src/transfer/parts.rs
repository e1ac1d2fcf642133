//! Writes a file into memory, from where it is taken part by part.

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;

use super::csv_row::ExportColumns;
use super::file_error::FileError;
use super::format::Format;
use super::write::Writer;
use crate::service::export::ExportedCustomer;

/// Writes customers to a file that is sent while it is written.
pub struct PartWriter {
    writer: Writer<SharedBuffer>,
    written: SharedBuffer,
}

/// Bytes that were written and not yet taken.
#[derive(Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl PartWriter {
    /// Starts a file. CSV gets a header.
    ///
    /// # Errors
    /// Never, in memory.
    pub fn new(format: Format, columns: ExportColumns) -> Result<Self, FileError> {
        let written = SharedBuffer::default();
        let writer = Writer::new(format, written.clone(), columns)?;
        Ok(Self { writer, written })
    }

    /// Writes customers, and takes everything that was written since the last call.
    ///
    /// # Errors
    /// When a customer has more addresses than the file has columns for.
    pub fn write(&mut self, customers: Vec<ExportedCustomer>) -> Result<Vec<u8>, FileError> {
        for customer in customers {
            self.writer.write(customer)?;
        }
        self.writer.flush()?;
        Ok(std::mem::take(&mut *self.written.0.lock()))
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

//! The lines of a file.

use super::file_error::FileError;
use crate::service::import::Line;

/// The lines of a file, in order, without blank lines.
pub type Lines = Box<dyn Iterator<Item = Result<Line, FileError>> + Send>;

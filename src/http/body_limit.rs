//! The size limit of request bodies.

/// Size of the largest accepted request body, in bytes. A larger one is refused with 413.
pub(crate) const MAX_BODY_BYTES: usize = 256 * 1024;

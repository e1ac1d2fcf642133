//! The size of request bodies.

/// The largest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

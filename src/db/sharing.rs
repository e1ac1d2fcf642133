//! What is known of who uses the database: patron alone, or EverShop as well.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Who uses the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// patron alone.
    Own,
    /// patron and EverShop, after `patron adopt`.
    Shared,
    /// patron, after `patron adopt --finish`: EverShop no longer writes customers, and there are no guards.
    Finished,
}

/// What is known of it.
#[derive(Debug, Default)]
pub(super) struct SharingState {
    /// 0 until it is known, otherwise a code of [`Sharing`].
    code: AtomicU8,
    /// Whether EverShop's table of sessions exists.
    pub(super) has_shop_sessions: AtomicBool,
}

impl SharingState {
    /// `None` until it is known.
    pub(super) fn get(&self) -> Option<Sharing> {
        match self.code.load(Ordering::Acquire) {
            1 => Some(Sharing::Own),
            2 => Some(Sharing::Shared),
            3 => Some(Sharing::Finished),
            _ => None,
        }
    }

    pub(super) fn set(&self, sharing: Sharing) {
        let code = match sharing {
            Sharing::Own => 1,
            Sharing::Shared => 2,
            Sharing::Finished => 3,
        };
        self.code.store(code, Ordering::Release);
    }
}

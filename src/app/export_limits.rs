//! The limits of exports of customers: how many run at once, of all admins and of each one, and how long each may take.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use uuid::Uuid;

/// The maximum number of exports at once.
const MAX_EXPORTS: usize = 4;
/// The maximum number of exports of one admin at once, so that no admin keeps the others from exporting.
const MAX_EXPORTS_OF_ADMIN: usize = 2;
/// The maximum duration of an export.
const MAX_DURATION: Duration = Duration::from_secs(60 * 60);

/// The limits of exports of customers, and the admins whose exports are running.
#[derive(Debug)]
pub struct ExportLimits {
    /// The maximum duration of an export. Tests shorten it.
    pub max_duration: RwLock<Duration>,
    /// The admin of each running export. `None` for the program itself.
    running: Arc<Mutex<Vec<Option<Uuid>>>>,
}

/// The right to one export. Dropping it ends the export.
#[derive(Debug)]
pub struct ExportPermit {
    admin: Option<Uuid>,
    running: Arc<Mutex<Vec<Option<Uuid>>>>,
}

impl Default for ExportLimits {
    fn default() -> Self {
        Self { max_duration: RwLock::new(MAX_DURATION), running: Arc::default() }
    }
}

impl ExportLimits {
    /// The right to an export of this admin. `None` if too many are running.
    pub fn try_begin(&self, admin: Option<Uuid>) -> Option<ExportPermit> {
        let mut running = self.running.lock();
        let of_admin = running.iter().filter(|other| admin.is_some() && **other == admin).count();
        if running.len() >= MAX_EXPORTS || of_admin >= MAX_EXPORTS_OF_ADMIN {
            return None;
        }
        running.push(admin);
        Some(ExportPermit { admin, running: Arc::clone(&self.running) })
    }

    /// The number of running exports.
    pub fn running(&self) -> usize {
        self.running.lock().len()
    }
}

impl Drop for ExportPermit {
    fn drop(&mut self) {
        let mut running = self.running.lock();
        if let Some(index) = running.iter().position(|admin| *admin == self.admin) {
            running.swap_remove(index);
        }
    }
}

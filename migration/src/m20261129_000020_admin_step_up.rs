//! When the admin of a session last confirmed who it is.

use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{add_timestamp, drop_column};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000020_admin_step_up", up, down, shared: None };

const TABLE: &str = "admin_session";

fn up(backend: DbBackend) -> Vec<String> {
    vec![add_timestamp(backend, TABLE, "stepped_up_at")]
}

fn down(backend: DbBackend) -> Vec<String> {
    vec![drop_column(backend, TABLE, "stepped_up_at")]
}

//! The last sign-in of each admin. The table of sessions does not have it, because ended sessions are deleted.

use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{add_timestamp, drop_column};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000021_admin_sign_in", up, down, shared: None };

const TABLE: &str = "admin_user";

fn up(backend: DbBackend) -> Vec<String> {
    vec![add_timestamp(backend, TABLE, "last_sign_in_at")]
}

fn down(backend: DbBackend) -> Vec<String> {
    vec![drop_column(backend, TABLE, "last_sign_in_at")]
}

//! Indexes for the list of mails, the latest first: of a customer, and of a status. The first replaces the index of the
//! customer alone.

use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_index, index};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000043_mail_list", up, down, shared: None };

const TABLE: &str = "mail";

fn up(backend: DbBackend) -> Vec<String> {
    vec![
        index(backend, TABLE, &["customer_id", "mail_id"]),
        index(backend, TABLE, &["status", "mail_id"]),
        drop_index("mail_customer_id_idx"),
    ]
}

fn down(backend: DbBackend) -> Vec<String> {
    vec![
        index(backend, TABLE, &["customer_id"]),
        drop_index("mail_status_mail_id_idx"),
        drop_index("mail_customer_id_mail_id_idx"),
    ]
}

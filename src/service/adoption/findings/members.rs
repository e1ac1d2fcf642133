//! What is known of accounts with the same e-mail address, to propose which one keeps it.

use std::collections::{BTreeSet, HashMap};

use super::twins::ScannedAccounts;
use crate::error::Result;
use crate::service::adoption::inspection::Inspection;

/// An account that has the same e-mail address as others.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: i32,
    pub(super) email: String,
    pub(super) is_enabled: bool,
    /// When it registered, as text; empty if that is not known.
    created: String,
    /// The number of its orders in the shop.
    orders: i64,
    /// When its latest session in the shop ends, as text that sorts by time; empty without a session.
    session: String,
}

impl Member {
    /// The account with the greatest value keeps the address: enabled, with the most orders, with the latest session, and
    /// the oldest of those.
    pub(super) fn precedence(&self) -> impl Ord + use<> {
        (self.is_enabled, self.orders, self.session.clone(), std::cmp::Reverse(self.id))
    }

    /// What is known of it, in words.
    pub(super) fn description(&self) -> String {
        let status = if self.is_enabled { "enabled" } else { "disabled" };
        let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
        let (created, session) = (or_none(&self.created), or_none(&self.session));
        format!("{status}, created {created}, orders {}, session until {session}", self.orders)
    }
}

/// Reads these accounts, at most a page of them.
pub(super) async fn read(
    inspection: &Inspection,
    table: &ScannedAccounts,
    ids: &BTreeSet<i32>,
) -> Result<HashMap<i32, Member>> {
    let list = ids.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
    let (name, enabled) = (table.name, table.enabled);
    let select = format!(
        r#"SELECT {name}_id, email::text, {enabled}, coalesce(to_char(created_at, 'YYYY-MM-DD'), '')
        FROM "{name}" WHERE {name}_id IN ({list})"#
    );
    let mut members = HashMap::new();
    for row in inspection.rows(&select, []).await? {
        let id: i32 = row.try_get_by_index(0)?;
        let member = Member {
            id,
            email: row.try_get_by_index(1)?,
            is_enabled: row.try_get_by_index(2)?,
            created: row.try_get_by_index(3)?,
            orders: 0,
            session: String::new(),
        };
        members.insert(id, member);
    }
    if table.name == "customer" && inspection.has_table("order").await? {
        let orders =
            format!(r#"SELECT customer_id, count(*) FROM "order" WHERE customer_id IN ({list}) GROUP BY 1"#);
        for row in inspection.rows(&orders, []).await? {
            let id: i32 = row.try_get_by_index(0)?;
            if let Some(member) = members.get_mut(&id) {
                member.orders = row.try_get_by_index(1)?;
            }
        }
    }
    let quoted = ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
    let key = table.session_key;
    let sessions = format!(
        "SELECT sess->>'{key}', to_char(max(expire), 'YYYY-MM-DD HH24:MI') FROM session \
         WHERE sess->>'{key}' IN ({quoted}) GROUP BY 1"
    );
    for row in inspection.rows(&sessions, []).await? {
        let id: String = row.try_get_by_index(0)?;
        if let Some(member) = id.parse().ok().and_then(|id: i32| members.get_mut(&id)) {
            member.session = row.try_get_by_index(1)?;
        }
    }
    Ok(members)
}

//! The names of customer groups: several groups with the same one, and groups without a name.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::service::adoption::decisions::{GroupAction, GroupDecision, Proposals};
use crate::service::adoption::inspection::Inspection;
use crate::service::adoption::report::{Finding, Severity};
use crate::types::{fold, is_blank};

/// All groups, the oldest first: of several with the same name, it keeps the name. More are not checked.
const GROUPS: &str =
    "SELECT customer_group_id, group_name::text FROM customer_group ORDER BY customer_group_id LIMIT 50000";

const REMEDY: &str = "rename them: `patron adopt --check --proposals FILE` proposes names; review the file, then run \
    `patron adopt --resolve FILE`";

/// Groups that have the same name, or none.
pub(in crate::service::adoption) async fn of_groups(
    inspection: &Inspection,
    proposals: &mut Proposals,
) -> Result<Vec<Finding>> {
    let (mut repeated, mut blank) = (Vec::new(), Vec::new());
    let mut by_name: BTreeMap<String, String> = BTreeMap::new();
    for row in inspection.rows(GROUPS, []).await? {
        let (id, name): (i32, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let label = format!("{id} {name}");
        if is_blank(&name) {
            proposals.add_group("it has no name", &rename(id, name, format!("Group {id}")));
            blank.push(label);
        } else if let Some(first) = by_name.get(&fold(&name)) {
            let new_name = format!("{name} ({id})");
            proposals.add_group(&format!("group {first} has the same name"), &rename(id, name, new_name));
            repeated.push(format!("{label}, as {first}"));
        } else {
            by_name.insert(fold(&name), label);
        }
    }
    let mut findings = Vec::new();
    for (code, groups, text) in [
        ("group_twins", repeated, "several groups have the same name, apart from case"),
        ("group_without_name", blank, "groups have no name"),
    ] {
        if !groups.is_empty() {
            let finding = Finding::new(code, Severity::Blocks, text, REMEDY);
            findings.push(finding.of_rows("customer_group", groups.len() as u64, groups));
        }
    }
    Ok(findings)
}

fn rename(id: i32, name: String, new_name: String) -> GroupDecision {
    GroupDecision { id, name, action: GroupAction::Rename, new_name: Some(new_name) }
}

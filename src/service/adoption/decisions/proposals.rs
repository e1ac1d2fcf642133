//! Proposed decisions, and the text of decisions in TOML.

use super::model::{AccountAction, AccountDecision, DefaultDecision, GroupAction, GroupDecision};

/// The maximum number of proposed decisions. Those beyond it are proposed by the check after these are applied.
pub const MAX_PROPOSALS: usize = 10_000;

/// The first lines of a file of proposals.
const HEADER: &str = "\
# Decisions for `patron adopt --resolve FILE`. Review each of them, and change what you decide otherwise.
#
# action of a customer or admin:
#   keep     it keeps its e-mail address; exactly one of those with the same address may
#   rename   it gets new_email, and logs in with that from then on
#   disable  it gets new_email and is disabled
# action of a group: keep, or rename with new_name
# default_address: the address `keep` stays the default, the customer's others are no longer
";

/// Proposed decisions, as the text of a file that the operator reviews.
#[derive(Clone, Debug, Default)]
pub struct Proposals {
    entries: Vec<String>,
    omitted: u64,
}

impl Proposals {
    /// The number of proposed decisions.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is nothing to decide.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The file.
    pub fn to_toml(&self) -> String {
        let mut text = HEADER.to_owned();
        if self.omitted > 0 {
            text.push_str(&format!(
                "#\n# {} more are proposed by a check after these are applied.\n",
                self.omitted
            ));
        }
        for entry in &self.entries {
            text.push('\n');
            text.push_str(entry);
        }
        text
    }

    /// Proposes a decision about an account of this table of the database.
    pub(in crate::service::adoption) fn add_account(
        &mut self,
        table: &str,
        note: &str,
        decision: &AccountDecision,
    ) {
        let section = if table == "customer" { "customer" } else { "admin" };
        self.add(note, account_toml(section, decision));
    }

    /// Proposes a decision about a group.
    pub(in crate::service::adoption) fn add_group(&mut self, note: &str, decision: &GroupDecision) {
        self.add(note, group_toml(decision));
    }

    /// Proposes which address stays the default.
    pub(in crate::service::adoption) fn add_default(&mut self, note: &str, decision: &DefaultDecision) {
        self.add(note, default_toml(decision));
    }

    /// `note`: what is known of the row.
    fn add(&mut self, note: &str, entry: String) {
        if self.entries.len() >= MAX_PROPOSALS {
            self.omitted += 1;
            return;
        }
        let note = note.replace(char::is_control, " ");
        self.entries.push(format!("# {note}\n{entry}"));
    }
}

/// A decision about an account in TOML.
pub(super) fn account_toml(section: &str, decision: &AccountDecision) -> String {
    let action = match decision.action {
        AccountAction::Keep => "keep",
        AccountAction::Rename => "rename",
        AccountAction::Disable => "disable",
    };
    let AccountDecision { id, email, new_email, .. } = decision;
    let mut text =
        format!("[[{section}]]\nid = {id}\nemail = {}\naction = \"{action}\"\n", basic_string(email));
    if let Some(new_email) = new_email {
        text.push_str(&format!("new_email = {}\n", basic_string(new_email)));
    }
    text
}

/// A decision about a group in TOML.
pub(super) fn group_toml(decision: &GroupDecision) -> String {
    let action = match decision.action {
        GroupAction::Keep => "keep",
        GroupAction::Rename => "rename",
    };
    let GroupDecision { id, name, new_name, .. } = decision;
    let mut text = format!("[[group]]\nid = {id}\nname = {}\naction = \"{action}\"\n", basic_string(name));
    if let Some(new_name) = new_name {
        text.push_str(&format!("new_name = {}\n", basic_string(new_name)));
    }
    text
}

/// A decision about a default address in TOML.
pub(super) fn default_toml(decision: &DefaultDecision) -> String {
    let DefaultDecision { customer_id, keep } = decision;
    format!("[[default_address]]\ncustomer_id = {customer_id}\nkeep = {keep}\n")
}

/// A basic string of TOML. Its escapes are those of JSON, which does not escape DEL.
fn basic_string(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use super::super::model::Decisions;
    use super::{
        AccountAction, AccountDecision, DefaultDecision, GroupAction, GroupDecision, MAX_PROPOSALS, Proposals,
    };

    #[test]
    fn proposals_are_valid_decisions() {
        let account = AccountDecision {
            id: 7,
            email: " \"Ada\"\\@x.io\u{7f}\n".to_owned(),
            action: AccountAction::Rename,
            new_email: Some("ada+7@x.io".to_owned()),
        };
        let group = GroupDecision {
            id: 2,
            name: "VIP".to_owned(),
            action: GroupAction::Rename,
            new_name: Some("VIP (2)".to_owned()),
        };
        let default = DefaultDecision { customer_id: 7, keep: 9 };
        let mut proposals = Proposals::default();
        proposals.add_account("customer", "enabled\n[[x]]", &account);
        proposals.add_account("admin_user", "enabled", &account);
        proposals.add_group("repeated", &group);
        proposals.add_default("two", &default);
        let decisions = Decisions::parse(&proposals.to_toml()).unwrap();
        assert_eq!(decisions.customer, std::slice::from_ref(&account));
        assert_eq!(decisions.admin, [account]);
        assert_eq!((decisions.group, decisions.default_address), (vec![group], vec![default]));
    }

    #[test]
    fn the_number_of_proposals_is_limited() {
        let mut proposals = Proposals::default();
        let count = i32::try_from(MAX_PROPOSALS).unwrap() + 3;
        for customer_id in 1..=count {
            proposals.add_default("two", &DefaultDecision { customer_id, keep: 1 });
        }
        assert_eq!(proposals.len(), MAX_PROPOSALS);
        let text = proposals.to_toml();
        assert!(text.contains("# 3 more are proposed"), "{}", &text[..1000]);
        assert_eq!(Decisions::parse(&text).unwrap().len(), MAX_PROPOSALS);
    }
}

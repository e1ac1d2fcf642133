//! The file of decisions: its structure, and the checks that need no database.

use std::collections::HashSet;

use serde::Deserialize;

use crate::error::{Error, Problem, Result};
use crate::types::{EmailAddress, is_blank};

/// The maximum size of a file of decisions, in bytes.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// The maximum number of problems of a file that are reported.
const MAX_PROBLEMS: usize = 20;

/// The decisions of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    /// About customers.
    #[serde(default)]
    pub customer: Vec<AccountDecision>,
    /// About admins.
    #[serde(default)]
    pub admin: Vec<AccountDecision>,
    /// About customer groups.
    #[serde(default)]
    pub group: Vec<GroupDecision>,
    /// About customers with several default addresses.
    #[serde(default)]
    pub default_address: Vec<DefaultDecision>,
}

/// A decision about an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountDecision {
    /// The primary key.
    pub id: i32,
    /// The e-mail address that is stored. The decision is refused if the account has another one.
    pub email: String,
    /// What is done.
    pub action: AccountAction,
    /// The new e-mail address, unless the account keeps its address.
    #[serde(default)]
    pub new_email: Option<String>,
}

/// What is done with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountAction {
    /// Nothing.
    Keep,
    /// It gets the new e-mail address.
    Rename,
    /// It gets the new e-mail address and is disabled.
    Disable,
}

/// A decision about a customer group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupDecision {
    /// The primary key.
    pub id: i32,
    /// The name that is stored. The decision is refused if the group has another one.
    pub name: String,
    /// What is done.
    pub action: GroupAction,
    /// The new name, unless the group keeps its name.
    #[serde(default)]
    pub new_name: Option<String>,
}

/// What is done with a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupAction {
    /// Nothing.
    Keep,
    /// It gets the new name.
    Rename,
}

/// A decision about the default address of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultDecision {
    /// The customer's primary key.
    pub customer_id: i32,
    /// The primary key of the address that stays the default. The customer's other addresses are no longer defaults.
    pub keep: i32,
}

impl Decisions {
    /// Parses a file.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is not TOML, has an unknown key, lacks a new address or name, or repeats one.
    pub fn parse(text: &str) -> Result<Self> {
        let decisions: Self =
            toml::from_str(text).map_err(|error| Error::invalid("file", error.to_string().trim_end()))?;
        let mut problems = Vec::new();
        problems.extend(check_accounts("customer", &decisions.customer, EmailAddress::parse));
        problems.extend(check_accounts("admin", &decisions.admin, EmailAddress::parse_local));
        problems.extend(check_groups(&decisions.group));
        problems.truncate(MAX_PROBLEMS);
        if problems.is_empty() { Ok(decisions) } else { Err(Error::Invalid(problems)) }
    }

    /// The number of decisions.
    pub fn len(&self) -> usize {
        self.customer.len() + self.admin.len() + self.group.len() + self.default_address.len()
    }

    /// Whether there is no decision.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn check_accounts<E>(
    noun: &'static str,
    decisions: &[AccountDecision],
    parse: impl Fn(&str) -> std::result::Result<EmailAddress, E>,
) -> Vec<Problem> {
    let (mut ids, mut keys) = (HashSet::new(), HashSet::new());
    let mut problems = Vec::new();
    for decision in decisions {
        let mut refuse =
            |reason: &str| problems.push(Problem::new(noun, format!("{noun} {}: {reason}", decision.id)));
        if !ids.insert(decision.id) {
            refuse("there are several decisions about it; keep one");
        }
        match (decision.action, decision.new_email.as_deref().map(&parse)) {
            (AccountAction::Keep, None) => {}
            (AccountAction::Keep, Some(_)) => refuse("it keeps its address, so remove new_email"),
            (_, None) => refuse("new_email is missing"),
            (_, Some(Err(_))) => refuse("new_email is not an e-mail address"),
            (_, Some(Ok(email))) => {
                if !keys.insert(email.key()) {
                    refuse("another decision has the same new_email");
                }
            }
        }
    }
    problems
}

fn check_groups(decisions: &[GroupDecision]) -> Vec<Problem> {
    let mut ids = HashSet::new();
    let mut problems = Vec::new();
    for decision in decisions {
        let mut refuse =
            |reason: &str| problems.push(Problem::new("group", format!("group {}: {reason}", decision.id)));
        if !ids.insert(decision.id) {
            refuse("there are several decisions about it; keep one");
        }
        match (decision.action, decision.new_name.as_deref()) {
            (GroupAction::Keep, None) => {}
            (GroupAction::Keep, Some(_)) => refuse("it keeps its name, so remove new_name"),
            (GroupAction::Rename, None) => refuse("new_name is missing"),
            (GroupAction::Rename, Some(name)) if is_blank(name) => refuse("new_name is empty"),
            (GroupAction::Rename, Some(_)) => {}
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::Decisions;
    use crate::error::Error;

    #[test]
    fn mistakes_in_a_file_are_reported() {
        for (text, expected) in [
            ("[[customer]]\nid = 1", "missing field `email`"),
            ("[[customers]]\nid = 1", "unknown field `customers`"),
            ("[[customer]]\nid = 1\nemail = \"a@x.io\"\naction = \"erase\"", "unknown variant `erase`"),
            ("[[customer]]\nid = 1\nemail = \"a@x.io\"\naction = \"rename\"", "new_email is missing"),
            (
                "[[admin]]\nid = 1\nemail = \"a@x.io\"\naction = \"disable\"\nnew_email = \"a\"",
                "admin 1: new_email is not an e-mail address",
            ),
            (
                "[[group]]\nid = 1\nname = \"VIP\"\naction = \"rename\"\nnew_name = \" \"",
                "group 1: new_name is empty",
            ),
        ] {
            let Err(Error::Invalid(problems)) = Decisions::parse(text) else { panic!("{text} is accepted") };
            assert!(problems[0].message.contains(expected), "{problems:?}");
        }
    }

    #[test]
    fn new_addresses_differ() {
        let rename = |id: i32, email: &str| {
            format!(
                "[[customer]]\nid = {id}\nemail = \"a@x.io\"\naction = \"rename\"\nnew_email = \"{email}\"\n"
            )
        };
        assert_eq!(Decisions::parse(&(rename(1, "b@x.io") + &rename(2, "c@x.io"))).unwrap().len(), 2);
        for twice in [rename(1, "b@x.io") + &rename(2, "B@x.io"), rename(1, "b@x.io") + &rename(1, "c@x.io")]
        {
            assert!(Decisions::parse(&twice).is_err(), "{twice}");
        }
    }
}

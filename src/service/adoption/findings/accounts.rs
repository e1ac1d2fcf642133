//! The e-mail addresses of customers and admins: several accounts with the same one, and those that are not valid.

use std::collections::BTreeSet;

use super::members::{self, Member};
use super::twins::{Scan, ScannedAccounts};
use crate::error::Result;
use crate::service::adoption::decisions::{AccountAction, AccountDecision, Proposals};
use crate::service::adoption::inspection::Inspection;
use crate::service::adoption::report::{Finding, Severity};

/// How many groups of accounts with the same address are read at once.
const CHUNK: usize = 500;

const CUSTOMERS: ScannedAccounts = ScannedAccounts {
    name: "customer",
    enabled: "status = 1",
    session_key: "customerID",
    may_be_local: false,
};
const ADMINS: ScannedAccounts =
    ScannedAccounts { name: "admin_user", enabled: "status", session_key: "userID", may_be_local: true };

/// Several accounts with the same address, and addresses that are not valid.
pub(in crate::service::adoption) async fn of_accounts(
    inspection: &Inspection,
    proposals: &mut Proposals,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (table, code) in [(&CUSTOMERS, "customer_twins"), (&ADMINS, "admin_twins")] {
        let scan = table.scan(inspection).await?;
        let examples = propose(inspection, table, &scan, proposals).await?;
        if !scan.twins.is_empty() {
            let text =
                "several accounts have the same e-mail address, apart from case or the form of its domain";
            let remedy = "decide which account keeps it: `patron adopt --check --proposals FILE` proposes decisions; \
                review the file, then run `patron adopt --resolve FILE`";
            let finding = Finding::new(code, Severity::Blocks, text, remedy);
            findings.push(finding.of_rows(table.name, scan.twins.len() as u64, examples));
        }
        if scan.invalid.count > 0 {
            let text = "patron can't use the e-mail address";
            let remedy =
                "kept; these accounts are listed and can't log in at patron until their address is corrected";
            let finding = Finding::new("invalid_email", Severity::Reports, text, remedy);
            findings.push(finding.of_rows(table.name, scan.invalid.count, scan.invalid.examples));
        }
        if scan.is_incomplete {
            let text = "there are too many addresses with international domains to compare all of them";
            let remedy = "an account whose address another account has can't log in; the log names it";
            findings.push(Finding::new("not_compared", Severity::Reports, text, remedy));
        }
    }
    Ok(findings)
}

/// Proposes decisions about the accounts with the same address. Returns the addresses as examples.
async fn propose(
    inspection: &Inspection,
    table: &ScannedAccounts,
    scan: &Scan,
    proposals: &mut Proposals,
) -> Result<Vec<String>> {
    let mut examples = Vec::new();
    let groups: Vec<(&String, &BTreeSet<i32>)> = scan.twins.iter().collect();
    for groups in groups.chunks(CHUNK) {
        let ids: BTreeSet<i32> = groups.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
        let mut members = members::read(inspection, table, &ids).await?;
        for (key, ids) in groups {
            let mut accounts: Vec<Member> = ids.iter().filter_map(|id| members.remove(id)).collect();
            accounts.sort_by_key(|member| std::cmp::Reverse(member.precedence()));
            let emails = accounts.iter().map(|member| format!("{} {}", member.id, member.email));
            examples.push(format!("{key}: {}", emails.collect::<Vec<_>>().join(", ")));
            for (index, member) in accounts.into_iter().enumerate() {
                let note = member.description();
                proposals.add_account(table.name, &note, &decision(member, index == 0));
            }
        }
    }
    Ok(examples)
}

/// The first account keeps its address; the others get a new one, which usually leads to the same mailbox.
fn decision(member: Member, is_first: bool) -> AccountDecision {
    let Member { id, email, .. } = member;
    if is_first {
        return AccountDecision { id, email, action: AccountAction::Keep, new_email: None };
    }
    let new_email = match email.trim().rsplit_once('@') {
        Some((local, domain)) => format!("{local}+{id}@{domain}"),
        None => format!("{}+{id}", email.trim()),
    };
    AccountDecision { id, email, action: AccountAction::Rename, new_email: Some(new_email) }
}

//! Accounts that are one account for patron: their e-mail addresses differ in case, or in the form of the domain.
//!
//! The database compares plain addresses, which are almost all. The program compares the others by their keys
//! ([`EmailAddress::key`]): addresses with letters outside of ASCII, with domains in A-labels, or with white space.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::error::Result;
use crate::service::adoption::inspection::{Found, Inspection};
use crate::types::EmailAddress;

/// How many rows a query returns at most.
const PAGE: usize = 10_000;
/// The maximum number of addresses that the program compares, so that memory is bounded.
const MAX_COMPARED: usize = 500_000;
/// The maximum number of keys that several accounts have; the rest is found by the next check.
const MAX_TWINS: usize = 10_000;

/// The addresses whose key is their lower case: ASCII without white space, control characters and A-labels.
const PLAIN: &str =
    "octet_length(email) = length(email) AND email !~ '[[:space:][:cntrl:]]' AND email !~* 'xn--'";

/// A table of accounts.
pub(super) struct ScannedAccounts {
    pub(super) name: &'static str,
    /// The condition for an enabled account.
    pub(super) enabled: &'static str,
    /// The member of the shop's sessions with the primary key.
    pub(super) session_key: &'static str,
    /// Whether an address may be local to a network, such as `admin@localhost`.
    pub(super) may_be_local: bool,
}

/// What a scan of the addresses found.
pub(super) struct Scan {
    /// The primary keys of the accounts with the same key, by that key.
    pub(super) twins: BTreeMap<String, BTreeSet<i32>>,
    /// The accounts whose addresses are not valid.
    pub(super) invalid: Found,
    /// Whether some addresses were not compared, because there are too many that the database can't compare.
    pub(super) is_incomplete: bool,
}

impl ScannedAccounts {
    fn parse(&self, email: &str) -> Option<EmailAddress> {
        let parsed =
            if self.may_be_local { EmailAddress::parse_local(email) } else { EmailAddress::parse(email) };
        parsed.ok()
    }

    /// Reads all addresses, page by page.
    pub(super) async fn scan(&self, inspection: &Inspection) -> Result<Scan> {
        let mut scan = Scan {
            twins: BTreeMap::new(),
            invalid: Found { count: 0, examples: Vec::new() },
            is_incomplete: false,
        };
        let mut compared: HashMap<String, BTreeSet<i32>> = HashMap::new();
        let mut after = 0;
        loop {
            let page = self.page(inspection, after).await?;
            let Some((last, ..)) = page.last() else { break };
            after = *last;
            for (id, email, is_plain) in page {
                let Some(parsed) = self.parse(&email) else {
                    scan.invalid.add(format!("{id} {email}"));
                    continue;
                };
                if is_plain {
                    continue;
                }
                if compared.len() >= MAX_COMPARED {
                    scan.is_incomplete = true;
                } else {
                    compared.entry(parsed.key()).or_default().insert(id);
                }
            }
        }
        scan.twins = self.twins(inspection, compared).await?;
        Ok(scan)
    }

    async fn page(&self, inspection: &Inspection, after: i32) -> Result<Vec<(i32, String, bool)>> {
        let name = self.name;
        let select = format!(
            r#"SELECT {name}_id, email::text, {PLAIN} FROM "{name}" WHERE {name}_id > $1 ORDER BY {name}_id LIMIT {PAGE}"#
        );
        let rows = inspection.rows(&select, [after.into()]).await?;
        let columns = rows
            .iter()
            .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?)));
        columns.collect()
    }

    /// The keys that several accounts have, given the keys that the program computed.
    async fn twins(
        &self,
        inspection: &Inspection,
        compared: HashMap<String, BTreeSet<i32>>,
    ) -> Result<BTreeMap<String, BTreeSet<i32>>> {
        let name = self.name;
        let repeated = format!(
            r#"SELECT lower(email::text COLLATE "C") FROM "{name}" WHERE {PLAIN} GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT {MAX_TWINS}"#
        );
        let mut accounts: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
        // An address that is not valid gets no key.
        for key in inspection.texts(&repeated).await?.into_iter().filter(|key| self.parse(key).is_some()) {
            accounts.insert(key, BTreeSet::new());
        }
        for (key, ids) in compared {
            accounts.entry(key).or_default().extend(ids);
        }
        let keys: Vec<String> = accounts.keys().cloned().collect();
        for keys in keys.chunks(PAGE) {
            for (id, key) in self.plain_owners(inspection, keys).await? {
                accounts.entry(key).or_default().insert(id);
            }
        }
        accounts.retain(|_, ids| ids.len() > 1);
        Ok(accounts)
    }

    /// The accounts with plain addresses that have one of these keys.
    async fn plain_owners(&self, inspection: &Inspection, keys: &[String]) -> Result<Vec<(i32, String)>> {
        let name = self.name;
        let select = format!(
            r#"SELECT {name}_id, lower(email::text COLLATE "C") FROM "{name}" WHERE {PLAIN}
            AND lower(email::text COLLATE "C") IN (SELECT jsonb_array_elements_text(CAST($1 AS text)::jsonb))"#
        );
        let keys = serde_json::Value::from(keys.to_vec()).to_string();
        let rows = inspection.rows(&select, [keys.into()]).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }
}

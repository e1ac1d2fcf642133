//! The check before an adoption. It writes nothing.

use std::collections::BTreeMap;

use migration::adoption::{self, KNOWN_MODULES};

use super::decisions::Proposals;
use super::findings;
use super::inspection::Inspection;
use super::report::{AdoptionReport, Severity};
use crate::app::ctx::AdminCtx;
use crate::error::Result;

/// The tables whose rows are counted.
const COUNTED: [&str; 8] = [
    "customer",
    "customer_address",
    "customer_group",
    "admin_user",
    "reset_password_token",
    "metafield_definition",
    "event",
    "session",
];
/// How many customers, with their addresses, an adoption processes in a second: columns, indexes, and the texts that
/// only the program computes. A rough estimate: two cores processed 3 200, with other load.
const CUSTOMERS_PER_SECOND: u64 = 2_500;
/// What an adoption of an empty shop takes, in seconds.
const SECONDS_WITHOUT_ROWS: u64 = 3;

/// Checks whether the shop's database can be adopted: what blocks the adoption, what it changes, and what is only reported.
/// Writes nothing.
///
/// The calling code has checked that the database is the shop's ([`state`](super::state())).
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) if the database can't be reached, or a query takes too long.
pub async fn check(ctx: &AdminCtx) -> Result<AdoptionReport> {
    let inspection = Inspection::begin(&ctx.app.config.database).await?;
    let report = inspect(ctx, &inspection).await?;
    inspection.end().await?;
    Ok(report)
}

async fn inspect(ctx: &AdminCtx, inspection: &Inspection) -> Result<AdoptionReport> {
    let is_interrupted = inspection.adoption().await?.is_some();
    let mut modules = adoption::modules(ctx.app.db.reader()).await?.unwrap_or_default();
    modules.retain(|module, _| KNOWN_MODULES.iter().any(|(known, _)| known == module));
    let mut findings = findings::of_server(inspection).await?;
    findings.extend(findings::of_modules(&modules));
    let unreadable =
        [findings::of_missing_columns(inspection).await?, findings::of_unreadable_tables(inspection).await?]
            .concat();
    let is_readable = unreadable.is_empty();
    findings.extend(unreadable);
    if !is_interrupted {
        findings.extend(findings::of_taken_names(inspection).await?);
        findings.extend(findings::of_changed_objects(inspection).await?);
    }
    let mut proposals = Proposals::default();
    let mut rows = BTreeMap::new();
    // The other queries read all of these tables and columns.
    if is_readable {
        rows = count_rows(inspection).await?;
        findings.extend(findings::of_values(inspection).await?);
        findings.extend(findings::of_accounts(inspection, &mut proposals).await?);
        findings.extend(findings::of_groups(inspection, &mut proposals).await?);
        findings.extend(findings::of_addresses(inspection, &mut proposals).await?);
        findings.extend(findings::of_definitions(inspection).await?);
    }
    findings.sort_by_key(|finding| finding.severity);
    let is_blocked = findings.iter().any(|finding| finding.severity == Severity::Blocks);
    Ok(AdoptionReport {
        outcome: if is_blocked { "blocked" } else { "ready" },
        modules,
        estimated_seconds: estimate(&rows),
        rows,
        is_interrupted,
        findings,
        proposals,
    })
}

async fn count_rows(inspection: &Inspection) -> Result<BTreeMap<&'static str, u64>> {
    let mut rows = BTreeMap::new();
    for table in COUNTED {
        rows.insert(table, inspection.count(&format!(r#"SELECT count(*) FROM "{table}""#)).await?);
    }
    Ok(rows)
}

fn estimate(rows: &BTreeMap<&'static str, u64>) -> u64 {
    let customers = rows.get("customer").copied().unwrap_or_default();
    SECONDS_WITHOUT_ROWS + customers / CUSTOMERS_PER_SECOND
}

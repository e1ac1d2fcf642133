//! The reports and results as text for people, and as JSON.

use serde::Serialize;
use serde_json::json;

use super::options::OutputFormat;
use crate::cli::exit::{CommandFailure, print};
use crate::cli::text::timestamp;
use crate::service::adoption::{Adopted, Adoption, AdoptionReport, Finding, Severity};

/// The severities in the order in which they are shown, with their headings.
const HEADINGS: [(Severity, &str); 3] = [
    (Severity::Blocks, "blocks the adoption"),
    (Severity::Changes, "changed by the adoption"),
    (Severity::Reports, "reported, not changed"),
];

/// Prints the report of a check.
pub(super) fn print_report(report: &AdoptionReport, format: OutputFormat) -> Result<(), CommandFailure> {
    match format {
        OutputFormat::Human => print(&human(report)),
        OutputFormat::Json => print(&pretty(report)),
    }
}

/// A value as indented JSON.
pub(super) fn pretty(value: &impl Serialize) -> String {
    // These values always have a form in JSON.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn human(report: &AdoptionReport) -> String {
    let modules: Vec<String> =
        report.modules.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let rows: Vec<String> = report.rows.iter().map(|(table, count)| format!("{table} {count}")).collect();
    let mut text = format!("EverShop  {}\nrows      {}\n", modules.join(", "), rows.join(", "));
    text.push_str(&format!(
        "time      about {} s, during which EverShop keeps running\n",
        report.estimated_seconds
    ));
    if report.is_interrupted {
        text.push_str("state     an adoption or an undo was interrupted; the next adoption continues it\n");
    }
    for (severity, heading) in HEADINGS {
        let findings: Vec<&Finding> =
            report.findings.iter().filter(|finding| finding.severity == severity).collect();
        if !findings.is_empty() {
            text.push_str(&format!("\n{heading}:\n"));
            for finding in findings {
                add_finding(&mut text, finding);
            }
        }
    }
    text.push('\n');
    text.push_str(match (report.is_blocked(), report.proposals.is_empty()) {
        (false, _) => "ready: run `patron adopt`\n",
        (true, true) => "blocked: fix what is listed first, and check again\n",
        (true, false) => {
            "blocked: fix what is listed first; `patron adopt --check --proposals FILE` proposes decisions\n"
        }
    });
    text
}

fn add_finding(text: &mut String, finding: &Finding) {
    let Finding { table, count, examples, text: what, remedy, .. } = finding;
    let subject = if table.is_empty() { String::new() } else { format!("{table}: ") };
    let number = if *count > 1 || !examples.is_empty() { format!(" ({count})") } else { String::new() };
    text.push_str(&format!("  {subject}{what}{number}\n"));
    for example in examples {
        text.push_str(&format!("      {example}\n"));
    }
    if *count > examples.len() as u64 && !examples.is_empty() {
        text.push_str("      …\n");
    }
    text.push_str(&format!("    → {remedy}\n"));
}

/// The state of a database that is adopted.
pub(super) fn adopted_summary(adoption: &Adoption, format: OutputFormat) -> String {
    let since = |time: Option<_>| time.map(timestamp).unwrap_or_default();
    let phase = adoption.phase.as_str();
    if format == OutputFormat::Json {
        return pretty(&json!({
            "outcome": "adopted",
            "phase": phase,
            "modules": adoption.modules,
            "adopted_at": since(adoption.adopted_at),
            "finished_at": since(adoption.finished_at),
        }));
    }
    match adoption.finished_at {
        Some(time) => format!(
            "the adoption was finished at {} UTC: EverShop no longer writes customers\n",
            timestamp(time)
        ),
        None => format!(
            "the database is adopted since {} UTC: patron and EverShop share it\n",
            since(adoption.adopted_at)
        ),
    }
}

/// The result of an adoption.
pub(super) fn adopted_result(adopted: &Adopted, seconds: f64, format: OutputFormat) -> String {
    let Adopted { customers_without_key, admins_without_key, groups_without_key } = *adopted;
    if format == OutputFormat::Json {
        return pretty(&json!({
            "outcome": "adopted",
            "seconds": seconds,
            "customers_without_key": customers_without_key,
            "admins_without_key": admins_without_key,
            "groups_without_key": groups_without_key,
        }));
    }
    let mut text = format!("adopted in {seconds:.1} s: patron and EverShop share the database\n");
    for (count, what) in [
        (
            customers_without_key,
            "customers who can't log in at patron until their e-mail address is corrected",
        ),
        (admins_without_key, "admins who can't log in at patron until their e-mail address is corrected"),
        (groups_without_key, "groups with the name of another group"),
    ] {
        if count > 0 {
            text.push_str(&format!("{what}: {count}\n"));
        }
    }
    text.push_str("next: `patron serve`\n");
    text
}

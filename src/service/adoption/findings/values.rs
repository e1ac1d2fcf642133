//! Values of single rows that the schema of the shop allows, and that of patron does not.

use crate::error::Result;
use crate::service::adoption::inspection::Inspection;
use crate::service::adoption::report::{Finding, Severity};

use Severity::{Blocks, Changes, Reports};

/// Rows of a table for which a condition holds.
struct RowRule {
    code: &'static str,
    severity: Severity,
    table: &'static str,
    condition: &'static str,
    text: &'static str,
    remedy: &'static str,
}

/// As the function `patron_guard_time` of the guards, which does not exist yet.
const WITHOUT_DATE: &str = "(created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00' \
    AND updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') IS NOT TRUE";
/// The formats of bcrypt and argon2id that patron verifies at a login.
const OTHER_HASH: &str =
    r"password !~ '^\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}$' AND password NOT LIKE '$argon2id$%'";
const HASH_TEXT: &str = "passwords are neither bcrypt nor argon2id";
const DATES_TEXT: &str =
    "the dates of the creation or the last change are missing (NULL), or not in the years 1 to 9999";
const DATES_REMEDY: &str = "filled with the other date, or with the time of the adoption";

const RULES: [RowRule; 15] = [
    RowRule {
        code: "meta_data",
        severity: Blocks,
        table: "customer",
        condition: "jsonb_typeof(meta_data) <> 'object'",
        text: "meta_data is not a JSON object",
        remedy: "set an object that keeps the value: UPDATE customer SET meta_data = jsonb_build_object('value', meta_data) WHERE jsonb_typeof(meta_data) <> 'object'",
    },
    RowRule {
        code: "group_uuid",
        severity: Blocks,
        table: "customer_group",
        condition: "uuid IN (SELECT uuid FROM customer_group GROUP BY uuid HAVING count(*) > 1)",
        text: "several groups have the same uuid",
        remedy: "UPDATE customer_group SET uuid = gen_random_uuid() WHERE customer_group_id = …, for all but one of them",
    },
    RowRule {
        code: "reset_token",
        severity: Blocks,
        table: "reset_password_token",
        condition: "token IN (SELECT token FROM reset_password_token GROUP BY token HAVING count(*) > 1)",
        text: "several rows have the same token",
        remedy: "delete them: DELETE FROM reset_password_token WHERE reset_password_token_id = …",
    },
    RowRule {
        code: "null_name",
        severity: Changes,
        table: "customer",
        condition: "full_name IS NULL",
        text: "the name is missing (NULL)",
        remedy: "filled with an empty text",
    },
    RowRule {
        code: "null_date",
        severity: Changes,
        table: "customer",
        condition: WITHOUT_DATE,
        text: DATES_TEXT,
        remedy: DATES_REMEDY,
    },
    RowRule {
        code: "status",
        severity: Changes,
        table: "customer",
        condition: "status NOT IN (0, 1)",
        text: "the status is neither 0 nor 1",
        remedy: "set to 0: the customer is disabled, as it is for EverShop",
    },
    RowRule {
        code: "null_default",
        severity: Changes,
        table: "customer_address",
        condition: "is_default IS NULL",
        text: "is_default is missing (NULL)",
        remedy: "filled with false",
    },
    RowRule {
        code: "null_date",
        severity: Changes,
        table: "customer_address",
        condition: WITHOUT_DATE,
        text: DATES_TEXT,
        remedy: DATES_REMEDY,
    },
    RowRule {
        code: "null_date",
        severity: Changes,
        table: "customer_group",
        condition: WITHOUT_DATE,
        text: DATES_TEXT,
        remedy: DATES_REMEDY,
    },
    RowRule {
        code: "null_name",
        severity: Changes,
        table: "admin_user",
        condition: "full_name IS NULL",
        text: "the name is missing (NULL)",
        remedy: "filled with an empty text",
    },
    RowRule {
        code: "null_date",
        severity: Changes,
        table: "admin_user",
        condition: WITHOUT_DATE,
        text: DATES_TEXT,
        remedy: DATES_REMEDY,
    },
    RowRule {
        code: "no_group",
        severity: Reports,
        table: "customer",
        condition: "group_id IS NULL",
        text: "the customer has no group, because its group was deleted",
        remedy: "kept; patron returns group null",
    },
    RowRule {
        code: "other_hash",
        severity: Reports,
        table: "customer",
        condition: OTHER_HASH,
        text: HASH_TEXT,
        remedy: "kept; these customers can't log in until they set a new password by mail",
    },
    RowRule {
        code: "other_hash",
        severity: Reports,
        table: "admin_user",
        condition: OTHER_HASH,
        text: HASH_TEXT,
        remedy: "kept; these admins can't log in until `patron admin password` sets a new one",
    },
    RowRule {
        code: "open_reset_token",
        severity: Reports,
        table: "reset_password_token",
        condition: "created_at > now() - interval '48 hours'",
        text: "links to set a new password were mailed in the last 48 hours",
        remedy: "kept; patron accepts them for PATRON_RESET_PASSWORD_EXPIRY after they were mailed",
    },
];

/// The rows with values that patron does not have.
pub(in crate::service::adoption) async fn of_values(inspection: &Inspection) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for rule in &RULES {
        if let Some(found) = inspection.find(rule.table, rule.condition).await? {
            let finding = Finding::new(rule.code, rule.severity, rule.text, rule.remedy);
            findings.push(finding.of_rows(rule.table, found.count, found.examples));
        }
    }
    Ok(findings)
}

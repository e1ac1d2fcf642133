//! Postal addresses: several defaults of one customer, and countries and provinces that have no ISO code.

use crate::error::Result;
use crate::service::adoption::decisions::{DefaultDecision, Proposals};
use crate::service::adoption::inspection::{Found, Inspection};
use crate::service::adoption::report::{Finding, Severity};
use crate::service::country;

/// The customers with several default addresses. The latest one is proposed to stay.
const DEFAULTS: &str = "SELECT customer_id, max(customer_address_id), string_agg(customer_address_id::text, ', ' ORDER BY customer_address_id) \
     FROM customer_address WHERE is_default::int = 1 GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 10000";
/// The number of customers with several default addresses.
const DEFAULT_COUNT: &str = "SELECT count(*) FROM (SELECT FROM customer_address WHERE is_default::int = 1 \
     GROUP BY customer_id HAVING count(*) > 1) AS several";
/// The countries and provinces in use, the most frequent first. More are not checked.
const PLACES: &str = "SELECT country::text, coalesce(province::text, ''), count(*) FROM customer_address \
     GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 50000";

/// Several default addresses, and unknown countries and provinces.
pub(in crate::service::adoption) async fn of_addresses(
    inspection: &Inspection,
    proposals: &mut Proposals,
) -> Result<Vec<Finding>> {
    let mut findings = of_defaults(inspection, proposals).await?;
    let nothing = || Found { count: 0, examples: Vec::new() };
    let (mut countries, mut provinces) = (nothing(), nothing());
    for row in inspection.rows(PLACES, []).await? {
        let (country, province): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let count = u64::try_from(row.try_get_by_index::<i64>(2)?).unwrap_or_default();
        // EverShop's codes are those of ISO, in capitals.
        if country.len() != 2 || country::find(&country).is_none_or(|found| found.alpha2 != country) {
            countries.add_many(count, format!("{country} ({count})"));
        } else if !province.is_empty() && country::find_province(&province).is_none() {
            provinces.add_many(count, format!("{country} {province} ({count})"));
        }
    }
    for (code, found, text) in [
        ("unknown_country", countries, "the country is not a code of ISO 3166-1"),
        ("unknown_province", provinces, "the province is not a code of ISO 3166-2"),
    ] {
        if found.count > 0 {
            let remedy = "kept as text; patron asks for a code only when the address is changed";
            let finding = Finding::new(code, Severity::Reports, text, remedy);
            findings.push(finding.of_rows("customer_address", found.count, found.examples));
        }
    }
    Ok(findings)
}

async fn of_defaults(inspection: &Inspection, proposals: &mut Proposals) -> Result<Vec<Finding>> {
    let mut examples = Vec::new();
    for row in inspection.rows(DEFAULTS, []).await? {
        let (customer_id, keep): (i32, i32) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let all: String = row.try_get_by_index(2)?;
        proposals.add_default(&format!("default addresses: {all}"), &DefaultDecision { customer_id, keep });
        examples.push(format!("customer {customer_id}: addresses {all}"));
    }
    if examples.is_empty() {
        return Ok(Vec::new());
    }
    let text = "customers have several default addresses";
    let remedy = "decide which one stays: `patron adopt --check --proposals FILE` proposes the latest; review the file, then \
        run `patron adopt --resolve FILE`";
    let count = inspection.count(DEFAULT_COUNT).await?;
    let finding = Finding::new("several_defaults", Severity::Blocks, text, remedy);
    Ok(vec![finding.of_rows("customer_address", count, examples)])
}

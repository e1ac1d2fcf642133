//! Environment variables that look like settings but are not, such as misspelled ones.
//!
//! They are logged as warnings, with the setting of the most similar name. Their values are never read, since some are
//! secret.

use std::ffi::OsStr;

use super::settings::SETTINGS;

/// The similarity from which one name may be a misspelling of another (Jaro-Winkler, 0 to 1).
const SIMILAR: f64 = 0.9;

/// The prefixes of patron's settings.
const OWN_PREFIXES: [&str; 3] = ["PATRON_", "JWT_ADMIN_", "JWT_CUSTOMER_"];

/// Prefixes of other variables: those that Kubernetes sets for a service named patron, and those of the tests.
const OTHER_PREFIXES: [&str; 4] = ["PATRON_PORT_", "PATRON_SERVICE_", "PATRON_TEST_", "PATRON_FUZZ_"];

/// Names that other programs use for the same settings.
const COMMON_NAMES: [(&str, &str); 5] = [
    ("PATRON_ADDRESS", "PATRON_LISTEN"),
    ("PATRON_DATABASE_URL", "DATABASE_URL"),
    ("PATRON_HOST", "PATRON_LISTEN"),
    ("PATRON_LOG_LEVEL", "PATRON_LOG"),
    ("PATRON_PORT", "PATRON_LISTEN"),
];

/// The environment variables that look like settings but are not, sorted by name, each with the setting that was
/// probably meant. Omits their values: some are secret.
pub fn unknown_variables() -> Vec<(String, Option<&'static str>)> {
    let variables =
        std::env::vars_os().filter(|(name, value)| !(name == "PATRON_PORT" && is_set_by_kubernetes(value)));
    let names = variables.filter_map(|(name, _)| name.into_string().ok());
    let mut unknown: Vec<String> = names.filter(|name| is_unknown(name)).collect();
    unknown.sort();
    let with_nearest = |name: String| {
        let nearest = nearest(&name);
        (name, nearest)
    };
    unknown.into_iter().map(with_nearest).collect()
}

fn is_unknown(name: &str) -> bool {
    let has_prefix = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    has_prefix(&OWN_PREFIXES)
        && !has_prefix(&OTHER_PREFIXES)
        && !SETTINGS.iter().any(|setting| setting.variable == name)
}

/// Whether the value of a variable `…_PORT` is a URL, as Kubernetes sets it.
fn is_set_by_kubernetes(value: &OsStr) -> bool {
    value.to_str().is_some_and(|value| value.contains("://"))
}

fn nearest(name: &str) -> Option<&'static str> {
    if let Some((_, setting)) = COMMON_NAMES.iter().find(|(other, _)| *other == name) {
        return Some(setting);
    }
    let candidates =
        SETTINGS.iter().map(|setting| (strsim::jaro_winkler(name, setting.variable), setting.variable));
    let best = candidates.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(similarity, _)| *similarity >= SIMILAR).map(|(_, variable)| variable)
}

//! Names that are almost settings.

use std::ffi::OsStr;

use super::settings::SETTINGS;

/// How alike two names are that one could be the other, misspelled (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.9;

/// The beginnings of the names that are ours.
const OURS: [&str; 3] = ["PATRON_", "JWT_ADMIN_", "JWT_CUSTOMER_"];

/// Names beginning as ours do that others set: Kubernetes for a service that is called patron, and our tests.
const OF_OTHERS: [&str; 4] = ["PATRON_PORT_", "PATRON_SERVICE_", "PATRON_TEST_", "PATRON_FUZZ_"];

/// What other programs call settings of ours.
const BY_OTHER_NAMES: [(&str, &str); 5] = [
    ("PATRON_ADDRESS", "PATRON_LISTEN"),
    ("PATRON_DATABASE_URL", "DATABASE_URL"),
    ("PATRON_HOST", "PATRON_LISTEN"),
    ("PATRON_LOG_LEVEL", "PATRON_LOG"),
    ("PATRON_PORT", "PATRON_LISTEN"),
];

/// The variables of the environment that look like settings and are none, in the order of their names; each with the
/// setting that was probably meant. Not their values: some are secret.
pub fn unknown_variables() -> Vec<(String, Option<&'static str>)> {
    let set = std::env::vars_os().filter(|(name, value)| !(name == "PATRON_PORT" && is_of_kubernetes(value)));
    let names = set.filter_map(|(name, _)| name.into_string().ok());
    let mut unknown: Vec<String> = names.filter(|name| is_unknown(name)).collect();
    unknown.sort();
    let with_nearest = |name: String| {
        let nearest = nearest(&name);
        (name, nearest)
    };
    unknown.into_iter().map(with_nearest).collect()
}

fn is_unknown(name: &str) -> bool {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| name.starts_with(beginning));
    begins(&OURS) && !begins(&OF_OTHERS) && !SETTINGS.iter().any(|setting| setting.variable == name)
}

/// Kubernetes sets `…_PORT` to a URL.
fn is_of_kubernetes(value: &OsStr) -> bool {
    value.to_str().is_some_and(|value| value.contains("://"))
}

fn nearest(name: &str) -> Option<&'static str> {
    if let Some((_, setting)) = BY_OTHER_NAMES.iter().find(|(other, _)| *other == name) {
        return Some(setting);
    }
    let all = SETTINGS.iter().map(|setting| (strsim::jaro_winkler(name, setting.variable), setting.variable));
    let best = all.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, variable)| variable)
}

//! Names that are almost settings.

use super::SETTINGS;

/// How alike two names are that one could be the other, misspelled (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.9;

/// The beginnings of the names that are ours.
const OURS: [&str; 3] = ["PATRON_", "JWT_ADMIN_", "JWT_CUSTOMER_"];

/// Names beginning as ours do that others set: Kubernetes for a service that is called patron, and our tests.
const OF_OTHERS: [&str; 4] = ["PATRON_PORT", "PATRON_SERVICE_", "PATRON_TEST_", "PATRON_FUZZ_"];

/// The variables of the environment that look like settings and are none, in the order of their names; each with the
/// setting that was probably meant. Not their values: some are secret.
pub fn unknown_variables() -> Vec<(String, Option<&'static str>)> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
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

fn nearest(name: &str) -> Option<&'static str> {
    let all = SETTINGS.iter().map(|setting| (strsim::jaro_winkler(name, setting.variable), setting.variable));
    let best = all.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, variable)| variable)
}

//! The versions of the shop's modules.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use migration::adoption::KNOWN_MODULES;

use crate::service::adoption::report::{Finding, Severity};

/// A module of another version than the one that the adoption was tested with.
pub(in crate::service::adoption) fn of_modules(modules: &BTreeMap<String, String>) -> Vec<Finding> {
    KNOWN_MODULES.iter().filter_map(|(module, known)| of_module(modules, module, known)).collect()
}

fn of_module(modules: &BTreeMap<String, String>, module: &str, known: &str) -> Option<Finding> {
    let finding = |text: String, remedy: &str| {
        Some(Finding::new("module_version", Severity::Blocks, text, remedy).of_rows("migration", 1, []))
    };
    let Some(version) = modules.get(module) else {
        let text = format!("the module {module} of EverShop has no version in the table migration");
        return finding(text, "start EverShop once, so that it runs its migrations");
    };
    let text = format!("the module {module} of EverShop has the version {version}; patron knows {known}");
    match parts(version).cmp(&parts(known)) {
        Ordering::Less => {
            finding(text, "upgrade EverShop to 2.2.1, which runs its migrations when it starts")
        }
        Ordering::Greater => finding(text, "use a newer version of patron, which knows this EverShop"),
        Ordering::Equal => None,
    }
}

/// The numbers of a version. A part that is not a number counts as the greatest, so that the version is not known.
fn parts(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::of_modules;

    #[test]
    fn only_known_versions_pass() {
        let with = |customer: &str| {
            let modules = [("customer", customer), ("auth", "1.0.1"), ("base", "1.0.7")];
            let modules = modules.map(|(name, version)| (name.to_owned(), version.to_owned()));
            of_modules(&modules.into()).into_iter().map(|finding| finding.remedy).collect::<Vec<_>>()
        };
        assert!(with("1.0.4").is_empty());
        for (version, remedy) in
            [("1.0.3", "upgrade EverShop"), ("1.0.10", "newer version"), ("1.0.4-beta", "newer version")]
        {
            let remedies = with(version);
            assert!(remedies.len() == 1 && remedies[0].contains(remedy), "{version}: {remedies:?}");
        }
        assert_eq!(of_modules(&std::collections::BTreeMap::new()).len(), 3);
    }
}

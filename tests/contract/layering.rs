//! Who may import whom: the rule at the top of `src/lib.rs`, read off the `use` lines and the paths.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The layers from the ground up; modules of one layer in one row. A module may name those in the rows below
/// its own; of its own row only the ground may name its neighbours.
const LAYERS: &[&[&str]] = &[
    &[
        "types",
        "system",
        "config",
        "error",
        "keys",
        "hasher",
        "mailer",
        "poster",
        "db",
        "entity",
        "lookup",
        "rate_limit",
        "app",
        "sealing",
        "idempotency",
        "ctx",
        "metrics",
        "telemetry",
    ],
    &["service"],
    &["http"],
    &["rest", "graphql", "worker", "transfer"],
    &["server"],
    &["cli"],
];

/// Crates that only these modules may name: what a layer is about stays in it.
const OWNERS: &[(&str, &[&str])] = &[
    ("axum", &["http", "rest", "graphql", "server"]),
    ("async_graphql", &["graphql"]),
    ("async_graphql_axum", &["graphql"]),
    ("apollo_compiler", &["graphql"]),
    ("apollo_parser", &["graphql"]),
    ("utoipa", &["http", "rest"]),
    ("utoipa_axum", &["rest"]),
    ("clap", &["config", "cli"]),
    ("argon2", &["hasher"]),
    ("bcrypt", &["hasher"]),
    ("chacha20poly1305", &["sealing"]),
    ("hmac", &["sealing", "service"]),
    ("csv", &["transfer"]),
    ("indicatif", &["cli"]),
    ("lettre", &["mailer"]),
    ("minijinja", &["mailer"]),
    ("opentelemetry", &["telemetry"]),
    ("opentelemetry_otlp", &["telemetry"]),
    ("opentelemetry_sdk", &["telemetry"]),
    ("prometheus_client", &["metrics"]),
    ("jsonschema", &["service"]),
    ("jsonschema_regex", &["service"]),
    ("regex_automata", &["service"]),
    ("jsonwebtoken", &["keys", "service"]),
    ("rand", &["system"]),
    ("reqwest", &["poster", "telemetry"]),
    ("rustls", &["poster", "telemetry"]),
    ("rustix", &["hasher", "server"]),
    ("governor", &["rate_limit"]),
    ("hyper", &["server"]),
    ("hyper_util", &["server"]),
    ("strsim", &["config", "graphql"]),
    ("ipnet", &["config", "http", "poster"]),
    ("headers", &["http", "types"]),
];

/// Entities are named by the ground and the services; surfaces read rows, and neither query nor write.
const QUERIES: &[&str] = &["sea_orm"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is read") {
        let path = entry.expect("the entry is read").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of each module at the top of the crate, without comments.
fn modules() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules: BTreeMap<String, Vec<(PathBuf, String)>> = BTreeMap::new();
    for file in sources(&root) {
        let inside = file.strip_prefix(&root).expect("below the root").to_path_buf();
        let first = inside.iter().next().expect("a name").to_string_lossy().replace(".rs", "");
        let code = std::fs::read_to_string(&file).expect("the file is read");
        let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        modules.entry(first).or_default().push((inside, code.join("\n")));
    }
    modules
}

/// Whether code names a path that starts like this, as in `use crate::db` or `crate::{db, …}` or `axum::Router`.
fn names(code: &str, module: &str) -> bool {
    let direct = format!("crate::{module}");
    let hit = |at: usize, length: usize| {
        let next = code[at + length..].chars().next();
        !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
    };
    let direct = code.match_indices(&direct).any(|(at, found)| hit(at, found.len()));
    let grouped = code.match_indices("crate::{").any(|(at, found)| {
        let list = &code[at + found.len()..];
        let list = &list[..list.find(';').unwrap_or(list.len())];
        list.split([',', '{', '}']).any(|item| item.trim().split("::").next() == Some(module))
    });
    direct || grouped
}

fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[test]
fn modules_name_only_what_is_below_them() {
    let modules = modules();
    let known: Vec<&str> = LAYERS.concat();
    let mut wrong = Vec::new();
    for (module, files) in &modules {
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(layer) = LAYERS.iter().position(|row| row.contains(&module.as_str())) else {
            panic!("src/{module} is in no layer: add it to LAYERS and to the list in src/lib.rs");
        };
        for (file, code) in files {
            for other in &known {
                let other_layer = LAYERS.iter().position(|row| row.contains(other)).expect("it is known");
                let allowed = other == module || other_layer < layer || (layer == 0 && other_layer == 0);
                if !allowed && names(code, other) {
                    wrong.push(format!("src/{} names crate::{other}, which is not below it", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "the layers of src/lib.rs are broken:\n{}", wrong.join("\n"));
}

#[test]
fn crates_stay_in_the_layer_they_are_for() {
    let mut wrong = Vec::new();
    for (module, files) in modules() {
        for (file, code) in files {
            for (name, owners) in OWNERS {
                if names_crate(&code, name) && !owners.contains(&module.as_str()) {
                    wrong.push(format!("src/{} names {name}, which is for {owners:?} only", file.display()));
                }
            }
            let surface =
                ["http", "rest", "graphql", "worker", "transfer", "server", "cli"].contains(&module.as_str());
            for name in QUERIES {
                if surface && names_crate(&code, name) {
                    wrong.push(format!("src/{} names {name}: queries belong to services", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A request is given its right to write once, and services spend it instead of committing by themselves: those that do have
/// to keep something whatever comes of the request, or are jobs.
#[test]
fn the_right_to_write_is_given_in_one_place() {
    const COMMIT_APART: [&str; 16] = [
        "idempotency/mod.rs",
        "service/admin.rs",
        "service/derived.rs",
        "service/group.rs",
        "service/health.rs",
        "service/housekeeping.rs",
        "service/import/write.rs",
        "service/journal/publish.rs",
        "service/journal/retention.rs",
        "service/mail.rs",
        "service/metafield/clean_up.rs",
        "service/password/mod.rs",
        "service/session/expiry.rs",
        "service/session/mod.rs",
        "service/throttle.rs",
        "service/webhook/delivery.rs",
    ];
    let (mut gives, mut commits) = (Vec::new(), Vec::new());
    for (file, code) in modules().into_values().flatten() {
        let file = file.display().to_string();
        if code.contains("Write::of_request(") {
            gives.push(file.clone());
        }
        if code.contains("transact!(") && file != "db.rs" {
            commits.push(file);
        }
    }
    commits.sort();
    assert_eq!(gives, ["http/idempotency.rs"]);
    assert_eq!(commits, COMMIT_APART, "a service that changes something for a request spends its Write");
}

#[test]
fn the_rule_can_fail() {
    assert!(names("use crate::rest::Data;", "rest"));
    assert!(names("use crate::{graphql, rest};", "rest"));
    assert!(!names("use crate::restful;", "rest"));
    assert!(names_crate("use axum::Router;", "axum") && !names_crate("use async_axum::X;", "axum"));
}

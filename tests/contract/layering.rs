//! Who may import whom: the order of the modules, the crates that each may name, and no cycles between folders or files.
//! Read off the `use` lines and the paths in the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::source;

/// The modules from the ground up. A module may import those in the rows below its own, and none of its own row.
const LAYERS: &[&[&str]] = &[
    &["error"],
    &["types"],
    &["clock"],
    &["random"],
    &["tls"],
    &["config"],
    &["server"],
    &["telemetry"],
    &["entity"],
    &["db"],
    &["crypto"],
    &["outbound"],
    &["app"],
    &["service"],
    &["transfer"],
    &["http"],
    &["api::rest", "api::graphql", "web", "worker"],
    &["router"],
    &["cli"],
];

/// Crates that only these modules may name.
const OWNERS: &[(&str, &[&str])] = &[
    ("apollo_compiler", &["api::graphql"]),
    ("apollo_parser", &["api::graphql"]),
    ("argon2", &["crypto"]),
    ("async_graphql", &["api::graphql"]),
    ("async_graphql_axum", &["api::graphql"]),
    ("axum", &["http", "api::rest", "api::graphql", "web", "router", "server"]),
    ("bcrypt", &["crypto"]),
    ("chacha20poly1305", &["crypto"]),
    ("clap", &["config", "cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("cookie", &["http"]),
    ("csv", &["transfer"]),
    ("governor", &["app"]),
    ("headers", &["http", "types"]),
    ("hmac", &["crypto", "service"]),
    ("hyper", &["server"]),
    ("hyper_util", &["server"]),
    ("indicatif", &["cli"]),
    ("ipnet", &["config", "http", "outbound"]),
    ("jsonschema", &["service"]),
    ("jsonschema_regex", &["service"]),
    ("jsonwebtoken", &["crypto", "service"]),
    ("lettre", &["outbound"]),
    ("minijinja", &["outbound"]),
    ("opentelemetry", &["telemetry"]),
    ("opentelemetry_otlp", &["telemetry"]),
    ("opentelemetry_sdk", &["telemetry"]),
    ("prometheus_client", &["telemetry", "server"]),
    ("rand", &["random"]),
    ("regex_automata", &["service"]),
    ("reqwest", &["outbound", "telemetry"]),
    ("rustix", &["crypto", "server", "telemetry"]),
    ("rustls", &["error", "tls"]),
    ("strsim", &["config", "api::graphql"]),
    ("totp_rs", &["service"]),
    ("utoipa", &["http", "api::rest", "web", "router"]),
    ("utoipa_axum", &["api::rest", "web", "router"]),
];

/// Modules that read rows and neither query nor write: queries belong to services.
const SURFACES: &[&str] =
    &["http", "api::rest", "api::graphql", "web", "worker", "transfer", "server", "router", "cli"];

/// Folders whose files may depend on each other: tables have relations in both directions, and GraphQL types have fields of
/// each other's type.
const MUTUAL: &[&str] = &["entity", "api::graphql::schema"];

/// A path of a `use` statement.
struct Use {
    /// The path in the crate.
    path: String,
    /// The name that the item gets.
    name: String,
    /// Whether other files can import the item from this one.
    is_reexport: bool,
}

/// A source file, without comments and tests.
struct Source {
    /// The path of its module, such as `service::customer`.
    module: String,
    file: PathBuf,
    code: String,
}

impl Source {
    /// The module of `LAYERS` that it belongs to; none for the crate itself.
    fn layer(&self) -> Option<&str> {
        let mut parts = self.module.split("::");
        match (parts.next()?, parts.next()) {
            ("" | "main", _) | ("api", None) => None,
            ("api", Some(surface)) => Some(&self.module["".len().."api::".len() + surface.len()]),
            (first, _) => Some(&self.module[..first.len()]),
        }
    }

    /// The paths into the crate that it names, absolute and without `crate::`.
    fn paths(&self) -> Vec<String> {
        let (uses, rest) = self.uses();
        uses.into_iter().map(|used| used.path).chain(self.paths_in(&rest)).collect()
    }

    /// Its `use` statements, and the rest of its code.
    fn uses(&self) -> (Vec<Use>, String) {
        let (mut uses, mut rest) = (Vec::new(), String::new());
        let mut code = self.code.as_str();
        while let Some(at) = find_use(code) {
            rest.push_str(&code[..at]);
            let is_reexport = !start_of_line(code, at).trim().is_empty();
            let statement = &code[at + "use ".len()..];
            let end = statement.find(';').unwrap_or(statement.len());
            let mut items = Vec::new();
            expand("", &statement[..end], &mut items);
            for (path, name) in items {
                uses.extend(self.resolve(&path).map(|path| Use { path, name, is_reexport }));
            }
            code = &statement[end..];
        }
        rest.push_str(code);
        (uses, rest)
    }

    /// The paths that begin with `crate`, `super` or `self` in code without `use` statements.
    fn paths_in(&self, code: &str) -> Vec<String> {
        let mut paths = Vec::new();
        for root in ["crate::", "super::", "self::"] {
            for (at, _) in code.match_indices(root) {
                let before = &code[..at];
                let is_start = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
                let is_visibility = before.ends_with("pub(in ");
                let end = code[at..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
                if is_start && !is_visibility {
                    paths.extend(self.resolve(&code[at..end.map_or(code.len(), |end| at + end)]));
                }
            }
        }
        paths
    }

    fn resolve(&self, path: &str) -> Option<String> {
        let mut base: Vec<&str> = self.module.split("::").filter(|part| !part.is_empty()).collect();
        let mut parts = path.split("::").map(str::trim).peekable();
        match *parts.peek()? {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop();
                while parts.next_if_eq(&"super").is_some() && parts.peek() == Some(&"super") {
                    base.pop();
                }
            }
            // A child of this module, or another crate: the file tells.
            _ => return Some([base, parts.collect()].concat().join("::")),
        }
        let named = parts.filter(|part| !["crate", "self", "super"].contains(part));
        Some(base.into_iter().chain(named).collect::<Vec<_>>().join("::"))
    }
}

/// Where a `use` statement begins: the word, behind nothing but its visibility on its line.
fn find_use(code: &str) -> Option<usize> {
    let begins = |at: &usize| {
        let line = start_of_line(code, *at);
        line.trim().is_empty() || line.trim_start().starts_with("pub") && line.ends_with(' ')
    };
    code.match_indices("use ").map(|(at, _)| at).find(begins)
}

/// The text before a position in the same line.
fn start_of_line(code: &str, at: usize) -> &str {
    &code[code[..at].rfind('\n').map_or(0, |end| end + 1)..at]
}

/// The paths of a `use` tree, each with the name that the item gets.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<(String, String)>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
        let path = format!("{prefix}{}", path.trim());
        let last = path.trim_end_matches("::self").rsplit("::").next().unwrap_or_default();
        let name = if alias.is_empty() { last } else { alias.trim() }.to_owned();
        paths.push((path, name));
        return;
    };
    let prefix = format!("{prefix}{}", tree[..open].trim());
    let inside = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, &inside[start..at], paths);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !inside[start..].trim().is_empty() {
        expand(&prefix, &inside[start..], paths);
    }
}

fn sources() -> Vec<Source> {
    let read = |(file, text): (PathBuf, String)| {
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n");
        let tests = code.find("#[cfg(test)]\nmod ").or_else(|| code.find("#[cfg(test)]\npub(super) mod "));
        let module = file.with_extension("").to_string_lossy().replace('/', "::");
        let module = module.strip_suffix("::mod").unwrap_or(&module);
        let module = if module == "lib" { String::new() } else { module.to_owned() };
        Source { module, file, code: code[..tests.unwrap_or(code.len())].to_owned() }
    };
    source::files().into_iter().map(read).collect()
}

/// The file of the longest module that a path begins with.
fn target<'a>(by_module: &BTreeMap<&'a str, &'a Source>, path: &str) -> Option<&'a Source> {
    let mut path = path;
    loop {
        if let Some(source) = by_module.get(path).filter(|source| !source.module.is_empty()) {
            return Some(source);
        }
        path = &path[..path.rfind("::")?];
    }
}

fn by_module(sources: &[Source]) -> BTreeMap<&str, &Source> {
    sources.iter().map(|source| (source.module.as_str(), source)).collect()
}

/// For each file, the files that it imports from.
fn imports(sources: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let by_module = by_module(sources);
    let of = |source: &Source| {
        let found = source.paths().into_iter().filter_map(|path| target(&by_module, &path));
        found.map(|found| found.module.as_str()).filter(|module| *module != source.module).collect()
    };
    sources.iter().map(|source| (source.module.as_str(), of(source))).collect()
}

/// For each file, the files that its own code depends on. A re-exported item counts as imported from the file that defines
/// it, and the file that re-exports it does not depend on it. So a `mod.rs` may collect the items of its folder, but files
/// that use code in their `mod.rs` may not be used by that code.
fn dependencies(sources: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let by_module = by_module(sources);
    let mut origins = BTreeMap::new();
    for source in sources {
        for Use { path, name, .. } in source.uses().0.into_iter().filter(|used| used.is_reexport) {
            let name = format!("{}::{name}", source.module);
            // A file may define a function with its own name, such as `save::save`, and a macro is exported where it is defined.
            if !by_module.contains_key(name.as_str()) && name != path {
                origins.insert(name, path);
            }
        }
    }
    let mut dependencies = BTreeMap::new();
    for source in sources {
        let (uses, rest) = source.uses();
        let used = uses.into_iter().filter(|used| !used.is_reexport).map(|used| used.path);
        let paths = used.chain(source.paths_in(&rest)).map(|path| origin(&origins, &path));
        let mut found: BTreeSet<&str> =
            paths.filter_map(|path| target(&by_module, &path)).map(|found| found.module.as_str()).collect();
        let children = by_module.keys().filter_map(|module| Some((*module, module.rsplit_once("::")?)));
        let used =
            children.filter(|(_, (parent, name))| *parent == source.module && names_crate(&rest, name));
        found.extend(used.map(|(module, _)| module));
        found.remove(source.module.as_str());
        dependencies.insert(source.module.as_str(), found);
    }
    dependencies
}

/// The path under which an item is defined. `origins` has the paths of re-exported items.
fn origin(origins: &BTreeMap<String, String>, path: &str) -> String {
    let mut ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
    match ends.find_map(|end| Some((end, origins.get(&path[..end])?))) {
        Some((end, origin_of_item)) => origin(origins, &format!("{origin_of_item}{}", &path[end..])),
        None => path.to_owned(),
    }
}

/// The imports that are part of a cycle.
fn on_cycles<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<(&'a str, &'a str)> {
    let reachable = |from: &'a str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(module) = next.pop() {
            for other in &imports[module] {
                if seen.insert(*other) {
                    next.push(*other);
                }
            }
        }
        seen
    };
    let from_each: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|module| (*module, reachable(module))).collect();
    let mut found = Vec::new();
    for (module, imported) in imports {
        found.extend(
            imported
                .iter()
                .filter(|other| from_each[**other].contains(module))
                .map(|other| (*module, *other)),
        );
    }
    found
}

fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path)
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

fn assert_none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n{}", wrong.join("\n"));
}

#[test]
fn modules_import_only_from_the_rows_below() {
    let sources = sources();
    let row = |layer: &str| LAYERS.iter().position(|row| row.contains(&layer));
    let by_module = by_module(&sources);
    let mut wrong = Vec::new();
    for (module, imported) in imports(&sources) {
        let source = by_module[module];
        let Some(layer) = source.layer() else { continue };
        let Some(own) = row(layer) else {
            panic!(
                "src/{} is in no row: add `{layer}` to LAYERS and to docs/architecture.md",
                source.file.display()
            );
        };
        for other in imported.into_iter().filter_map(|other| by_module[other].layer()) {
            if other != layer && row(other).is_none_or(|other| other >= own) {
                wrong.push(format!(
                    "src/{} imports from {other}, which is not below {layer}",
                    source.file.display()
                ));
            }
        }
    }
    assert_none(&wrong, "the order of the modules is broken (LAYERS in tests/contract/layering.rs)");
}

#[test]
fn files_of_different_folders_form_no_cycle() {
    let sources = sources();
    let by_module = by_module(&sources);
    let folder = |module: &str| by_module[module].file.parent();
    let mut cycles = on_cycles(&imports(&sources));
    cycles.retain(|(module, other)| folder(module) != folder(other));
    assert_none(&lines_of(cycles), "files of different folders import from each other");
}

#[test]
fn files_form_no_cycle() {
    let sources = sources();
    let is_mutual = |module: &str| MUTUAL.iter().any(|folder| module.starts_with(*folder));
    let mut cycles = on_cycles(&dependencies(&sources));
    cycles.retain(|(module, other)| !(is_mutual(module) && is_mutual(other)));
    assert_none(&lines_of(cycles), "files depend on each other: move what both need to a third file");
}

fn lines_of(cycles: Vec<(&str, &str)>) -> Vec<String> {
    let line =
        |(module, other): (&str, &str)| format!("{module} imports from {other}, which leads back to it");
    cycles.into_iter().map(line).collect()
}

#[test]
fn crates_stay_in_the_layer_they_are_for() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(layer) = source.layer() else { continue };
        for (name, owners) in OWNERS {
            if names_crate(&source.code, name) && !owners.contains(&layer) {
                wrong.push(format!(
                    "src/{} names {name}, which is for {owners:?} only",
                    source.file.display()
                ));
            }
        }
        if SURFACES.contains(&layer) && names_crate(&source.code, "sea_orm") {
            wrong.push(format!("src/{} names sea_orm: queries belong to services", source.file.display()));
        }
    }
    assert_none(&wrong, "a crate is used where it does not belong (OWNERS in tests/contract/layering.rs)");
}

/// A request gets its right to write in one place, and services spend it instead of committing by themselves. The files that
/// commit apart record something that has to stay even when the request fails, or are jobs.
#[test]
fn the_right_to_write_is_given_in_one_place() {
    const COMMIT_APART: [&str; 21] = [
        "app/idempotency.rs",
        "service/admin/command.rs",
        "service/backup/deliveries.rs",
        "service/confirmation.rs",
        "service/derived.rs",
        "service/group.rs",
        "service/health.rs",
        "service/housekeeping.rs",
        "service/import/write.rs",
        "service/journal/retention.rs",
        "service/login.rs",
        "service/login_attempts.rs",
        "service/mail/claim.rs",
        "service/mail/operator.rs",
        "service/mail/result.rs",
        "service/metafield/clean_up.rs",
        "service/session/expiry.rs",
        "service/shop_changes/mod.rs",
        "service/webhook/claim.rs",
        "service/webhook/publish.rs",
        "service/webhook/result.rs",
    ];
    let (mut gives, mut commits) = (Vec::new(), Vec::new());
    for Source { file, code, .. } in sources() {
        let file = file.display().to_string();
        if code.contains("Write::of_request(") {
            gives.push(file.clone());
        }
        if code.contains("transact!(") && !file.starts_with("db/") {
            commits.push(file);
        }
    }
    commits.sort();
    assert_eq!(gives, ["http/extract/write.rs"]);
    assert_eq!(commits, COMMIT_APART, "a service that changes something for a request spends its Write");
}

#[test]
fn the_rules_can_fail() {
    let source = |module: &str, code: &str| Source {
        module: module.to_owned(),
        file: PathBuf::from(format!("{}.rs", module.replace("::", "/"))),
        code: code.to_owned(),
    };
    let sources = [
        source("a::one", "use crate::b::{self, two::Two};"),
        source("a", "mod one;\nfn f() { super::b::g() }"),
        source("b", ""),
        source("b::two", "use super::super::a::one as x;\npub(super) fn h() {}"),
    ];
    let imports = imports(&sources);
    assert_eq!(imports["a::one"], BTreeSet::from(["b", "b::two"]));
    assert_eq!(imports["a"], BTreeSet::from(["b"]));
    assert_eq!(imports["b::two"], BTreeSet::from(["a::one"]));
    assert!(imports["b"].is_empty());
    let sources = [
        source("a", "mod one;\nmod two;\npub use one::{One as First};\nuse two::Two;\nfn f() { three::h() }"),
        source("a::one", "pub struct One;"),
        source("a::two", "use super::First;\npub(in crate::b) struct Two;\nfn g() { super::f() }"),
        source("a::three", "pub(super) fn h() {}"),
        source("b", "use crate::a::First;"),
    ];
    let dependencies = dependencies(&sources);
    assert_eq!(dependencies["a"], BTreeSet::from(["a::three", "a::two"]));
    assert_eq!(dependencies["a::two"], BTreeSet::from(["a", "a::one"]));
    assert_eq!(dependencies["b"], BTreeSet::from(["a::one"]));
    assert_eq!(on_cycles(&dependencies), [("a", "a::two"), ("a::two", "a")]);
    assert!(names_crate("use axum::Router;", "axum") && !names_crate("use async_axum::X;", "axum"));
}

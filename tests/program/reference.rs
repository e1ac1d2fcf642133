//! Compares patron with the reference implementation of GraphQL, the npm package `graphql`: both must accept the same
//! documents and the same values of variables, and return the same data for queries that read only countries.
//!
//! `tests/reference/` has the requests: a corpus, and a generator with a seed. `PATRON_REFERENCE_SEED` and
//! `PATRON_REFERENCE_COUNT` select other generated requests. `tests/reference/known.json` lists the known differences with
//! their reasons; the test also fails when a listed request no longer differs. Runs against the program, on both databases,
//! and needs Node.js and npm.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{ADMIN, Folder, Postgres, Server, admin_token, client, output, packages, tool};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference");
/// All fields of countries.
const COUNTRIES: &str = "{ countries { name code postcodeRequired provinceRequired postcodeLabel provinceLabel \
    provinces { name code countryCode } } }";

/// Runs a script of `tests/reference/` and returns its output.
fn node(arguments: &[&str]) -> String {
    output(Command::new(tool(&["node", "nodejs"])).args(arguments).current_dir(packages("reference")))
}

fn schema() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")
}

/// The requests of the corpus and those that the generator derives from the seed.
fn requests() -> Vec<Value> {
    let setting = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let mut files: Vec<PathBuf> = std::fs::read_dir(format!("{SOURCES}/corpus"))
        .expect("there is a corpus")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let mut requests = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("the corpus is text");
        let corpus: Vec<Value> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        requests.extend(corpus);
    }
    let (seed, count) = (setting("PATRON_REFERENCE_SEED", "1"), setting("PATRON_REFERENCE_COUNT", "1000"));
    let generated = node(&["generate.mjs", schema(), &seed, &count]);
    requests.extend(
        generated.lines().map(|line| serde_json::from_str::<Value>(line).expect("the output is JSON")),
    );
    requests
}

/// How an implementation treats a request.
#[derive(Debug, PartialEq)]
struct Verdict {
    /// Whether the request is executed, instead of refused with a request error.
    runs: bool,
    /// The data as it was serialized, so that the order of fields is compared as well; `None` where it depends on the
    /// database.
    data: Option<String>,
}

/// The verdict of the reference implementation on each request, and its whole output line.
fn reference_verdicts(folder: &Path, countries: &Value, requests: &[Value]) -> Vec<(Verdict, Value)> {
    let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
    let (countries_file, requests_file) = (folder.join("countries.json"), folder.join("requests.jsonl"));
    std::fs::write(&countries_file, countries["countries"].to_string()).expect("the file is written");
    std::fs::write(&requests_file, lines).expect("the file is written");
    let files = [&countries_file, &requests_file].map(|path| path.to_str().expect("the path is UTF-8"));
    let verdicts = node(&["evaluate.mjs", schema(), files[0], files[1]]);
    let verdict = |line: &str| {
        let output: Value = serde_json::from_str(line).expect("the output is JSON");
        let data =
            line.split_once(r#","data":"#).and_then(|(_, data)| data.strip_suffix('}')).map(str::to_owned);
        (Verdict { runs: output["verdict"] == "runs", data }, output)
    };
    verdicts.lines().map(verdict).collect()
}

struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    async fn log_in(url: &str) -> Self {
        let http = client();
        let token = admin_token(&http, url).await;
        Self { http, url: url.to_owned(), token }
    }

    async fn send(&self, request: &Value) -> (u16, String) {
        let url = format!("{}/api/admin/graphql", self.url);
        let request = self.http.post(url).bearer_auth(&self.token).json(request);
        let request = request.header("accept", "application/graphql-response+json");
        let response = request.send().await.expect("patron responds");
        (response.status().as_u16(), response.text().await.expect("the body is text"))
    }

    /// The verdict of patron on a request, with its data if `with_data`; and the response body.
    async fn verdict(&self, request: &Value, with_data: bool) -> (Verdict, String) {
        let mut body = request.clone();
        body.as_object_mut().expect("an object").remove("id");
        let (status, text) = self.send(&body).await;
        let response: Value = serde_json::from_str(&text).expect("the body is JSON");
        let runs = match (status, response.get("data")) {
            (200, Some(_)) => true,
            (400, None) => false,
            _ => panic!("{request}: {status} {text}"),
        };
        let data = text.strip_prefix(r#"{"data":"#).filter(|_| runs && with_data);
        let data = data.map(|data| match response.get("errors") {
            None => data.strip_suffix('}').expect("an object ends").to_owned(),
            Some(_) => response["data"].to_string(),
        });
        (Verdict { runs, data }, text)
    }
}

/// The ids of the requests with a known difference, and its reason.
fn known_differences() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(format!("{SOURCES}/known.json")).expect("there is a list");
    serde_json::from_str(&text).expect("the list is an object of texts")
}

async fn assert_same_verdicts(database_url: &str, folder: &Path) {
    let settings = [
        ("DATABASE_URL", database_url),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
        // The reference has no limit of complexity; `size.mjs` bounds the documents by its own estimate.
        ("PATRON_GRAPHQL_MAX_COMPLEXITY", "100000"),
    ];
    let server = Server::serve(folder, &settings);
    let client = Client::log_in(&server.url()).await;
    let countries: Value =
        serde_json::from_str(&client.send(&json!({"query": COUNTRIES})).await.1).expect("the body is JSON");
    let requests = requests();
    let verdicts = reference_verdicts(folder, &countries["data"], &requests);
    assert!(
        requests.len() >= 1300 && verdicts.len() == requests.len(),
        "{} of {}",
        verdicts.len(),
        requests.len()
    );
    let mut known = known_differences();
    let (mut different, mut compared) = (Vec::new(), 0);
    for (request, (expected, output)) in requests.iter().zip(&verdicts) {
        assert_eq!(request["id"], output["id"]);
        let (actual, response) = client.verdict(request, expected.data.is_some()).await;
        compared += usize::from(expected.data.is_some());
        let is_known = known.remove(request["id"].as_str().expect("an id")).is_some();
        if (actual == *expected) == is_known {
            let response: String = response.chars().take(600).collect();
            different.push(format!("{request}\n  the reference: {output}\n  patron:        {response}"));
        }
    }
    drop(server);
    assert!(known.is_empty(), "known.json lists requests that do not exist: {known:?}");
    assert!(compared >= 300, "only {compared} responses were compared");
    assert!(
        different.is_empty(),
        "{} of {} verdicts differ, or are equal although known.json lists them:\n{}",
        different.len(),
        requests.len(),
        different.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_equal_those_of_the_reference_on_sqlite() {
    let folder = Folder::new();
    assert_same_verdicts(&folder.sqlite_url(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_equal_those_of_the_reference_on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("reference"));
    assert_same_verdicts(&database.url, folder.path()).await;
}

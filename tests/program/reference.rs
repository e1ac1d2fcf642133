//! patron judges every request as the reference implementation of GraphQL does (the npm package `graphql`): which documents
//! are valid, which values of variables fit, and, over countries, what is answered. `tests/reference/` has the requests: a
//! corpus, and a generator with a seed. Against the program itself, on both databases. Needs Node.js and npm.
//!
//! What is judged differently is listed in `tests/reference/known.json`, with the reason; one that is no longer different has to go
//! from there. `PATRON_REFERENCE_SEED` and `PATRON_REFERENCE_COUNT` generate others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{ADMIN, Folder, Postgres, Server, admin_token, client, output, packages, tool};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference");
const COUNTRIES: &str = "{ countries { name code provinces { name code countryCode } } }";

/// Runs a script of `tests/reference/`; what it wrote.
fn node(arguments: &[&str]) -> String {
    output(Command::new(tool(&["node", "nodejs"])).args(arguments).current_dir(packages("reference")))
}

fn schema() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")
}

/// All requests: the corpus, and what the generator makes of a seed.
fn requests() -> Vec<Value> {
    let setting = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let mut files: Vec<PathBuf> = std::fs::read_dir(format!("{SOURCES}/corpus"))
        .expect("there is a corpus")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let mut requests = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("it is text");
        let corpus: Vec<Value> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        requests.extend(corpus);
    }
    let (seed, count) = (setting("PATRON_REFERENCE_SEED", "1"), setting("PATRON_REFERENCE_COUNT", "1000"));
    let generated = node(&["generate.mjs", schema(), &seed, &count]);
    requests.extend(generated.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON")));
    requests
}

/// A verdict, and what was answered, where that can be compared: as it was written, which tells the order of fields.
#[derive(Debug, PartialEq)]
struct Verdict {
    runs: bool,
    data: Option<String>,
}

/// What the reference says of each request.
fn judged(folder: &Path, countries: &Value, requests: &[Value]) -> Vec<(Verdict, Value)> {
    let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
    let (countries_file, requests_file) = (folder.join("countries.json"), folder.join("requests.jsonl"));
    std::fs::write(&countries_file, countries["countries"].to_string()).expect("it is written");
    std::fs::write(&requests_file, lines).expect("it is written");
    let files = [countries_file.to_str().expect("a path"), requests_file.to_str().expect("a path")];
    let verdicts = node(&["judge.mjs", schema(), files[0], files[1]]);
    let verdict = |line: &str| {
        let said: Value = serde_json::from_str(line).expect("it is JSON");
        let data =
            line.split_once(r#","data":"#).and_then(|(_, data)| data.strip_suffix('}')).map(str::to_owned);
        (Verdict { runs: said["verdict"] == "runs", data }, said)
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

    async fn ask(&self, request: &Value) -> (u16, String) {
        let url = format!("{}/api/admin/graphql", self.url);
        let request = self.http.post(url).bearer_auth(&self.token).json(request);
        let request = request.header("accept", "application/graphql-response+json");
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("it is text"))
    }

    /// What patron says of a request; its data when the reference has some.
    async fn verdict(&self, request: &Value, with_data: bool) -> (Verdict, String) {
        let mut body = request.clone();
        body.as_object_mut().expect("an object").remove("id");
        let (status, text) = self.ask(&body).await;
        let answer: Value = serde_json::from_str(&text).expect("it is JSON");
        let runs = match (status, answer.get("data")) {
            (200, Some(_)) => true,
            (400, None) => false,
            _ => panic!("{request}: {status} {text}"),
        };
        let data = text.strip_prefix(r#"{"data":"#).filter(|_| runs && with_data);
        let data = data.map(|data| match answer.get("errors") {
            None => data.strip_suffix('}').expect("an object ends").to_owned(),
            Some(_) => answer["data"].to_string(),
        });
        (Verdict { runs, data }, text)
    }
}

/// Requests that are known to be judged differently, by their ids, with the reason.
fn known() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(format!("{SOURCES}/known.json")).expect("there is a list");
    serde_json::from_str(&text).expect("it is an object of texts")
}

async fn agrees(database_url: &str, folder: &Path) {
    let settings = [
        ("DATABASE_URL", database_url),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
    ];
    let server = Server::serve(folder, &settings);
    let client = Client::log_in(&server.url()).await;
    let countries: Value =
        serde_json::from_str(&client.ask(&json!({"query": COUNTRIES})).await.1).expect("it is JSON");
    let requests = requests();
    let judged = judged(folder, &countries["data"], &requests);
    assert!(
        requests.len() >= 1300 && judged.len() == requests.len(),
        "{} of {}",
        judged.len(),
        requests.len()
    );
    let mut known = known();
    let (mut different, mut compared) = (Vec::new(), 0);
    for (request, (expected, said)) in requests.iter().zip(&judged) {
        assert_eq!(request["id"], said["id"]);
        let (found, answer) = client.verdict(request, expected.data.is_some()).await;
        compared += usize::from(expected.data.is_some());
        let is_known = known.remove(request["id"].as_str().expect("an id")).is_some();
        if (found == *expected) == is_known {
            let answer: String = answer.chars().take(600).collect();
            different.push(format!("{request}\n  the reference: {said}\n  patron:        {answer}"));
        }
    }
    drop(server);
    assert!(known.is_empty(), "there are no such requests: {known:?}");
    assert!(compared >= 300, "{compared} answers were compared");
    assert!(
        different.is_empty(),
        "{} of {} are judged differently, or no longer though they are listed:\n{}",
        different.len(),
        requests.len(),
        different.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let folder = Folder::new();
    agrees(&folder.sqlite_url(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("reference"));
    agrees(&database.url, folder.path()).await;
}

//! Runs the commands of the tour in README.md and compares the responses with those that it shows.

use std::process::Command;

use crate::support::{Folder, Server};

/// The fenced blocks of the tour, in order, with their language.
fn blocks(readme: &str) -> Vec<(&str, &str)> {
    let tour = readme.split("## A tour").nth(1).expect("there is a tour");
    let tour = &tour[..tour.find("\n## ").expect("a section follows the tour")];
    let fenced = tour.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').expect("a block has a first line")).collect()
}

/// Replaces UUIDs, tokens and timestamps, which differ from run to run, with `ID` and `TIME`.
fn normalize(text: &str) -> String {
    let mask = |word: &str| {
        let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
        let time = word.len() == 24 && word.ends_with('Z') && word.starts_with("20");
        let id = (word.len() == 36 || word.len() == 32) && word.chars().all(hex);
        if time {
            "TIME".to_owned()
        } else if id {
            "ID".to_owned()
        } else {
            word.to_owned()
        }
    };
    text.trim().split(['"', '/']).map(mask).collect::<Vec<_>>().join("\"")
}

#[test]
fn the_commands_of_the_tour_return_what_the_readme_shows() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &[], &[], "password");
    let line = server.banner.lines().last().unwrap_or_default();
    let password = line.split_whitespace().nth(1).expect("a password");

    let readme = include_str!("../../README.md");
    let (mut script, mut expected) = ("set -euo pipefail\n".to_owned(), Vec::new());
    for (language, block) in blocks(readme) {
        match language {
            "sh" => script.push_str(&format!("{block}\necho\n")),
            "json" => expected.push(normalize(block)),
            other => panic!("unexpected block: {other}"),
        }
    }
    let shown =
        readme.split("PASSWORD='").nth(1).and_then(|rest| rest.split('\'').next()).expect("a password");
    let script = script.replace("127.0.0.1:3000", &server.address).replace(shown, password);
    // A script is faster than a reader, so it has to wait until the worker has sent the mail.
    let wait = "for i in $(seq 100); do ls data/mail/verify_email-*.eml >/dev/null 2>&1 && break; sleep 0.1; done\nCODE=";
    let script = script.replacen("CODE=", wait, 1);
    let output = Command::new("bash").arg("-c").arg(&script).current_dir(folder.path()).output();
    let output = output.expect("bash runs");
    let output = String::from_utf8(output.stdout).expect("the output is text");
    let responses: Vec<String> = output.lines().filter(|line| !line.is_empty()).map(normalize).collect();
    assert_eq!(responses, expected);
    assert!(expected.len() >= 5);
}

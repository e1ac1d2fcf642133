//! The tour of README.md does what it shows: its commands are run, its answers compared.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Stopped by its id, whatever the test does.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// The fenced blocks of the tour, in order, with their language.
fn blocks(readme: &str) -> Vec<(&str, &str)> {
    let tour = readme.split("## A tour").nth(1).expect("there is a tour");
    let tour = &tour[..tour.find("\n## ").expect("something follows it")];
    let fenced = tour.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').expect("a fence has a line")).collect()
}

/// What differs from run to run, made alike: identifiers and times, by their form.
fn alike(text: &str) -> String {
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
fn the_tour() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = Command::new(env!("CARGO_BIN_EXE_patron"));
    server.env_clear().current_dir(folder.path()).env("PATRON_LISTEN", "127.0.0.1:0");
    let mut child = server.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program runs");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let _server = Server(child);
    let (mut address, mut password) = (String::new(), String::new());
    for line in lines {
        let line = line.expect("it is text");
        if let Some((_, url)) = line.split_once(" on http://") {
            url.clone_into(&mut address);
        }
        if let Some(rest) = line.trim().strip_prefix("password") {
            rest.split_whitespace().next().expect("a password").clone_into(&mut password);
            break;
        }
    }

    let readme = include_str!("../README.md");
    let (mut script, mut expected) = ("set -euo pipefail\n".to_owned(), Vec::new());
    for (language, block) in blocks(readme) {
        match language {
            "sh" => script.push_str(&format!("{block}\necho\n")),
            "json" => expected.push(alike(block)),
            other => panic!("a block in {other}"),
        }
    }
    let shown =
        readme.split("PASSWORD='").nth(1).and_then(|rest| rest.split('\'').next()).expect("a password");
    let script = script.replace("127.0.0.1:3000", &address).replace(shown, &password);
    // A reader takes longer than the worker needs for a mail; a script has to wait for it.
    let wait = "for i in $(seq 100); do ls data/mail/verify_email-*.eml >/dev/null 2>&1 && break; sleep 0.1; done\nCODE=";
    let script = script.replacen("CODE=", wait, 1);
    let output = Command::new("bash").arg("-c").arg(&script).current_dir(folder.path()).output();
    let output = output.expect("bash runs");
    let output = String::from_utf8(output.stdout).expect("it is text");
    let answers: Vec<String> = output.lines().filter(|line| !line.is_empty()).map(alike).collect();
    assert_eq!(answers, expected);
    assert!(expected.len() >= 5);
}

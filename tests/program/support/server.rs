//! The program itself: run to its end, or serving on loopback.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// For the next line of the banner; the demo makes its customers first.
const LONGEST_START: Duration = Duration::from_secs(120);

/// The program: the one that was built for the tests, or, where `PATRON_TEST_PROGRAM` says so, another build.
pub(crate) fn path() -> OsString {
    std::env::var_os("PATRON_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_patron").into())
}

/// The program in a folder of its own, with no settings but those that are given.
pub(crate) fn patron(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(path());
    command
        .env_clear()
        .env("PATRON_LISTEN", "127.0.0.1:0")
        .current_dir(folder)
        .args(arguments)
        .envs(settings.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    patron(folder, arguments, settings).output().expect("the program runs")
}

pub(crate) fn code_and_error(output: &Output) -> (i32, String) {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().expect("it ended by itself"), error)
}

/// The first text of this name in a JSON body.
pub(crate) fn field(answer: &str, name: &str) -> Option<String> {
    let (_, rest) = answer.split_once(&format!("\"{name}\":\""))?;
    Some(rest.split('"').next()?.to_owned())
}

pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

/// A server that is stopped by its id, whatever the test does.
pub(crate) struct Server {
    child: Child,
    /// Host and port.
    pub(crate) address: String,
    /// What it said until it was up.
    pub(crate) banner: String,
    /// A file: nobody reads a pipe while the server runs, and a full pipe would stop it.
    log: tempfile::NamedTempFile,
}

impl Server {
    /// Starts `patron serve` on a free port, on a database that it migrates.
    pub(crate) fn serve(folder: &Path, settings: &[(&str, &str)]) -> Self {
        // The last line that is always there: it tells of the admin only when it has just made one.
        Self::start(folder, &["serve", "--migrate"], settings, "mail")
    }

    /// Starts the program on a free port and waits for the last line of its banner.
    pub(crate) fn start(
        folder: &Path,
        arguments: &[&str],
        settings: &[(&str, &str)],
        last_line: &str,
    ) -> Self {
        Self::spawn(patron(folder, arguments, settings), last_line)
    }

    /// The same of another command, which becomes the program.
    pub(crate) fn spawn(mut command: Command, last_line: &str) -> Self {
        let log = tempfile::NamedTempFile::new().expect("the log is made");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log.reopen().expect("the log is opened"));
        let child = command.spawn().expect("the program runs");
        let mut server = Self { child, address: String::new(), banner: String::new(), log };
        server.read_banner(last_line);
        let address = server.banner.lines().next().and_then(|line| line.split_once("://"));
        server.address = address.expect("the banner names the address").1.to_owned();
        server
    }

    fn read_banner(&mut self, last_line: &str) {
        let output = BufReader::new(self.child.stdout.take().expect("it is piped"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // To the end, so that the program never writes into a closed pipe.
            for line in output.lines().map_while(Result::ok) {
                let _up_already = sender.send(line);
            }
        });
        loop {
            let Ok(line) = lines.recv_timeout(LONGEST_START) else {
                panic!("the server ended, or is not up in time: {}{}", self.banner, self.log());
            };
            self.banner.push_str(&line);
            self.banner.push('\n');
            if line.trim_start().starts_with(last_line) {
                break;
            }
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).expect("the log is text")
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// One request over a connection of its own.
    pub(crate) fn send(&self, request: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .expect("the request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the answer is text");
        answer
    }

    /// Sends SIGTERM and waits for the end; gives back the exit code and the log.
    pub(crate) fn terminate(mut self) -> (Option<i32>, String) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(killed.expect("kill runs").success());
        let code = self.child.wait().expect("it ends").code();
        (code, self.log())
    }

    /// Ends it at once, by SIGKILL; what it logged.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().expect("the server is stopped");
        self.child.wait().expect("it ends");
        self.log()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

//! Runs the program: a command to its end, or a server on a loopback address.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Timeout of each line of the banner; the demo creates its customers first.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// The path of the program: the one built for the tests, or the build that `PATRON_TEST_PROGRAM` names.
pub(crate) fn path() -> OsString {
    std::env::var_os("PATRON_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_patron").into())
}

/// A command that runs the program in `folder` with only these settings in its environment.
pub(crate) fn patron(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(path());
    command
        .env_clear()
        .env("PATRON_LISTEN", "127.0.0.1:0")
        .env("PATRON_DRAIN", "0")
        .current_dir(folder)
        .args(arguments)
        .envs(settings.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    patron(folder, arguments, settings).output().expect("the program runs")
}

/// Exit code and standard error.
pub(crate) fn code_and_error(output: &Output) -> (i32, String) {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().expect("no signal ended the program"), error)
}

/// The first string of this name in a JSON body.
pub(crate) fn field(response: &str, name: &str) -> Option<String> {
    let (_, rest) = response.split_once(&format!("\"{name}\":\""))?;
    Some(rest.split('"').next()?.to_owned())
}

/// A loopback address that nothing listens on.
pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

/// A running server; it is stopped with this value, also when the test fails.
pub(crate) struct Server {
    child: Child,
    /// Host and port.
    pub(crate) address: String,
    /// Its standard output up to the last line that `start` waited for.
    pub(crate) banner: String,
    /// Its standard error: a file, since a pipe that is not read would block the server when it is full.
    log: tempfile::NamedTempFile,
}

impl Server {
    /// Starts `patron serve` on a free port, on a database that it migrates.
    pub(crate) fn serve(folder: &Path, settings: &[(&str, &str)]) -> Self {
        // The last line that is always printed: the admin follows only if the server has just created one.
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

    /// Like `start`, for another command that executes the program.
    pub(crate) fn spawn(mut command: Command, last_line: &str) -> Self {
        let log = tempfile::NamedTempFile::new().expect("the log is created");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log.reopen().expect("the log is opened"));
        let child = command.spawn().expect("the program runs");
        let mut server = Self { child, address: String::new(), banner: String::new(), log };
        server.read_banner(last_line);
        let address = server.banner.lines().next().and_then(|line| line.split_once("://"));
        server.address = address.expect("the banner names the address").1.to_owned();
        server
    }

    fn read_banner(&mut self, last_line: &str) {
        let output = BufReader::new(self.child.stdout.take().expect("stdout is piped"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to the end, so that the program never writes to a closed pipe.
            for line in output.lines().map_while(Result::ok) {
                let _banner_is_complete = sender.send(line);
            }
        });
        loop {
            let Ok(line) = lines.recv_timeout(START_TIMEOUT) else {
                panic!("the server has ended or did not start in time: {}{}", self.banner, self.log());
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

    /// The URL of the server, without a path.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request over a new connection and returns the whole response, head included.
    pub(crate) fn send(&self, request: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .expect("the request is sent");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("the response is text");
        response
    }

    /// Sends SIGTERM and waits for the end; returns the exit code and the log.
    pub(crate) fn terminate(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.wait()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let killed =
            Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status();
        assert!(killed.expect("kill runs").success());
    }

    /// Waits for the end; returns the exit code and the log.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().expect("the server ends").code();
        (code, self.log())
    }

    /// Sends SIGKILL and returns the log.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().expect("the server is killed");
        self.child.wait().expect("the server ends");
        self.log()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that the server has already ended.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

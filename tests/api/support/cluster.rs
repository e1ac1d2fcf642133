//! PostgreSQL servers of one test: a primary, and a standby that can be promoted.

use std::process::Stdio;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres");

/// A primary that the other tests don't use, with an empty database `patron`. It ends with its standbys when the pipe to it
/// is closed.
pub(crate) struct Cluster {
    script: Child,
    /// Kept open, so that the script can write to it.
    _output: Lines<BufReader<ChildStdout>>,
    url: String,
    folder: String,
    /// The port of the primary on 127.0.0.1.
    pub(crate) port: String,
}

/// A standby of a cluster.
pub(crate) struct Standby {
    /// The port on 127.0.0.1.
    pub(crate) port: String,
    folder: String,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        let print = r#"printf '%s\n' "$PATRON_TEST_POSTGRES_URL" "$PATRON_TEST_POSTGRES_CLUSTER" "$PATRON_TEST_POSTGRES_PORT"; cat"#;
        let mut script = Command::new(SCRIPT)
            .args(["run", "bash", "-c", print])
            .env_remove("PATRON_TEST_POSTGRES_URL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script runs");
        let mut lines = BufReader::new(script.stdout.take().expect("stdout is piped")).lines();
        let mut line =
            async || lines.next_line().await.expect("the output is text").expect("the server starts");
        let (url, folder, port) = (line().await, line().await, line().await);
        let cluster = Self { script, _output: lines, url, folder, port };
        let server = connect(&cluster.url).await;
        server.execute_unprepared("CREATE DATABASE patron").await.expect("the database is created");
        server.close().await.expect("the connection closes");
        cluster
    }

    /// The URL of the database, on these hosts.
    pub(crate) fn url(&self, hosts: &str) -> String {
        let url = self.url.replace("/postgres?", "/patron?");
        url.replace(&format!("127.0.0.1:{}", self.port), hosts)
    }

    /// The database on the server at this port, without a proxy.
    pub(crate) async fn database(&self, port: &str) -> DatabaseConnection {
        connect(&self.url(&format!("127.0.0.1:{port}"))).await
    }

    pub(crate) async fn start_standby(&self) -> Standby {
        let printed = self.run(&["standby"]).await;
        let (port, folder) = printed.trim().split_once(' ').expect("a port and a folder");
        Standby { port: port.to_owned(), folder: folder.to_owned() }
    }

    /// Waits until the standby has everything that was committed, makes the primary read-only for all of its connections, and
    /// lets the standby accept writes. No connection is closed.
    pub(crate) async fn switch_over(&self, standby: &Standby) {
        let primary = self.database(&self.port).await;
        for statement in ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"] {
            primary.execute_unprepared(statement).await.expect("the primary is read-only");
        }
        primary.close().await.expect("the connection closes");
        self.catch_up(standby).await;
        self.run(&["promote", &standby.folder]).await;
    }

    /// Waits until the standby shows everything that was committed.
    pub(crate) async fn catch_up(&self, standby: &Standby) {
        let (primary, replica) = (self.database(&self.port).await, self.database(&standby.port).await);
        let position = text(&primary, "SELECT pg_current_wal_insert_lsn()::text").await;
        let replayed = format!("SELECT (pg_last_wal_replay_lsn() >= '{position}')::text");
        while text(&replica, &replayed).await != "true" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for connection in [primary, replica] {
            connection.close().await.expect("the connection closes");
        }
    }

    /// Runs a statement on the server at this port, as superuser.
    pub(crate) async fn execute_on(&self, port: &str, sql: &str) {
        let server = self.database(port).await;
        server.execute_unprepared(sql).await.expect("the server runs the statement");
        server.close().await.expect("the connection closes");
    }

    /// Lets the standby show what it shows now, until [`resume_replay`](Self::resume_replay).
    pub(crate) async fn pause_replay(&self, standby: &Standby) {
        self.catch_up(standby).await;
        self.execute_on(&standby.port, "SELECT pg_wal_replay_pause()").await;
    }

    pub(crate) async fn resume_replay(&self, standby: &Standby) {
        self.execute_on(&standby.port, "SELECT pg_wal_replay_resume()").await;
    }

    /// Kills the primary.
    pub(crate) async fn crash(&self) {
        self.run(&["crash"]).await;
    }

    async fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(SCRIPT);
        command.args(arguments).env("PATRON_TEST_POSTGRES_CLUSTER", &self.folder);
        let output = command.env("PATRON_TEST_POSTGRES_PORT", &self.port).output().await;
        let output = output.expect("the script runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the output is text")
    }

    pub(crate) async fn stop(mut self) {
        drop(self.script.stdin.take());
        assert!(self.script.wait().await.expect("the script ends").success());
    }
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url.to_owned());
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("the server responds")
}

async fn text(server: &DatabaseConnection, select: &str) -> String {
    let row = server.query_one_raw(Statement::from_string(server.get_database_backend(), select)).await;
    let row = row.expect("the server responds").expect("a row");
    row.try_get_by_index(0).expect("a text")
}

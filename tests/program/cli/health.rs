//! `patron health` asks a running server, as the health check of a container or a unit does.

use crate::support::{Folder, Server, code_and_error, free_address, run};

#[test]
fn a_running_server_is_ready_and_a_stopped_one_is_not() {
    let folder = Folder::new();
    let address = free_address();
    let settings = [("PATRON_LISTEN", address.as_str())];
    let server = Server::start(folder.path(), &[], &settings, "password");
    for (arguments, state) in [(&["health"][..], "ready\n"), (&["health", "--live"][..], "live\n")] {
        let output = run(folder.path(), arguments, &settings);
        assert_eq!(
            (output.status.code(), String::from_utf8_lossy(&output.stdout).as_ref()),
            (Some(0), state)
        );
    }
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    let (code, error) = code_and_error(&run(folder.path(), &["health"], &settings));
    assert!(code == 69 && error.contains(&format!("{address} is not ready")), "{code} {error}");
    assert!(error.contains("`patron serve`"), "{error}");
}

/// Probes get the address that serves only metrics and health, if there is one: it needs no permit of a request.
#[test]
fn the_address_of_the_metrics_is_asked_first() {
    let folder = Folder::new();
    let operations = free_address();
    let settings = [("PATRON_METRICS_LISTEN", operations.as_str())];
    let _server = Server::start(folder.path(), &[], &settings, "password");
    // The other setting names port 0, at which no server can be asked.
    let (code, error) = code_and_error(&run(folder.path(), &["health", "--wait", "10"], &settings));
    assert_eq!((code, error.as_str()), (0, ""));
}

/// Without its database, the server is live but not ready, and the reason is that of `/health/ready`.
#[test]
fn a_server_without_its_database_is_live_and_not_ready() {
    let folder = Folder::new();
    let (address, refusing) = (free_address(), free_address());
    let url = format!("postgres://patron@{refusing}/patron");
    let settings =
        [("PATRON_LISTEN", address.as_str()), ("DATABASE_URL", url.as_str()), ("PATRON_DATABASE_WAIT", "1")];
    let _server = Server::start(folder.path(), &["serve"], &settings, "mail");
    let live = run(folder.path(), &["health", "--live"], &settings);
    assert_eq!(live.status.code(), Some(0), "{live:?}");
    let (code, error) = code_and_error(&run(folder.path(), &["health"], &settings));
    assert!(code == 69 && error.contains(&format!("{address} is not ready: ")), "{code} {error}");
    // It responds, so nothing has to be started.
    assert!(!error.contains("`patron serve`") && !error.contains("HTTP/1.1"), "{error}");
}

#[test]
fn the_wait_ends() {
    let folder = Folder::new();
    let address = free_address();
    let timer = patron::clock::Timer::start();
    let settings = [("PATRON_LISTEN", address.as_str())];
    let (code, error) = code_and_error(&run(folder.path(), &["health", "--wait", "1"], &settings));
    assert_eq!(code, 69, "{error}");
    assert!(timer.elapsed() >= std::time::Duration::from_secs(1), "the command did not wait");
}

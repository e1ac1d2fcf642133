//! `patron webhook` lists endpoints and dead letters and replays deliveries; a slow receiver does not delay shutdown.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use patron::clock::Timer;

use crate::support::{Folder, Server, code_and_error, execute, field, free_address, rows, run};

/// The program ends within the shutdown timeout, also while a receiver has not responded.
#[test]
fn shutdown_does_not_wait_for_a_slow_receiver() {
    let folder = Folder::new();
    let url = folder.sqlite_url();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let receiver = listener.local_addr().expect("an address");
    let settings = [
        ("DATABASE_URL", &*url),
        ("PATRON_ADMIN_EMAIL", "admin@shop.io"),
        ("PATRON_ADMIN_PASSWORD", "correct horse"),
        ("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8"),
        ("PATRON_WEBHOOK_TIMEOUT", "60"),
        ("PATRON_SHUTDOWN_TIMEOUT", "3"),
    ];
    let server = Server::start(folder.path(), &[], &settings, "mail");
    subscribe_and_register(&server, &receiver.to_string());
    // The receiver accepts the connection, but never responds.
    let (_connection, _) = listener.accept().expect("the program connects");
    let timer = Timer::start();
    let (code, log) = server.terminate();
    let elapsed = timer.elapsed();
    assert!(code == Some(0) && elapsed < Duration::from_secs(20), "{elapsed:?} {log}");
    assert!(log.contains("they will be retried"), "{log}");
    let pending = "SELECT status FROM webhook_delivery WHERE status = 'pending'";
    assert_eq!(rows(&url, pending).len(), 1, "the delivery is not pending");
}

/// Creates an endpoint at this address, and a customer, whose event is delivered to it. Returns the endpoint's uuid.
fn subscribe_and_register(server: &Server, receiver: &str) -> String {
    let credentials = r#"{"email": "admin@shop.io", "password": "correct horse"}"#;
    let token = field(&server.send("POST /api/user/tokens", "", credentials), "accessToken");
    let admin = format!("Authorization: Bearer {}\r\n", token.expect("a token"));
    let endpoint = format!(r#"{{"url": "http://{receiver}/", "events": ["customer.created"]}}"#);
    let endpoint = server.send("POST /api/webhook-endpoints", &admin, &endpoint);
    assert!(endpoint.starts_with("HTTP/1.1 201"), "{endpoint}");
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse"}"#;
    assert!(server.send("POST /api/customers", "", body).starts_with("HTTP/1.1 201"));
    field(&endpoint, "uuid").expect("the endpoint has a uuid")
}

/// Accepts a delivery at this address and reports it.
fn receive_delivery(receiver: &str) -> mpsc::Receiver<()> {
    let (sender, received) = mpsc::channel();
    let listener = TcpListener::bind(receiver).expect("the address is still free");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the program connects");
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&request).contains("\"customer.created\"") {
            let length = stream.read(&mut buffer).expect("the request is read");
            assert_ne!(length, 0, "{}", String::from_utf8_lossy(&request));
            request.extend_from_slice(&buffer[..length]);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("the response is sent");
        sender.send(()).expect("the test is waiting");
    });
    received
}

const UNKNOWN: &str = "433ba97f-8be7-4be9-be3f-a9f341f2b89f";

#[test]
fn webhooks_are_listed_and_replayed() {
    let folder = Folder::new();
    let url = folder.sqlite_url();
    let settings = [
        ("DATABASE_URL", &*url),
        ("PATRON_ADMIN_EMAIL", "admin@shop.io"),
        ("PATRON_ADMIN_PASSWORD", "correct horse"),
        ("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8"),
    ];
    let receiver = free_address();
    let server = Server::start(folder.path(), &[], &settings, "mail");
    let endpoint = subscribe_and_register(&server, &receiver);
    // Running a command takes long enough to serve as a pause.
    let query = "SELECT last_error FROM webhook_delivery WHERE last_error IS NOT NULL";
    let failed = (0..500)
        .any(|_| run(folder.path(), &["schema"], &[]).status.success() && !rows(&url, query).is_empty());
    assert!(failed, "the worker has not attempted a delivery");
    assert_eq!(server.terminate().0, Some(0));
    // The state after three days of retries.
    let exhaust_retries = || execute(&url, "UPDATE webhook_delivery SET status = 'parked'");
    exhaust_retries();

    let webhook = |arguments: &[&str]| {
        let output = run(folder.path(), &[&["webhook"], arguments].concat(), &settings);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).expect("the output is text")
    };
    assert_eq!(webhook(&["list"]), format!("enabled   {endpoint}  http://{receiver}/  customer.created\n"));
    let dead_letters = webhook(&["parked"]);
    assert!(dead_letters.contains("onnection refused"), "the list has no reason: {dead_letters}");
    let delivery = dead_letters.split_whitespace().next().expect("the line starts with the id");

    for (arguments, code, expected) in [
        (&["replay"][..], 2, "required"),
        (&["replay", "--parked", UNKNOWN], 2, "cannot be used with"),
        (&["replay", UNKNOWN], 1, "Webhook delivery not found"),
        (&["replay", "--endpoint", UNKNOWN], 1, "Webhook endpoint not found"),
    ] {
        let output = run(folder.path(), &[&["webhook"], arguments].concat(), &settings);
        let (actual, error) = code_and_error(&output);
        assert!(actual == code && error.contains(expected), "{arguments:?}: {actual} {error}");
    }
    assert_eq!(webhook(&["parked"]), dead_letters, "a refused command has changed a delivery");

    for arguments in
        [&["replay", "--parked"][..], &["replay", "--endpoint", &endpoint], &["replay", delivery]]
    {
        exhaust_retries();
        assert!(webhook(arguments).starts_with("1 delivery will be sent"), "{arguments:?}");
        assert_eq!(webhook(&["parked"]), "");
    }
    assert!(webhook(&["replay", "--parked"]).starts_with("0 deliveries"));

    let received = receive_delivery(&receiver);
    let _server = Server::start(folder.path(), &[], &settings, "mail");
    received.recv_timeout(Duration::from_secs(60)).expect("the delivery arrives");
}

//! What was given up is listed, and sent again.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use patron::clock::Timer;

use crate::support::{Folder, Server, code_and_error, execute, field, free_address, rows, run};

/// The program ends within the shutdown timeout, also while a receiver keeps it waiting.
#[test]
fn a_stop_does_not_wait_for_a_receiver() {
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
    let credentials = r#"{"email": "admin@shop.io", "password": "correct horse"}"#;
    let token = field(&server.send("POST /api/user/tokens", "", credentials), "accessToken");
    let admin = format!("Authorization: Bearer {}\r\n", token.expect("a token"));
    let endpoint = format!(r#"{{"url": "http://{receiver}/", "events": ["customer.created"]}}"#);
    assert!(server.send("POST /api/webhook-endpoints", &admin, &endpoint).starts_with("HTTP/1.1 201"));
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse"}"#;
    assert!(server.send("POST /api/customers", "", body).starts_with("HTTP/1.1 201"));
    // It is taken, and never answered.
    let (_held, _) = listener.accept().expect("the delivery comes");
    let watch = Timer::start();
    let (code, log) = server.terminate();
    let took = watch.elapsed();
    assert!(code == Some(0) && took < Duration::from_secs(20), "{took:?} {log}");
    assert!(log.contains("they will be tried again"), "{log}");
    let waiting = "SELECT status FROM webhook_delivery WHERE status = 'pending'";
    assert_eq!(rows(&url, waiting).len(), 1, "it is not lost");
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
    let credentials = r#"{"email": "admin@shop.io", "password": "correct horse"}"#;
    let token = field(&server.send("POST /api/user/tokens", "", credentials), "accessToken");
    let admin = format!("Authorization: Bearer {}\r\n", token.expect("a token"));
    let endpoint = format!(r#"{{"url": "http://{receiver}/", "events": ["customer.created"]}}"#);
    let endpoint = field(&server.send("POST /api/webhook-endpoints", &admin, &endpoint), "uuid");
    let endpoint = endpoint.expect("the endpoint is made");
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse"}"#;
    assert!(server.send("POST /api/customers", "", body).starts_with("HTTP/1.1 201"));
    // Each look takes longer than the pause it would need.
    let tried = "SELECT last_error FROM webhook_delivery WHERE last_error IS NOT NULL";
    let tried = (0..500)
        .any(|_| run(folder.path(), &["schema"], &[]).status.success() && !rows(&url, tried).is_empty());
    assert!(tried, "nobody tried to deliver");
    assert_eq!(server.terminate().0, Some(0));
    // As three days later.
    let give_up = || execute(&url, "UPDATE webhook_delivery SET status = 'parked'");
    give_up();

    let webhook = |arguments: &[&str]| {
        let output = run(folder.path(), &[&["webhook"], arguments].concat(), &settings);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).expect("it is text")
    };
    assert_eq!(webhook(&["list"]), format!("enabled   {endpoint}  http://{receiver}/  customer.created\n"));
    let parked = webhook(&["parked"]);
    assert!(parked.contains("onnection refused"), "why is told: {parked}");
    let delivery = parked.split_whitespace().next().expect("its id");

    for (arguments, code, expected) in [
        (&["replay"][..], 2, "required"),
        (&["replay", "--parked", UNKNOWN], 2, "cannot be used with"),
        (&["replay", UNKNOWN], 1, "Webhook delivery not found"),
        (&["replay", "--endpoint", UNKNOWN], 1, "Webhook endpoint not found"),
    ] {
        let output = run(folder.path(), &[&["webhook"], arguments].concat(), &settings);
        let (ended, error) = code_and_error(&output);
        assert!(ended == code && error.contains(expected), "{arguments:?}: {ended} {error}");
    }
    assert_eq!(webhook(&["parked"]), parked, "nothing of that changed anything");

    for all in [&["replay", "--parked"][..], &["replay", "--endpoint", &endpoint], &["replay", delivery]] {
        give_up();
        assert!(webhook(all).starts_with("1 delivery will be sent"), "{all:?}");
        assert_eq!(webhook(&["parked"]), "");
    }
    assert!(webhook(&["replay", "--parked"]).starts_with("0 deliveries"));

    let (sender, received) = mpsc::channel();
    let listener = TcpListener::bind(&receiver).expect("the address is still free");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody calls");
        let mut request = Vec::new();
        let mut some = [0; 4096];
        while !String::from_utf8_lossy(&request).contains("\"customer.created\"") {
            let length = stream.read(&mut some).expect("the request is read");
            assert_ne!(length, 0, "{}", String::from_utf8_lossy(&request));
            request.extend_from_slice(&some[..length]);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("the answer is sent");
        sender.send(()).expect("somebody waits for it");
    });
    let _server = Server::start(folder.path(), &[], &settings, "mail");
    received.recv_timeout(Duration::from_secs(60)).expect("it is delivered");
}

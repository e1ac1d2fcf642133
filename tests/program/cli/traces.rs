//! Traces: the spans that a collector receives, and the trace ids in the log.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::support::{Folder, Server, free_address, run};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// An OTLP collector; it runs until the test ends.
struct Collector {
    url: String,
    /// The bodies of all requests.
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
    /// The header lines of all requests.
    headers: Arc<Mutex<String>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (bodies, headers) = (Arc::new(Mutex::new(Vec::new())), Arc::default());
        let (received_bodies, received_headers) = (Arc::clone(&bodies), Arc::clone(&headers));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.expect("a connection"));
                while let Some(body) = read(&mut stream, &received_headers) {
                    received_bodies.lock().unwrap().push(body);
                    let response = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
                    stream.get_mut().write_all(response.as_bytes()).expect("the response is sent");
                }
            }
        });
        Self { url, bodies, headers }
    }

    fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let bodies = self.bodies.lock().unwrap();
        bodies.iter().map(|body| ExportTraceServiceRequest::decode(&body[..]).expect("OTLP")).collect()
    }

    fn spans(&self) -> Vec<Span> {
        let resources = self.requests().into_iter().flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }
}

/// Reads the next request of a connection and returns its body, or `None` when the client has closed it.
fn read(stream: &mut BufReader<TcpStream>, headers: &Mutex<String>) -> Option<Vec<u8>> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    assert_eq!(line.trim(), "POST /v1/traces HTTP/1.1");
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).expect("a header");
        if line.trim().is_empty() {
            break;
        }
        headers.lock().unwrap().push_str(&line);
        let (name, value) = line.split_once(':').expect("a header has a value");
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("the body");
    Some(body)
}

fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{key} is {other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn register(server: &Server, email: &str, headers: &str) {
    let body = format!(r#"{{"full_name": "A", "email": "{email}", "password": "a marked password"}}"#);
    let response = server.send("POST /api/customers", headers, &body);
    assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
}

#[test]
fn spans_of_requests_statements_and_mails_are_exported() {
    let (folder, collector) = (Folder::new(), Collector::start());
    let settings = [
        ("PATRON_OTLP_ENDPOINT", collector.url.as_str()),
        ("PATRON_LOG_FORMAT", "json"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tests"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-key=the-key"),
    ];
    let server = Server::start(folder.path(), &["serve"], &settings, "password");
    register(&server, "marked@x.io", &format!("traceparent: 00-{TRACE}-{PARENT}-01\r\n"));
    let query = r#"{"query": "{ customers { total } }"}"#;
    server.send("POST /api/graphql", "", query);
    assert!(server.send("GET /health/ready", "", "").starts_with("HTTP/1.1 200"));
    let unsampled = "4bf92f3577b34da6a3ce929d0e0e4736";
    server.send("POST /api/graphql", &format!("traceparent: 00-{unsampled}-{PARENT}-00\r\n"), query);
    // Wait until the worker has sent the mail. The program exports the remaining spans when it stops.
    let sent = || run(folder.path(), &["mail", "list", "--status", "sent"], &[]).stdout;
    assert!((0..1000).any(|_| String::from_utf8_lossy(&sent()).contains("marked@x.io")), "no mail was sent");
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");

    let spans = collector.spans();
    assert_spans_of_registration(&spans);
    let [query] = spans_named(&spans, "POST /api/graphql")[..] else {
        panic!("not exactly one span of the sampled query: {spans:?}")
    };
    assert!(query.parent_span_id.is_empty(), "the span is not the root of a trace");
    assert_eq!(attribute(&query.attributes, "patron.graphql.field").as_deref(), Some("customers"));
    assert_eq!(spans_named(&spans, "send mail").len(), 1, "{spans:?}");
    let traces: HashSet<String> = spans.iter().map(|span| hex(&span.trace_id)).collect();
    assert!(!traces.contains(unsampled), "a trace that the caller does not sample was exported");
    assert_eq!(
        traces.len(),
        3,
        "there are spans of something else than the two requests and the mail: {spans:?}"
    );
    assert_requests_of_exporter(&collector);
    assert!(log.lines().any(|line| line.contains("answered") && line.contains(TRACE)), "{log}");
    assert!(log.lines().any(|line| line.contains("answered") && line.contains(unsampled)), "{log}");
    assert!(!log.contains("spans were not sent"), "{log}");
}

fn spans_named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

/// The registration has a span in the caller's trace, and a span of its INSERT below it.
fn assert_spans_of_registration(spans: &[Span]) {
    let [request] = spans_named(spans, "POST /api/customers")[..] else {
        panic!("not exactly one span of the request: {spans:?}")
    };
    assert_eq!((hex(&request.trace_id), hex(&request.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!(request.kind, 2, "SPAN_KIND_SERVER");
    for (key, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/customers"),
        ("http.response.status_code", "201"),
    ] {
        assert_eq!(attribute(&request.attributes, key).as_deref(), Some(value), "{request:?}");
    }
    let statements: Vec<_> = spans.iter().filter(|span| span.parent_span_id == request.span_id).collect();
    let insert =
        statements.iter().find(|span| span.name == "INSERT").expect("the request has a span of its INSERT");
    assert_eq!(insert.kind, 3, "SPAN_KIND_CLIENT");
    assert_eq!(attribute(&insert.attributes, "db.system.name").as_deref(), Some("sqlite"));
    assert!(attribute(&insert.attributes, "db.query.text").is_some_and(|sql| sql.contains("INSERT INTO")));
    assert!(insert.start_time_unix_nano >= request.start_time_unix_nano);
    assert!(insert.end_time_unix_nano <= request.end_time_unix_nano);
}

/// The requests to the collector have the configured resource and header, and no value or secret.
fn assert_requests_of_exporter(collector: &Collector) {
    let requests = collector.requests();
    let resource = requests[0].resource_spans[0].resource.as_ref().expect("there is a resource");
    assert_eq!(attribute(&resource.attributes, "service.name").as_deref(), Some("patron"));
    assert_eq!(attribute(&resource.attributes, "deployment.environment.name").as_deref(), Some("tests"));
    assert!(collector.headers.lock().unwrap().contains("x-collector-key: the-key"));
    for body in collector.bodies.lock().unwrap().iter() {
        let text = String::from_utf8_lossy(body);
        assert!(!text.contains("marked"), "a span contains a value or a secret: {text}");
    }
}

#[test]
fn without_a_collector_the_trace_id_of_a_request_is_logged() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &["serve"], &[("PATRON_LOG_FORMAT", "json")], "password");
    register(&server, "a@x.io", &format!("traceparent: 00-{TRACE}-{PARENT}-01\r\n"));
    register(&server, "b@x.io", "traceparent: 00-marked-01\r\n");
    let (_, log) = server.terminate();
    let requests: Vec<_> = log.lines().filter(|line| line.contains("answered")).collect();
    assert_eq!(requests.len(), 2, "{log}");
    assert!(requests[0].contains(&format!("\"trace_id\":\"{TRACE}\"")), "{log}");
    assert!(!log.contains("marked") && !requests[1].contains("trace_id"), "{log}");
}

#[test]
fn an_unavailable_collector_does_not_affect_requests() {
    let folder = Folder::new();
    let endpoint = format!("http://{}", free_address());
    let settings = [("PATRON_OTLP_ENDPOINT", endpoint.as_str()), ("PATRON_LOG_FORMAT", "json")];
    let server = Server::start(folder.path(), &["serve"], &settings, "password");
    register(&server, "a@x.io", "");
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("\"status\":201"), "{log}");
}

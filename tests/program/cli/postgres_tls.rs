//! TLS to PostgreSQL: verified where the server is on another machine, unless `DATABASE_URL` says otherwise.
//!
//! A door with TLS of its own stands before the server that `tests/run` starts. It is called by an address that is not a
//! loopback one and yet leads to this machine, as on another nobody listens: 0.0.0.0.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::support::{Folder, Postgres, code_and_error, run};

/// What a client asks first (PostgreSQL 55.2.11, SSL Session Encryption): length, and the code 1234 5679.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// It closes when it is dropped.
struct Door {
    port: u16,
    /// The certificate that a client has to trust, in PEM.
    certificate: String,
    /// How many came in through TLS, and how many without.
    encrypted: Arc<AtomicUsize>,
    plain: Arc<AtomicUsize>,
    _runtime: tokio::runtime::Runtime,
}

impl Door {
    /// With a certificate for this name; without one it offers no TLS.
    fn open(name: Option<&str>, server: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (acceptor, certificate) = name.map(acceptor).unzip();
        let (encrypted, plain) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counts = [Arc::clone(&encrypted), Arc::clone(&plain)];
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, server, acceptor.clone(), counts.clone()));
            }
        });
        Self { port, certificate: certificate.unwrap_or_default(), encrypted, plain, _runtime: runtime }
    }

    fn passed(&self) -> (usize, usize) {
        (self.encrypted.swap(0, Ordering::SeqCst), self.plain.swap(0, Ordering::SeqCst))
    }
}

fn acceptor(name: &str) -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("the certificate fits the key");
    (TlsAcceptor::from(Arc::new(tls)), made.cert.pem())
}

/// Lets one connection through to the server; an error ends it, and the client says what it saw.
async fn pass(
    mut stream: TcpStream,
    server: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    [encrypted, plain]: [Arc<AtomicUsize>; 2],
) -> std::io::Result<()> {
    let mut inside = TcpStream::connect(server).await?;
    let mut first = [0; 8];
    stream.read_exact(&mut first).await?;
    if first == SSL_REQUEST
        && let Some(acceptor) = acceptor
    {
        stream.write_all(b"S").await?;
        let mut stream = acceptor.accept(stream).await?;
        encrypted.fetch_add(1, Ordering::SeqCst);
        copy_bidirectional(&mut stream, &mut inside).await?;
        return Ok(());
    }
    if first == SSL_REQUEST {
        stream.write_all(b"N").await?;
        stream.read_exact(&mut first).await?;
    }
    plain.fetch_add(1, Ordering::SeqCst);
    inside.write_all(&first).await?;
    copy_bidirectional(&mut stream, &mut inside).await?;
    Ok(())
}

struct Case {
    folder: Folder,
    database: Postgres,
    server: SocketAddr,
}

impl Case {
    fn new(what: &str) -> Self {
        let (folder, database) = (Folder::new(), Postgres::create(what));
        let (_, rest) = database.url.split_once('@').expect("the URL names a role");
        let server = rest.split('/').next().and_then(|address| address.parse().ok()).expect("an address");
        Self { folder, database, server }
    }

    /// Asks for the state of the schema: exit code 1 when the server answered, since nothing has been migrated.
    fn ask(&self, door: &Door, query: &str, settings: &[(&str, &str)]) -> (i32, String) {
        let (before, rest) = self.database.url.split_once('@').expect("the URL names a role");
        let (_, name) = rest.split_once('/').expect("the URL names a database");
        let name = name.split('?').next().expect("a name");
        let url = format!("{before}@0.0.0.0:{}/{name}{query}", door.port);
        let mut all = vec![("DATABASE_URL", url.as_str()), ("PATRON_DATABASE_WAIT", "3")];
        all.extend(settings);
        let (code, error) = code_and_error(&run(self.folder.path(), &["migrate", "status"], &all));
        let password = before.rsplit(':').next().expect("a password");
        assert!(!error.contains(password), "{error}");
        (code, error)
    }

    fn trust(&self, door: &Door) -> PathBuf {
        let path = self.folder.path().join(format!("{}.pem", door.port));
        std::fs::write(&path, &door.certificate).expect("the certificate is written");
        path
    }
}

#[test]
fn a_certificate_is_verified_by_default() {
    let case = Case::new("tls");
    let door = Door::open(Some("0.0.0.0"), case.server);
    let (code, error) = case.ask(&door, "", &[]);
    assert!(
        code == 69 && error.contains("certificate could not be verified") && error.contains("sslrootcert"),
        "{code} {error}"
    );
    assert_eq!(door.passed(), (0, 0), "nothing was sent, not even who asks");

    // Trusted because the URL says so, or the system.
    let certificate = case.trust(&door);
    let certificate = certificate.to_str().expect("a path");
    let (code, error) = case.ask(&door, &format!("?sslrootcert={certificate}"), &[]);
    assert!(code == 1 && error.contains("migrations are pending"), "{code} {error}");
    let (encrypted, plain) = door.passed();
    assert!(encrypted > 0 && plain == 0);
    let (code, error) = case.ask(&door, "", &[("SSL_CERT_FILE", certificate)]);
    assert!(code == 1 && error.contains("migrations are pending"), "{code} {error}");
    assert_eq!(door.passed().1, 0);

    // What the URL says goes before.
    for (query, encrypts) in [("?sslmode=require", true), ("?sslmode=disable", false)] {
        let (code, error) = case.ask(&door, query, &[]);
        assert!(code == 1 && error.contains("migrations are pending"), "{code} {error}");
        let (encrypted, plain) = door.passed();
        assert!((encrypted > 0, plain > 0) == (encrypts, !encrypts), "{query}: {encrypted} {plain}");
    }
}

#[test]
fn a_certificate_of_another_host_is_refused() {
    let case = Case::new("tls_name");
    let door = Door::open(Some("db.internal"), case.server);
    let certificate = case.trust(&door);
    let (code, error) = case.ask(&door, "", &[("SSL_CERT_FILE", certificate.to_str().expect("a path"))]);
    assert!(
        code == 69 && error.contains("not valid for name") && error.contains("use the name that it is for"),
        "{code} {error}"
    );
    assert_eq!(door.passed(), (0, 0));
}

/// Whoever stands between could say so as well.
#[test]
fn a_server_without_tls_is_refused() {
    let case = Case::new("tls_none");
    let door = Door::open(None, case.server);
    let (code, error) = case.ask(&door, "", &[]);
    assert!(
        code == 69 && error.contains("does not support TLS") && error.contains("sslmode=disable"),
        "{code} {error}"
    );
    assert_eq!(door.passed(), (0, 0));
    // What the driver would do by itself.
    let (code, error) = case.ask(&door, "?sslmode=prefer", &[]);
    assert!(code == 1 && door.passed().1 > 0, "{code} {error}");
}

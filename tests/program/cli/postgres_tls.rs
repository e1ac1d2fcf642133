//! TLS to PostgreSQL: for a server on another machine, certificates are verified unless `DATABASE_URL` disables it.
//!
//! A TLS proxy forwards to the server that `tests/run` starts. The program connects to it at 0.0.0.0, which is not a
//! loopback address, but leads to this machine.

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

/// The first message of a client that supports TLS: SSLRequest (PostgreSQL documentation 55.2.11, SSL Session Encryption),
/// its length and the code 1234 5679.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A proxy before PostgreSQL; it stops when it is dropped.
struct TlsProxy {
    port: u16,
    /// The certificate that a client has to trust, in PEM.
    certificate: String,
    /// Connections with TLS since the last call of `take_counts`.
    encrypted: Arc<AtomicUsize>,
    /// Connections without TLS since then.
    plain: Arc<AtomicUsize>,
    _runtime: tokio::runtime::Runtime,
}

impl TlsProxy {
    /// Starts a proxy with a certificate for `name`. Without a name, it does not support TLS.
    fn start(name: Option<&str>, server: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (acceptor, certificate) = name.map(acceptor).unzip();
        let (encrypted, plain) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counts = [Arc::clone(&encrypted), Arc::clone(&plain)];
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(forward(stream, server, acceptor.clone(), counts.clone()));
            }
        });
        Self { port, certificate: certificate.unwrap_or_default(), encrypted, plain, _runtime: runtime }
    }

    fn take_counts(&self) -> (usize, usize) {
        (self.encrypted.swap(0, Ordering::SeqCst), self.plain.swap(0, Ordering::SeqCst))
    }
}

fn acceptor(name: &str) -> (TlsAcceptor, String) {
    let generated = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(generated.signing_key.serialize_der()));
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![generated.cert.der().clone()], key)
        .expect("the certificate fits the key");
    (TlsAcceptor::from(Arc::new(tls)), generated.cert.pem())
}

/// Forwards one connection to the server. An error closes it, and the client reports that.
async fn forward(
    mut stream: TcpStream,
    server: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    [encrypted, plain]: [Arc<AtomicUsize>; 2],
) -> std::io::Result<()> {
    let mut upstream = TcpStream::connect(server).await?;
    let mut first = [0; 8];
    stream.read_exact(&mut first).await?;
    if first == SSL_REQUEST
        && let Some(acceptor) = acceptor
    {
        stream.write_all(b"S").await?;
        let mut stream = acceptor.accept(stream).await?;
        encrypted.fetch_add(1, Ordering::SeqCst);
        copy_bidirectional(&mut stream, &mut upstream).await?;
        return Ok(());
    }
    if first == SSL_REQUEST {
        stream.write_all(b"N").await?;
        stream.read_exact(&mut first).await?;
    }
    plain.fetch_add(1, Ordering::SeqCst);
    upstream.write_all(&first).await?;
    copy_bidirectional(&mut stream, &mut upstream).await?;
    Ok(())
}

struct Setup {
    folder: Folder,
    database: Postgres,
    server: SocketAddr,
}

impl Setup {
    fn new(label: &str) -> Self {
        let (folder, database) = (Folder::new(), Postgres::create(label));
        let (_, rest) = database.url.split_once('@').expect("the URL names a role");
        let server = rest.split('/').next().and_then(|address| address.parse().ok()).expect("an address");
        Self { folder, database, server }
    }

    /// Runs `migrate status` through the proxy. The exit code is 1 if the connection succeeds, since all migrations are
    /// pending.
    fn migrate_status(&self, proxy: &TlsProxy, query: &str, settings: &[(&str, &str)]) -> (i32, String) {
        let (before, rest) = self.database.url.split_once('@').expect("the URL names a role");
        let (_, name) = rest.split_once('/').expect("the URL names a database");
        let name = name.split('?').next().expect("a name");
        let url = format!("{before}@0.0.0.0:{}/{name}{query}", proxy.port);
        let mut all = vec![("DATABASE_URL", url.as_str()), ("PATRON_DATABASE_WAIT", "3")];
        all.extend(settings);
        let (code, error) = code_and_error(&run(self.folder.path(), &["migrate", "status"], &all));
        let password = before.rsplit(':').next().expect("a password");
        assert!(!error.contains(password), "{error}");
        (code, error)
    }

    /// Writes the certificate of the proxy to a file.
    fn write_certificate(&self, proxy: &TlsProxy) -> PathBuf {
        let path = self.folder.path().join(format!("{}.pem", proxy.port));
        std::fs::write(&path, &proxy.certificate).expect("the certificate is written");
        path
    }
}

#[test]
fn a_certificate_is_verified_by_default() {
    let setup = Setup::new("tls");
    let proxy = TlsProxy::start(Some("0.0.0.0"), setup.server);
    let (code, error) = setup.migrate_status(&proxy, "", &[]);
    assert!(
        code == 69 && error.contains("certificate could not be verified") && error.contains("sslrootcert"),
        "{code} {error}"
    );
    assert_eq!(proxy.take_counts(), (0, 0), "the program has sent data, such as its user name");

    // The certificate is trusted through the URL, or through the certificates of the system.
    let certificate = setup.write_certificate(&proxy);
    let certificate = certificate.to_str().expect("the path is UTF-8");
    let (code, error) = setup.migrate_status(&proxy, &format!("?sslrootcert={certificate}"), &[]);
    assert!(code == 1 && error.contains("migrations are pending"), "{code} {error}");
    let (encrypted, plain) = proxy.take_counts();
    assert!(encrypted > 0 && plain == 0);
    let (code, error) = setup.migrate_status(&proxy, "", &[("SSL_CERT_FILE", certificate)]);
    assert!(code == 1 && error.contains("migrations are pending"), "{code} {error}");
    assert_eq!(proxy.take_counts().1, 0);

    // `sslmode` in the URL overrides the default.
    for (query, encrypts) in [("?sslmode=require", true), ("?sslmode=disable", false)] {
        let (code, error) = setup.migrate_status(&proxy, query, &[]);
        assert!(code == 1 && error.contains("migrations are pending"), "{code} {error}");
        let (encrypted, plain) = proxy.take_counts();
        assert!((encrypted > 0, plain > 0) == (encrypts, !encrypts), "{query}: {encrypted} {plain}");
    }
}

#[test]
fn a_certificate_of_another_host_is_refused() {
    let setup = Setup::new("tls_name");
    let proxy = TlsProxy::start(Some("db.internal"), setup.server);
    let certificate = setup.write_certificate(&proxy);
    let (code, error) = setup.migrate_status(
        &proxy,
        "",
        &[("SSL_CERT_FILE", certificate.to_str().expect("the path is UTF-8"))],
    );
    assert!(
        code == 69
            && error.contains("not valid for name")
            && error.contains("use a host name of the certificate"),
        "{code} {error}"
    );
    assert_eq!(proxy.take_counts(), (0, 0));
}

/// An attacker in the middle could also claim that the server does not support TLS.
#[test]
fn a_server_without_tls_is_refused() {
    let setup = Setup::new("tls_none");
    let proxy = TlsProxy::start(None, setup.server);
    let (code, error) = setup.migrate_status(&proxy, "", &[]);
    assert!(
        code == 69 && error.contains("does not support TLS") && error.contains("sslmode=disable"),
        "{code} {error}"
    );
    assert_eq!(proxy.take_counts(), (0, 0));
    // This is the default of the driver.
    let (code, error) = setup.migrate_status(&proxy, "?sslmode=prefer", &[]);
    assert!(code == 1 && proxy.take_counts().1 > 0, "{code} {error}");
}

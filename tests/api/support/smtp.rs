//! A real SMTP server (RFC 5321) on loopback. It accepts mails, with or without TLS and authentication, or fails in a
//! configured way.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use mailin::response::{AUTH_OK, INTERNAL_ERROR, INVALID_CREDENTIALS, NO_MAILBOX, OK};
use mailin::{Action, AuthMechanism, Handler, Response, Session, SessionBuilder};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

pub(crate) const USER: &str = "patron";
pub(crate) const PASSWORD: &str = "smtp secret / # %";

/// The behavior of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SmtpBehavior {
    /// Accepts every mail.
    Accept,
    /// Rejects every mailbox: 550.
    RejectMailbox,
    /// Fails temporarily: 451.
    FailTemporarily,
    /// Fails temporarily and quotes the link of the mail: 454.
    QuoteLink,
    /// Accepts the connection and sends nothing.
    Hang,
    /// Accepts mail only after STARTTLS and authentication.
    RequireTlsAndLogin,
}

/// The server; it stops when it is dropped.
pub(crate) struct SmtpServer {
    pub(crate) address: SocketAddr,
    /// The accepted mails, in order.
    pub(crate) mails: Arc<Mutex<Vec<Vec<u8>>>>,
    /// The certificate that a client has to trust, in PEM.
    pub(crate) certificate: String,
    behavior: Arc<Mutex<SmtpBehavior>>,
    task: JoinHandle<()>,
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SmtpServer {
    /// Starts on a free port. Each mail is also written into `folder`, if given.
    pub(crate) async fn start(behavior: SmtpBehavior, folder: Option<PathBuf>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
        let tls = ServerConfig::builder_with_provider(Arc::new(
            tokio_rustls::rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("the certificate fits the key");
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let mails = Arc::new(Mutex::new(Vec::new()));
        let behavior = Arc::new(Mutex::new(behavior));
        let (inbox, current) = (Arc::clone(&mails), Arc::clone(&behavior));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let behavior = *current.lock().unwrap();
                let mailbox =
                    Mailbox { behavior, inbox: Arc::clone(&inbox), folder: folder.clone(), mail: Vec::new() };
                tokio::spawn(serve(stream, mailbox, acceptor.clone()));
            }
        });
        Self { address, mails, certificate: certified.cert.pem(), behavior, task }
    }

    pub(crate) fn set_behavior(&self, behavior: SmtpBehavior) {
        *self.behavior.lock().unwrap() = behavior;
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The URL with STARTTLS and credentials.
    pub(crate) fn url_with_password(&self) -> String {
        format!(
            "smtp://{USER}:smtp%20secret%20%2F%20%23%20%25@localhost:{}?tls=required",
            self.address.port()
        )
    }
}

/// The handler of an SMTP session. It decides about mails and stores accepted ones.
struct Mailbox {
    behavior: SmtpBehavior,
    inbox: Arc<Mutex<Vec<Vec<u8>>>>,
    folder: Option<PathBuf>,
    mail: Vec<u8>,
}

impl Handler for Mailbox {
    fn rcpt(&mut self, _to: &str) -> Response {
        match self.behavior {
            SmtpBehavior::RejectMailbox => NO_MAILBOX,
            SmtpBehavior::FailTemporarily => INTERNAL_ERROR,
            SmtpBehavior::Accept
            | SmtpBehavior::QuoteLink
            | SmtpBehavior::Hang
            | SmtpBehavior::RequireTlsAndLogin => OK,
        }
    }

    fn data(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.mail.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let mail = std::mem::take(&mut self.mail);
        if self.behavior == SmtpBehavior::QuoteLink {
            let text = String::from_utf8_lossy(&mail);
            let link = text.lines().find(|line| line.contains("#token=")).unwrap_or("nothing");
            let mut response = Response::custom(454, format!("blocked URL {link}"));
            // Otherwise the session would stay in the data state.
            response.action = Action::Close;
            return response;
        }
        let mut inbox = self.inbox.lock().unwrap();
        if let Some(folder) = &self.folder {
            // The rename makes the file appear atomically for a script that polls the folder.
            let path = folder.join(format!("{:04}.eml", inbox.len()));
            std::fs::write(path.with_extension("part"), &mail).expect("the mail is written");
            std::fs::rename(path.with_extension("part"), path).expect("the mail gets its name");
        }
        inbox.push(mail);
        OK
    }

    fn auth_plain(&mut self, _authorization: &str, user: &str, password: &str) -> Response {
        if (user, password) == (USER, PASSWORD) { AUTH_OK } else { INVALID_CREDENTIALS }
    }
}

async fn serve(stream: TcpStream, mailbox: Mailbox, acceptor: TlsAcceptor) {
    let behavior = mailbox.behavior;
    if behavior == SmtpBehavior::Hang {
        // Holds the connection until the client closes it.
        let _readable = stream.readable().await;
        let mut stream = BufStream::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {}
        return;
    }
    let mut builder = SessionBuilder::new("localhost");
    if behavior == SmtpBehavior::RequireTlsAndLogin {
        builder.enable_start_tls().enable_auth(AuthMechanism::Plain);
    }
    let mut session = builder.build(IpAddr::V4(Ipv4Addr::LOCALHOST), mailbox);
    let mut stream = BufStream::new(stream);
    let greeting = session.greeting().buffer().expect("a greeting");
    if stream.write_all(&greeting).await.is_err() || stream.flush().await.is_err() {
        return;
    }
    if process_commands(&mut stream, &mut session).await == Some(Action::UpgradeTls) {
        session.tls_active();
        if let Ok(stream) = acceptor.accept(stream.into_inner()).await {
            process_commands(&mut BufStream::new(stream), &mut session).await;
        }
    }
}

/// Processes commands until the connection ends, or returns an action that the caller has to handle.
async fn process_commands<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufStream<S>,
    session: &mut Session<Mailbox>,
) -> Option<Action> {
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        let response = session.process(&line);
        if response.action != Action::NoReply {
            stream.write_all(&response.buffer().ok()?).await.ok()?;
            stream.flush().await.ok()?;
        }
        if matches!(response.action, Action::Close | Action::UpgradeTls) {
            return Some(response.action);
        }
    }
}

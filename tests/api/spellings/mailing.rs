//! Mails to internationalized addresses (RFC 6531).

use super::*;

/// A server that sends its mails to this mail server.
async fn with_mail_server(app: &TestApp, server: &MailServer) -> TestApp {
    let url = &server.url;
    app.another_with(|flags| flags.with("PATRON_SMTP_URL", url).with("PATRON_SMTP_TIMEOUT", "5")).await
}

/// An SMTP server that records the commands it receives. The server in `support::smtp` does not support SMTPUTF8.
struct MailServer {
    url: String,
    transcript: Transcript,
    task: JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Transcript {
    commands: Arc<Mutex<Vec<String>>>,
    mails: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MailServer {
    async fn start(has_smtputf8: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let transcript = Transcript::default();
        let shared = transcript.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, has_smtputf8, shared.clone()));
            }
        });
        Self { url, transcript, task }
    }

    /// The commands that start with this word.
    fn commands(&self, word: &str) -> Vec<String> {
        let commands = self.transcript.commands.lock().unwrap();
        commands.iter().filter(|command| command.starts_with(word)).cloned().collect()
    }

    fn mails(&self) -> Vec<Vec<u8>> {
        self.transcript.mails.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, has_smtputf8: bool, transcript: Transcript) -> std::io::Result<()> {
    let mut stream = BufStream::new(stream);
    let mut reply = "220 localhost\r\n";
    loop {
        stream.write_all(reply.as_bytes()).await?;
        stream.flush().await?;
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let command = String::from_utf8_lossy(&line).trim_end().to_owned();
        reply = match command.split(' ').next().unwrap_or_default() {
            "EHLO" if has_smtputf8 => "250-localhost\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n",
            "EHLO" => "250-localhost\r\n250 8BITMIME\r\n",
            "DATA" => {
                stream.write_all(b"354 go ahead\r\n").await?;
                stream.flush().await?;
                let mut mail = Vec::new();
                while !mail.ends_with(b"\r\n.\r\n") {
                    if stream.read_until(b'\n', &mut mail).await? == 0 {
                        return Ok(());
                    }
                }
                mail.truncate(mail.len() - b".\r\n".len());
                transcript.mails.lock().unwrap().push(mail);
                "250 taken\r\n"
            }
            _ => "250 OK\r\n",
        };
        transcript.commands.lock().unwrap().push(command);
    }
}

#[apply(on_both_databases!)]
async fn mail_to_an_internationalized_domain_goes_to_its_a_label(app: &TestApp) {
    let server = MailServer::start(false).await;
    let app = with_mail_server(app, &server).await;
    app.register("ada@bücher.example").await;
    assert_eq!(app.send_due().await, 1);
    assert_eq!(server.commands("RCPT"), ["RCPT TO:<ada@xn--bcher-kva.example>"]);
    assert!(server.commands("MAIL").iter().all(|command| !command.contains("SMTPUTF8")));
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].is_ascii(), "{}", String::from_utf8_lossy(&mails[0]));
    let row = mail_rows(&app).await.remove(0);
    assert_eq!((row.status, row.attempts), (MailStatus::Sent, 1), "{row:?}");
    let token = Mail::parse(&mails[0]).token();
    assert_eq!(
        app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await.status,
        200
    );
    app.stop().await;
}

/// A retry would fail too.
#[apply(on_both_databases!)]
async fn mail_to_an_unsupported_local_part_fails_at_once(app: &TestApp) {
    let server = MailServer::start(false).await;
    let app = with_mail_server(app, &server).await;
    for email in ["jörg@x.io", "jörg@bücher.example", "ada@x.io"] {
        app.register(email).await;
    }
    assert_eq!(app.send_due().await, 3);
    let mut rows = mail_rows(&app).await;
    let sent = rows.pop().unwrap();
    assert_eq!((sent.recipient.as_str(), sent.status), ("ada@x.io", MailStatus::Sent), "{sent:?}");
    for row in rows {
        assert_eq!((row.status, row.attempts), (MailStatus::Failed, 1), "{row:?}");
        assert!(row.last_error.as_deref().unwrap_or_default().contains("SMTPUTF8"), "{row:?}");
    }
    assert_eq!(server.commands("RCPT"), ["RCPT TO:<ada@x.io>"]);
    app.app.clock.advance(TimeDelta::hours(2));
    assert_eq!(app.send_due().await, 0);
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn mail_to_a_local_part_in_another_script_uses_smtputf8(app: &TestApp) {
    let server = MailServer::start(true).await;
    let app = with_mail_server(app, &server).await;
    app.register("jörg@x.io").await;
    assert_eq!(app.send_due().await, 1);
    assert_eq!(server.commands("RCPT"), ["RCPT TO:<jörg@x.io>"]);
    assert!(server.commands("MAIL").iter().all(|command| command.contains(" SMTPUTF8")));
    assert_eq!(server.mails().len(), 1);
    let row = mail_rows(&app).await.remove(0);
    assert_eq!((row.status, row.attempts), (MailStatus::Sent, 1), "{row:?}");
    app.stop().await;
}

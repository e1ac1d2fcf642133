//! Requests as bytes, over connections from the attackers' address.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Bytes;
use axum::http;
use h2::SendStream;
use h2::client::{ResponseFuture, SendRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Where attackers come from: another address than the other client's.
const FROM: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A request, over either protocol.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

/// What came of a request: its status, and the bytes of the answer.
pub(crate) type Answered = (u16, usize);

impl Request {
    /// With a JSON body.
    pub(crate) fn json(method: &'static str, path: &str, body: String) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method, path: path.to_owned(), headers, body: body.into() }
    }

    /// A GraphQL document.
    pub(crate) fn graphql(query: &str) -> Self {
        Self::json("POST", "/api/graphql", serde_json::json!({ "query": query }).to_string())
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The bytes of HTTP/1.1.
    pub(crate) fn bytes(&self, connection: &str) -> Vec<u8> {
        let mut head =
            format!("{} {} HTTP/1.1\r\nhost: x\r\nconnection: {connection}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", self.body.len());
        [head.as_bytes(), &self.body].concat()
    }

    fn http2(&self) -> http::Request<()> {
        let mut request = http::Request::builder().method(self.method).uri(format!("http://x{}", self.path));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(()).expect("it is a request")
    }
}

/// A connection whose receive buffer has this size, if any: a small one fills up soon.
pub(crate) async fn connect(to: SocketAddr, buffer: Option<u32>) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(buffer) = buffer {
        socket.set_recv_buffer_size(buffer)?;
    }
    socket.bind((FROM, 0).into())?;
    socket.connect(to).await
}

/// Sends a request over a connection of its own and reads all of the answer.
pub(crate) async fn over_http1(to: SocketAddr, request: &Request) -> io::Result<Answered> {
    let (mut from, mut out) = connect(to, None).await?.into_split();
    let bytes = request.bytes("close");
    let mut buffer = vec![0; 64 * 1024];
    let mut status = String::new();
    let mut length = 0;
    let sending = async move { out.write_all(&bytes).await.map(|()| out) };
    let reading = async {
        loop {
            let read = from.read(&mut buffer).await?;
            if read == 0 {
                return io::Result::Ok(());
            }
            if status.len() < 12 {
                status.extend(buffer[..read.min(12)].iter().copied().map(char::from));
            }
            length += read;
        }
    };
    // A refusal may come before all of the body is sent.
    let (_sent, read) = tokio::join!(sending, reading);
    read?;
    let status = status.get(9..12).and_then(|digits| digits.parse().ok());
    status.map(|status| (status, length)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// A connection of HTTP/2 that lets the server send so many bytes of each answer; what it does by itself goes on in a task
/// that ends with it.
pub(crate) async fn http2(to: SocketAddr, window: u32) -> io::Result<SendRequest<Bytes>> {
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window).initial_connection_window_size(16 * 1024 * 1024);
    let handshake = builder.handshake(connect(to, None).await?).await;
    let (client, connection) = handshake.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(client)
}

/// Opens a stream and sends the request; the answer, or rather its beginning, is the caller's to wait for.
pub(crate) async fn open(
    client: SendRequest<Bytes>,
    request: &Request,
) -> io::Result<(SendRequest<Bytes>, ResponseFuture)> {
    let (client, answer, mut stream) = begin(client, request).await?;
    stream.send_data(request.body.clone(), true).map_err(io::Error::other)?;
    Ok((client, answer))
}

/// Opens a stream with the head of a request; its body is the caller's to send.
pub(crate) async fn begin(
    client: SendRequest<Bytes>,
    request: &Request,
) -> io::Result<(SendRequest<Bytes>, ResponseFuture, SendStream<Bytes>)> {
    // Waits when there are as many as the server allows.
    let mut client = client.ready().await.map_err(io::Error::other)?;
    let (answer, stream) = client.send_request(request.http2(), false).map_err(io::Error::other)?;
    Ok((client, answer, stream))
}

/// Sends a request over a connection of HTTP/2 and reads all of the answer.
pub(crate) async fn over_http2(to: SocketAddr, request: &Request) -> io::Result<Answered> {
    let client = http2(to, 4 * 1024 * 1024).await?;
    let (_client, answer) = open(client, request).await?;
    let (head, mut body) = answer.await.map_err(io::Error::other)?.into_parts();
    let mut length = 0;
    while let Some(piece) = body.data().await {
        let piece = piece.map_err(io::Error::other)?;
        length += piece.len();
        body.flow_control().release_capacity(piece.len()).map_err(io::Error::other)?;
    }
    Ok((head.status.as_u16(), length))
}

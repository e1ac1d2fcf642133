//! Sends requests over HTTP/1.1 and HTTP/2, on connections from the attackers' address.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Bytes;
use axum::http;
use h2::SendStream;
use h2::client::{ResponseFuture, SendRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// The attackers' address; the legitimate client has another.
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A request of either protocol.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

/// The status of a response and its size in bytes.
pub(crate) type Outcome = (u16, usize);

impl Request {
    /// A request with a JSON body.
    pub(crate) fn json(method: &'static str, path: &str, body: String) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method, path: path.to_owned(), headers, body: body.into() }
    }

    /// A GraphQL request.
    pub(crate) fn graphql(query: &str) -> Self {
        Self::json("POST", "/api/graphql", serde_json::json!({ "query": query }).to_string())
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The HTTP/1.1 message; `connection` is the value of that header.
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
        request.body(()).expect("the request is valid")
    }
}

/// Opens a connection, with a receive buffer of this size if there is one. A small buffer fills up quickly.
pub(crate) async fn connect(to: SocketAddr, buffer: Option<u32>) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(buffer) = buffer {
        socket.set_recv_buffer_size(buffer)?;
    }
    socket.bind((SOURCE, 0).into())?;
    socket.connect(to).await
}

/// Sends a request over a new HTTP/1.1 connection and reads the whole response.
pub(crate) async fn over_http1(to: SocketAddr, request: &Request) -> io::Result<Outcome> {
    let (mut reader, mut writer) = connect(to, None).await?.into_split();
    let bytes = request.bytes("close");
    let mut buffer = vec![0; 64 * 1024];
    let mut status = String::new();
    let mut length = 0;
    let sending = async move { writer.write_all(&bytes).await.map(|()| writer) };
    let reading = async {
        loop {
            let read = reader.read(&mut buffer).await?;
            if read == 0 {
                return io::Result::Ok(());
            }
            if status.len() < 12 {
                status.extend(buffer[..read.min(12)].iter().copied().map(char::from));
            }
            length += read;
        }
    };
    // The server may refuse the request before the whole body is sent.
    let (_sent, read) = tokio::join!(sending, reading);
    read?;
    let status = status.get(9..12).and_then(|digits| digits.parse().ok());
    status.map(|status| (status, length)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Opens an HTTP/2 connection whose flow-control window lets the server send `window` bytes of each response. A background
/// task runs the connection until it is closed.
pub(crate) async fn http2(to: SocketAddr, window: u32) -> io::Result<SendRequest<Bytes>> {
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window).initial_connection_window_size(16 * 1024 * 1024);
    let handshake = builder.handshake(connect(to, None).await?).await;
    let (client, connection) = handshake.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(client)
}

/// Opens a stream and sends the request. The caller waits for the head of the response.
pub(crate) async fn open(
    client: SendRequest<Bytes>,
    request: &Request,
) -> io::Result<(SendRequest<Bytes>, ResponseFuture)> {
    let (client, response, mut stream) = send_head(client, request).await?;
    stream.send_data(request.body.clone(), true).map_err(io::Error::other)?;
    Ok((client, response))
}

/// Opens a stream and sends the head of the request. The caller sends the body.
pub(crate) async fn send_head(
    client: SendRequest<Bytes>,
    request: &Request,
) -> io::Result<(SendRequest<Bytes>, ResponseFuture, SendStream<Bytes>)> {
    // Waits while the server allows no more streams.
    let mut client = client.ready().await.map_err(io::Error::other)?;
    let (response, stream) = client.send_request(request.http2(), false).map_err(io::Error::other)?;
    Ok((client, response, stream))
}

/// Sends a request over a new HTTP/2 connection and reads the whole response.
pub(crate) async fn over_http2(to: SocketAddr, request: &Request) -> io::Result<Outcome> {
    let client = http2(to, 4 * 1024 * 1024).await?;
    let (_client, response) = open(client, request).await?;
    let (head, mut body) = response.await.map_err(io::Error::other)?.into_parts();
    let mut length = 0;
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(io::Error::other)?;
        length += chunk.len();
        body.flow_control().release_capacity(chunk.len()).map_err(io::Error::other)?;
    }
    Ok((head.status.as_u16(), length))
}

//! Just enough of an HTTP/1.1 server: a thread for each connection, kept open, bodies of a known length. Written by
//! hand because whatever the server costs is in every figure.

use std::{
    collections::HashMap,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Instant,
};

/// A request as it came in.
#[derive(Debug)]
pub(crate) struct Request {
    pub method: String,
    pub path: String,
    /// By lower-case name.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
    /// When its first line was there.
    pub arrived: Instant,
}

/// An answer to send.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type, headers: Vec::new(), body: body.into() }
    }
}

/// Serves on a free port of this machine, which it returns, until the program ends. A handler that returns nothing
/// closes the connection.
pub(crate) fn serve(handler: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let handler = Arc::new(handler);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handler = Arc::clone(&handler);
            // A connection ends with its peer; that the peer was killed is what the bench does to it.
            thread::spawn(move || {
                let _peer_is_gone = converse(stream, &*handler);
            });
        }
    });
    Ok(port)
}

fn converse(stream: TcpStream, handler: &dyn Fn(&Request) -> Option<Response>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader, &mut writer)? {
        let Some(response) = handler(&request) else { break };
        writer.write_all(&message(&response)?)?;
    }
    Ok(())
}

/// The whole answer, to be written at once.
fn message(response: &Response) -> io::Result<Vec<u8>> {
    let Response { status, content_type, headers, body } = response;
    let mut message = Vec::new();
    write!(message, "HTTP/1.1 {status} -\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n", body.len())?;
    for (name, value) in headers {
        write!(message, "{name}: {value}\r\n")?;
    }
    message.extend_from_slice(b"\r\n");
    message.extend_from_slice(body);
    Ok(message)
}

fn read(reader: &mut BufReader<TcpStream>, writer: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let arrived = Instant::now();
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err(io::Error::other("not an HTTP request"));
    };
    let mut headers = HashMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    // boto3 waits for a second before it sends an object without this.
    if headers.get("expect").is_some_and(|expected| expected == "100-continue") {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { method, path, headers, body, arrived }))
}

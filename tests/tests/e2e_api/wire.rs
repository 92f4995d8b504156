//! HTTP as it stands in the case: clients tidy paths such as `/%2e%2e` before they send them.

use aws_credential_types::Credentials;
use reqwest::Url;
use serde_json::Value;
use tests::{Answer, Stack, sign};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Sends one request to the API and reads its answer.
pub(crate) async fn send(
    stack: &Stack,
    key: Option<&Credentials>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let base = Url::parse(&stack.api_url_local).expect("a URL");
    let host = format!("{}:{}", base.host_str().expect("a host"), base.port().expect("a port"));
    let url = format!("{}{path}", stack.api_url_local);
    let mut lines = vec![
        format!("{method} {}{path} HTTP/1.1", base.path()),
        format!("host: {host}"),
        "connection: close".to_owned(),
        format!("content-length: {}", body.len()),
    ];
    lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
    if let Some(key) = key {
        let signed = sign(key, ("execute-api", &stack.region), (method, &url), headers, body);
        lines.extend(signed.iter().map(|(name, value)| format!("{name}: {value}")));
    }
    let head = lines.join("\r\n") + "\r\n\r\n";
    let mut stream = TcpStream::connect(&host).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("sent");
    // A server may refuse a large body before it has read it all.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    read(&answer).unwrap_or_else(|| panic!("no HTTP answer to {method} {path}: {:?}", String::from_utf8_lossy(&answer)))
}

fn read(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |wanted: &str| {
        let mut values = head.split("\r\n").filter_map(|line| line.split_once(": "));
        values.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
    };
    let body = &answer[end + 4..];
    let body = if header("transfer-encoding").is_some() { unchunked(body) } else { body.to_vec() };
    Some(Answer {
        status,
        content_type: header("content-type").unwrap_or_default(),
        location: header("location"),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let size =
            std::str::from_utf8(&rest[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok()).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
    }
    whole
}

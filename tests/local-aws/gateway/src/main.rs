//! One port in front of the two emulators of the embedded AWS. `local-aws-gateway --port P --ministack H:P --moto H:P
//! --account 123456789012` routes each call to the emulator that plays its service, records it, and breaks it when a
//! test asks. See `tests/local-aws/README.md`.

mod answer;
mod call;
mod caller;
mod faults;
mod gateway;
mod peer;
mod record;
mod services;
mod text;
mod upstream;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::gateway::Gateway;
use crate::peer::Connection;
use crate::services::Services;
use crate::upstream::Upstream;

/// After a connection could not be accepted: the reason may last a moment.
const PAUSE: Duration = Duration::from_millis(10);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The value that follows `name` on the command line.
fn option(arguments: &[String], name: &str) -> Result<String, Error> {
    let place = arguments.iter().position(|argument| argument == name);
    let value = place.and_then(|place| arguments.get(place + 1));
    value.cloned().ok_or_else(|| format!("missing {name}").into())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<_> = std::env::args().collect();
    let upstream = Upstream::new(option(&arguments, "--ministack")?, option(&arguments, "--moto")?);
    let gateway = Arc::new(Gateway::new(Services::load()?, option(&arguments, "--account")?, upstream));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, option(&arguments, "--port")?.parse()?)).await?;
    let address = listener.local_addr()?;
    loop {
        // Neither a client that hung up before its turn nor a moment without free descriptors ends the gateway.
        let (stream, client) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                eprintln!("a connection was not accepted: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("{client} hung up at once: {error}");
        }
        let (gateway, connection) = (Arc::clone(&gateway), Connection { client, gateway: address });
        tokio::spawn(async move {
            let service = service_fn(move |request| Arc::clone(&gateway).handle(request, connection));
            // An error here is a client that hung up or a connection dropped on request of a fault.
            let _hung_up = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

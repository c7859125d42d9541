//! `serve`: the embedded region for any client that speaks to AWS.

use std::net::SocketAddr;

use targets::ServeOptions;
use tokio::net::TcpListener;

use crate::{Exit, Failure, interrupt};

/// Serves until Ctrl-C.
pub(super) fn serve(
    addr: SocketAddr,
    seed: u64,
    variant: Option<String>,
    throttling: f64,
) -> Result<Exit, Failure> {
    if !(0.0..=1.0).contains(&throttling) {
        return Err(Failure::Usage(format!(
            "--throttling {throttling} is no fraction; give a number from 0 to 1"
        )));
    }
    super::runtime()?.block_on(async {
        let listener = TcpListener::bind(addr).await.map_err(|why| {
            Failure::Broken(format!(
                "cannot listen on {addr}: {why}; choose another --addr, port 0 takes a free one"
            ))
        })?;
        let bound = listener.local_addr().unwrap_or(addr);
        say!("listening on http://{bound}");
        let options = ServeOptions { seed, variant, throttling, ..ServeOptions::default() };
        targets::serve(listener, options, interrupt::signalled()).await?;
        Ok(Exit::Conforms)
    })
}

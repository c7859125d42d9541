//! `serve`: the embedded region for any client that speaks to AWS.

use targets::{Access, Sample, ServeOptions};
use tokio::net::TcpListener;

use crate::args::ServeArgs;
use crate::{Exit, Failure, interrupt};

/// Serves until Ctrl-C.
pub(super) fn serve(args: ServeArgs) -> Result<Exit, Failure> {
    let ServeArgs {
        addr,
        seed,
        variant,
        throttling,
        loose_delivery,
        keys,
        expired,
        deny,
        stack,
        stack_consumer,
    } = args;
    let stack = stack.map(|name| Sample { name, has_consumer: stack_consumer });
    if !(0.0..=1.0).contains(&throttling) {
        return Err(Failure::Usage(format!(
            "--throttling {throttling} is not a fraction; give a number from 0 to 1"
        )));
    }
    let access = Access {
        known_keys: keys.into_iter().collect(),
        expired_keys: expired.into_iter().collect(),
        denied: deny.into_iter().collect(),
    };
    let access = (access != Access::default()).then_some(access);
    let options =
        ServeOptions { seed, variant, throttling, loose_delivery, access, stack, ..ServeOptions::default() };
    options.check()?;
    super::runtime()?.block_on(async {
        let listener = TcpListener::bind(addr).await.map_err(|why| {
            Failure::Broken(format!(
                "cannot listen on {addr}: {why}; choose another --addr, port 0 takes a free one"
            ))
        })?;
        let bound = listener.local_addr().unwrap_or(addr);
        say!("listening on http://{bound}");
        targets::serve(listener, options, interrupt::signalled()).await?;
        Ok(Exit::Conforms)
    })
}

//! Ctrl-C and SIGTERM: the run is asked to end, so that its directory is whole and nothing is left running.

use engine::Cancel;

/// Sets the flag at the first signal. Must be called inside the runtime.
pub(crate) fn listen(cancel: &Cancel) {
    let cancel = cancel.clone();
    tokio::spawn(async move {
        loop {
            signalled().await;
            if cancel.is_set() {
                complain!("still stopping; what was made is being removed (kill -9 leaves it for `clean`)");
            } else {
                complain!("stopping: no further plan is begun, what was made is removed");
                cancel.set();
            }
        }
    });
}

/// Ready at the next Ctrl-C or SIGTERM.
#[cfg(unix)]
pub(crate) async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

/// Ready at the next Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn signalled() {
    drop(tokio::signal::ctrl_c().await);
}

//! A server on loopback that answers as a test tells it to, and remembers what it was sent.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The operation's name, in whichever protocol.
    pub(crate) fn operation(&self) -> &str {
        match self.header("x-amz-target") {
            Some(target) => target.rsplit('.').next().unwrap_or_default(),
            None => self.body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default(),
        }
    }
}

/// The server.
pub(crate) struct Canned {
    pub(crate) address: String,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
}

/// Status, content type and body of an answer.
pub(crate) type Page = (u16, &'static str, String);

impl Canned {
    /// Answers API calls by `answer`; pages that only a probe asks for are not found, and the probe's harmless call is done.
    pub(crate) async fn api(answer: impl Fn(&Seen) -> Page + Send + Sync + 'static) -> Self {
        Self::new(move |seen| {
            if seen.head.starts_with("GET ") {
                return (404, "text/plain", String::new());
            }
            if seen.operation() == "ListStateMachines" {
                return (200, "application/x-amz-json-1.0", r#"{"stateMachines":[]}"#.to_owned());
            }
            answer(seen)
        })
        .await
    }

    /// Answers everything by `answer`.
    pub(crate) async fn new(answer: impl Fn(&Seen) -> Page + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&log), Arc::clone(&answer)));
            }
        });
        Self { address, seen }
    }

    /// The requests of this operation so far.
    pub(crate) fn calls(&self, operation: &str) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.operation() == operation).cloned().collect()
    }
}

async fn converse<F: Fn(&Seen) -> Page>(mut stream: TcpStream, log: Arc<Mutex<Vec<Seen>>>, answer: Arc<F>) {
    let mut bytes = Vec::new();
    loop {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            let mut more = [0; 4096];
            match stream.read(&mut more).await {
                Ok(count) if count > 0 => bytes.extend_from_slice(&more[..count]),
                _ => return,
            }
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut seen = Seen { head, body: String::new() };
        let length: usize = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
        while bytes.len() < end + 4 + length {
            let mut more = [0; 4096];
            match stream.read(&mut more).await {
                Ok(count) if count > 0 => bytes.extend_from_slice(&more[..count]),
                _ => return,
            }
        }
        seen.body = String::from_utf8_lossy(&bytes[end + 4..end + 4 + length]).into_owned();
        bytes.drain(..end + 4 + length);
        let (status, kind, body) = answer(&seen);
        log.lock().unwrap().push(seen);
        let length = body.len();
        let head = format!("HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

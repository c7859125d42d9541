//! Writing to the terminal: closed pipes are no errors, colours only where they are wanted.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::Mutex;

use console::Term;
use report::Palette;
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::Failure;
use crate::args::Colour;

/// Writes a line to standard output; a reader that has gone away is no error.
macro_rules! say {
    ($($words:tt)*) => { $crate::output::line(format_args!($($words)*)) };
}

/// Writes a line to standard error; a reader that has gone away is no error.
macro_rules! complain {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

/// Why standard output lacks a line, if it does.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// What [`say!`] writes.
pub(crate) fn line(words: Arguments<'_>) {
    if let Err(why) = writeln!(io::stdout(), "{words}")
        && why.kind() != ErrorKind::BrokenPipe
        && let Ok(mut lost) = LOST.lock()
    {
        lost.get_or_insert(why);
    }
}

/// Writes a value as JSON to standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|why| {
        Failure::Broken(format!("no JSON can be made of this: {why}; report it as a bug of ours"))
    })?;
    line(format_args!("{text}"));
    Ok(())
}

/// Fails if a line could not be written, as on a disk that is full.
pub(crate) fn is_whole() -> Result<(), Failure> {
    match LOST.lock().ok().and_then(|mut lost| lost.take()) {
        Some(why) => Err(Failure::Broken(format!(
            "cannot write to standard output: {why}; make room there, or write elsewhere"
        ))),
        None => Ok(()),
    }
}

/// Whether standard output is coloured: as asked, else on a terminal without `NO_COLOR`.
pub(crate) fn palette(colour: Colour) -> Palette {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let coloured = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => io::stdout().is_terminal() && !set("NO_COLOR") && !dumb,
    };
    if coloured { Palette::Colour } else { Palette::Plain }
}

/// Columns of the terminal, 100 where there is none.
pub(crate) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    columns.or_else(terminal).unwrap_or(100).clamp(40, 160)
}

/// Starts the log: warnings, more by `-v` or as `SFN_CONFORMANCE_LOG` says.
pub(crate) fn log(verbose: u8) {
    let default = match verbose {
        // The SDK's HTTP layer calls it an error when a connection is refused: the record says so already.
        0 => "warn,aws_smithy_runtime=off",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("SFN_CONFORMANCE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).without_time();
    // A second log in one process, as in tests, is none.
    let _ = log.with_ansi(io::stderr().is_terminal()).try_init();
}

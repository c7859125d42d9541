//! The words of the suite as data: API calls and what came back, event histories, cases and run events.
//!
//! Nothing here decides, waits or reads a clock. Everything is serialisable; stored forms carry a schema number.

mod call;
mod case;
pub mod history;
mod operation;
mod outcome;
mod redact;
mod run_event;
pub mod symbolic;
mod time;

pub use call::Call;
pub use case::{Awaited, CaseEnd, CaseRecord, Entry};
pub use history::{Event, History, HistoryError};
pub use operation::{Operation, Service, UnknownOperation};
pub use outcome::{ApiError, Outcome};
pub use redact::{Redaction, Symbol, mentions};
pub use run_event::{Finding, FindingKind, RunEvent, SCHEMA};
pub use time::Time;

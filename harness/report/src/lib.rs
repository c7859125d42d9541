//! Run events to reports. Everything here derives from the lines of `run.jsonl`, so a run can be rendered at any moment
//! and again later; one module a format, all of them over the same [`Report`].
//!
//! Nothing here runs a plan or knows a target. The only I/O is in [`directory`], which writes files.

pub mod directory;
mod drift;
mod html;
mod issue;
mod json;
mod junit;
mod render;
mod run;
mod script;
mod summary;
mod text;
mod timeline;
mod verdicts;
mod wording;

pub use drift::{Drift, drift};
pub use html::Html;
pub use issue::issue;
pub use json::Json;
pub use junit::Junit;
pub use render::{FILES, Render};
pub use run::{Answers, Coverage, Ending, Exhibit, Header, Probe, ReadError, Run, Spent, read_events};
pub use script::script;
pub use summary::Summary;
pub use text::{Palette, Text};
pub use verdicts::{Accusation, Known, Report, RuleLine, Tally};

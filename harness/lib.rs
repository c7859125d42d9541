//! The facade: every crate of the suite under one name, for the integration tests and for embedders.

pub use {asl, cli, engine, plan, record, region, report, rules, targets};

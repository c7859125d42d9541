//! The facade: every crate of the suite under one name, for those who embed it.

pub use {asl, cli, engine, plan, record, region, report, rules, targets};

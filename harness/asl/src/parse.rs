//! Reading definitions.
use crate::{Diagnostic, Machine};
/// Reads a definition.
pub fn parse(_definition: &str) -> Result<Machine, Vec<Diagnostic>> {
    Err(Vec::new())
}

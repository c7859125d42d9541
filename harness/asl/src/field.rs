//! Single-valued fields.
/// A field.
#[derive(Debug, Clone)]
pub struct Field {}

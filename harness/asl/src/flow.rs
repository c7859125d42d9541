//! Data flow fields.
#[derive(Debug, Clone)]
pub(crate) struct Flow {}
#[derive(Debug, Clone)]
pub(crate) struct ResultPath {}

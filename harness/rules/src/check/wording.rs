//! Values in messages: what is absent is `none`, nothing shows Rust's own spelling of options.

use std::fmt::Debug;

/// The value as in a message.
pub(in crate::check) fn or_none(value: Option<impl Debug>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("{value:?}"))
}

//! One queue: what is in it, what is visible, what is in flight.
//!
//! Invariant: messages stand in the order in which they were sent.

use std::collections::BTreeMap;
use std::time::Duration;

use record::Time;
use serde_json::{Map, Value};

use super::attributes::Attributes;

/// How long a FIFO queue remembers a deduplication id (SQS-16).
const DEDUPLICATION: Duration = Duration::from_secs(300);

/// A message in a queue.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) system: BTreeMap<String, String>,
    pub(crate) sent: Time,
    pub(crate) visible: Time,
    pub(crate) received: u64,
    pub(crate) first_received: Option<Time>,
    /// All handles, the newest last.
    pub(crate) handles: Vec<String>,
    pub(crate) group: Option<String>,
}

/// A message on its way into a queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outgoing {
    pub(crate) body: String,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) system: BTreeMap<String, String>,
    pub(crate) delay: Option<u64>,
    pub(crate) group: Option<String>,
    pub(crate) deduplication: Option<String>,
}

/// What SendMessage tells of a message.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) md5: String,
    pub(crate) md5_attributes: Option<String>,
    pub(crate) sequence: Option<String>,
}

/// A queue.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) url: String,
    pub(crate) fifo: bool,
    pub(crate) attributes: Attributes,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created: Time,
    pub(crate) modified: Time,
    pub(crate) purged: Option<Time>,
    pub(crate) messages: Vec<Message>,
    pub(crate) remembered: BTreeMap<String, (Time, Sent)>,
    pub(crate) sequence: u64,
}

impl Queue {
    /// Drops what is past its retention, messages and deduplication ids alike.
    pub(crate) fn tidy(&mut self, now: Time) {
        let retention = Duration::from_secs(self.attributes.number("MessageRetentionPeriod"));
        self.messages.retain(|message| now.since(message.sent) < retention);
        self.remembered.retain(|_, (at, _)| now.since(*at) < DEDUPLICATION);
    }

    /// Positions of the messages that may be handed out now; of a blocked group none (SQS-18).
    pub(crate) fn ready(&self, now: Time) -> Vec<usize> {
        let blocked = |group: &str| {
            self.messages
                .iter()
                .any(|m| m.group.as_deref() == Some(group) && m.visible > now && m.received > 0)
        };
        let visible = self.messages.iter().enumerate().filter(|(_, message)| message.visible <= now);
        if !self.fifo {
            return visible.map(|(position, _)| position).collect();
        }
        visible
            .filter(|(position, message)| {
                let Some(group) = message.group.as_deref() else { return true };
                let delayed_before = self
                    .messages
                    .iter()
                    .take(*position)
                    .any(|m| m.group.as_deref() == Some(group) && m.visible > now);
                !blocked(group) && !delayed_before
            })
            .map(|(position, _)| position)
            .collect()
    }

    pub(crate) fn next_sequence(&mut self) -> String {
        self.sequence += 1;
        format!("{:020}", 10_000_000_000_000_000_000_u64.saturating_add(self.sequence * 256))
    }

    pub(crate) fn by_handle(&mut self, handle: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.handles.iter().any(|known| known == handle))
    }

    /// The counts of GetQueueAttributes: visible, in flight, delayed.
    pub(crate) fn counts(&self, now: Time) -> (usize, usize, usize) {
        let visible = self.messages.iter().filter(|m| m.visible <= now).count();
        let in_flight = self.messages.iter().filter(|m| m.visible > now && m.received > 0).count();
        (visible, in_flight, self.messages.len() - visible - in_flight)
    }
}

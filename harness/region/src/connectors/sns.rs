//! `sns:publish` (SNS-05, SNS-06; recorded in `service-sns`).

use asl::TaskFailure;
use record::{Call, Operation};
use serde_json::{Map, Value};

use super::{failure, text_of};
use crate::Region;

impl Region {
    pub(super) fn task_publishes(&mut self, parameters: &Value) -> Result<Value, TaskFailure> {
        let mut input = Map::new();
        for (name, value) in parameters.as_object().into_iter().flatten() {
            let value = match name.as_str() {
                "MessageAttributes" => match value {
                    Value::Object(all) => Value::Object(
                        all.iter().map(|(n, v)| (n.clone(), super::sqs::attribute(v))).collect(),
                    ),
                    other => other.clone(),
                },
                _ if value.is_null() => continue,
                _ => Value::String(text_of(value)),
            };
            input.insert(name.clone(), value);
        }
        let reply = self.serve_sns(&Call { operation: Operation::Publish, input, raw_body: None });
        match reply {
            Ok(reply) => Ok(self.with_metadata(reply, "text/xml", 294)),
            Err(error) => {
                let id = self.ids.uuid();
                let proxy = format!(
                    "(Service: AmazonSNS; Status Code: {}; Error Code: {}; Request ID: {id}; Proxy: null)",
                    error.status, error.code
                );
                Err(failure(format!("SNS.{}Exception", error.code), format!("{} {proxy}", error.message)))
            }
        }
    }
}

//! State machines: create, update, describe, list, delete, validate (DEF).

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::{Diagnostic, MachineType, Severity};
use record::{ApiError, Call};
use serde_json::{Value, json};

use super::names::{check_name, machine_arn};
use super::{Machine, MachineStatus, Revision};
use crate::Region;
use crate::execution::{ExecutionId, stamp};
use crate::refuse::{Reply, bad_arn_prefix, no_machine, validation};
use crate::request::{Request, tags};

/// The longest definition (DEF-02).
const DEFINITION_LIMIT: usize = 1_048_576;

fn parse_definition(definition: &str, kind: MachineType) -> Result<asl::Machine, ApiError> {
    let errors: Vec<Diagnostic> =
        asl::validate(definition, kind).into_iter().filter(|d| d.severity == Severity::Error).collect();
    let refusal = |errors: &[Diagnostic]| {
        ApiError::new("InvalidDefinition", Diagnostic::refusal(errors).unwrap_or_default())
    };
    if !errors.is_empty() {
        return Err(refusal(&errors));
    }
    asl::parse(definition).map_err(|errors| refusal(&errors))
}

fn logging_or_default(given: Option<&serde_json::Map<String, Value>>) -> Value {
    let mut logging = given.cloned().unwrap_or_default();
    logging.entry("level").or_insert_with(|| json!("OFF"));
    logging.entry("includeExecutionData").or_insert_with(|| json!(false));
    Value::Object(logging)
}

fn check_logging(logging: &Value) -> Result<(), ApiError> {
    let level = logging.get("level").and_then(Value::as_str).unwrap_or("OFF");
    if !["OFF", "ALL", "ERROR", "FATAL"].contains(&level) {
        return Err(validation(format!(
            "Value '{level}' at 'loggingConfiguration.level' failed to satisfy constraint"
        )));
    }
    let destinations = logging.get("destinations").and_then(Value::as_array).map_or(0, Vec::len);
    if level != "OFF" && destinations == 0 {
        let text = "Invalid Logging Configuration: 'Must specify exactly one Log Destination.'";
        return Err(ApiError::new("InvalidLoggingConfiguration", text));
    }
    Ok(())
}

impl Region {
    pub(super) fn create_state_machine(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let name = request.required("name", 1, 80)?;
        let definition = request.required("definition", 1, DEFINITION_LIMIT)?;
        let role = request.required("roleArn", 1, 256)?;
        let kind = request.word("type", &["STANDARD", "EXPRESS"])?.unwrap_or("STANDARD");
        let publish = request.flag("publish")?.unwrap_or(false);
        let description = request.text_within("versionDescription", 0, 256)?;
        if description.is_some() && !publish {
            return Err(validation("Version description can only be set when publish is true"));
        }
        check_name(name)?;
        check_role(role)?;
        let tags = tags(request.list("tags")?, "key", "value")?;
        if tags.len() > 50 {
            return Err(ApiError::new("TooManyTags", "A resource can have up to 50 tags"));
        }
        let logging = logging_or_default(request.object("loggingConfiguration")?);
        check_logging(&logging)?;
        let tracing =
            request.object("tracingConfiguration")?.map_or_else(|| json!({ "enabled": false }), |t| json!(t));
        let encryption = request
            .object("encryptionConfiguration")?
            .map_or_else(|| json!({ "type": "AWS_OWNED_KEY" }), |e| json!(e));
        let express = kind == "EXPRESS";
        let machine =
            parse_definition(definition, if express { MachineType::Express } else { MachineType::Standard })?;
        let arn = self.place.arn("states", &format!("stateMachine:{name}"));
        let fingerprint =
            json!([definition, kind, logging, tracing, encryption, publish, description]).to_string();
        if let Some(known) = self.sfn.machines.get(&arn) {
            if known.status == MachineStatus::Deleting {
                return Err(ApiError::new(
                    "StateMachineDeleting",
                    format!("State Machine is being deleted: '{arn}'"),
                ));
            }
            if known.fingerprint != fingerprint {
                return Err(ApiError::new(
                    "StateMachineAlreadyExists",
                    format!("State Machine Already Exists: '{arn}'"),
                ));
            }
            let mut reply = json!({ "stateMachineArn": arn, "creationDate": stamp(known.created) });
            if let (true, Some(version)) = (publish, known.versions.keys().next_back()) {
                reply["stateMachineVersionArn"] = json!(format!("{arn}:{version}"));
            }
            return Ok(reply);
        }
        let revision = Arc::new(Revision {
            arn: arn.clone(),
            name: name.to_owned(),
            definition: definition.to_owned(),
            machine,
            role_arn: role.to_owned(),
            revision_id: publish.then(|| self.ids.uuid()),
            logging,
            tracing,
            at: self.now,
        });
        self.sfn.machines.insert(
            arn.clone(),
            Machine {
                arn: arn.clone(),
                name: name.to_owned(),
                status: MachineStatus::Active,
                express,
                created: self.now,
                current: revision,
                encryption,
                tags: tags.into_iter().collect(),
                versions: BTreeMap::new(),
                next_version: 1,
                aliases: BTreeMap::new(),
                fingerprint,
            },
        );
        let mut reply = json!({ "stateMachineArn": arn, "creationDate": stamp(self.now) });
        if publish {
            let version = self.publish(&arn, description.map(str::to_owned))?;
            reply["stateMachineVersionArn"] = json!(version);
        }
        Ok(reply)
    }

    pub(super) fn update_state_machine(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("stateMachineArn", 1, 256)?;
        let definition = request.text_within("definition", 1, DEFINITION_LIMIT)?;
        let role = request.text_within("roleArn", 1, 256)?;
        let logging = request.object("loggingConfiguration")?;
        let tracing = request.object("tracingConfiguration")?;
        let encryption = request.object("encryptionConfiguration")?;
        let publish = request.flag("publish")?.unwrap_or(false);
        let description = request.text_within("versionDescription", 0, 256)?;
        let named = machine_arn(arn)?;
        if description.is_some() && !publish {
            return Err(validation("Version description can only be set when publish is true"));
        }
        let nothing = definition.is_none()
            && role.is_none()
            && logging.is_none()
            && tracing.is_none()
            && encryption.is_none();
        if nothing && !publish {
            let text = "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified";
            return Err(ApiError::new("MissingRequiredParameter", text));
        }
        if let Some(role) = role {
            check_role(role)?;
        }
        let revision_id = self.ids.uuid();
        let now = self.now;
        if self.found_machine(&named.arn).is_none() {
            return Err(no_machine(arn));
        }
        let Some(machine) = self.sfn.machines.get_mut(&named.arn) else { return Err(no_machine(arn)) };
        if machine.status == MachineStatus::Deleting {
            return Err(ApiError::new(
                "StateMachineDeleting",
                format!("State Machine is being deleted: '{arn}'"),
            ));
        }
        let old = Arc::clone(&machine.current);
        let kind = if machine.express { MachineType::Express } else { MachineType::Standard };
        let parsed = parse_definition(definition.unwrap_or(&old.definition), kind)?;
        let logging = logging.map_or_else(|| old.logging.clone(), |given| logging_or_default(Some(given)));
        check_logging(&logging)?;
        machine.current = Arc::new(Revision {
            arn: old.arn.clone(),
            name: old.name.clone(),
            definition: definition.unwrap_or(&old.definition).to_owned(),
            machine: parsed,
            role_arn: role.unwrap_or(&old.role_arn).to_owned(),
            revision_id: Some(revision_id.clone()),
            logging,
            tracing: tracing.map_or_else(|| old.tracing.clone(), |given| json!(given)),
            at: now,
        });
        if let Some(encryption) = encryption {
            machine.encryption = json!(encryption);
        }
        let kind = if machine.express { "EXPRESS" } else { "STANDARD" };
        let current = &machine.current;
        machine.fingerprint = json!([
            current.definition,
            kind,
            current.logging,
            current.tracing,
            machine.encryption,
            publish,
            description
        ])
        .to_string();
        let mut reply = json!({ "updateDate": stamp(now), "revisionId": revision_id });
        if publish {
            let version = self.publish(&named.arn, description.map(str::to_owned))?;
            reply["stateMachineVersionArn"] = json!(version);
        }
        Ok(reply)
    }

    pub(super) fn describe_state_machine(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("stateMachineArn", 1, 256)?;
        request.word("includedData", &["ALL_DATA", "METADATA_ONLY"])?;
        let named = machine_arn(arn)?;
        let Some(machine) = self.found_machine(&named.arn) else { return Err(no_machine(arn)) };
        let (revision, created, description) = match &named.qualifier {
            None => (&machine.current, machine.created, None),
            Some(qualifier) => {
                let version = qualifier.parse::<u64>().ok().and_then(|number| machine.versions.get(&number));
                let version = version.ok_or_else(|| no_machine(arn))?;
                (&version.revision, version.created, version.description.as_ref())
            }
        };
        let mut reply = json!({
            "stateMachineArn": arn,
            "name": machine.name,
            "status": if machine.status == MachineStatus::Active { "ACTIVE" } else { "DELETING" },
            "definition": revision.definition,
            "roleArn": revision.role_arn,
            "type": if machine.express { "EXPRESS" } else { "STANDARD" },
            "creationDate": stamp(created),
            "loggingConfiguration": revision.logging,
            "tracingConfiguration": revision.tracing,
            "encryptionConfiguration": machine.encryption,
        });
        if let Some(revision) = &revision.revision_id {
            reply["revisionId"] = json!(revision);
        }
        if let Some(description) = description {
            reply["description"] = json!(description);
        }
        Ok(reply)
    }

    pub(super) fn list_state_machines(&mut self, call: &Call) -> Reply {
        let items: Vec<Value> = self
            .sfn
            .machines
            .values()
            .map(|machine| {
                json!({
                    "stateMachineArn": machine.arn,
                    "name": machine.name,
                    "type": if machine.express { "EXPRESS" } else { "STANDARD" },
                    "creationDate": stamp(machine.created),
                })
            })
            .collect();
        self.paged("machines", "", &items, "stateMachines", &Request::of(call))
    }

    /// DEF-30, DEF-31: marked at once, gone when nothing runs; unknown ones are gone already.
    pub(super) fn delete_state_machine(&mut self, call: &Call) -> Reply {
        let arn = Request::of(call).required("stateMachineArn", 1, 256)?;
        let named = machine_arn(arn)?;
        if named.qualifier.is_some() {
            return Err(validation(format!("A qualified ARN names no state machine: '{arn}'")));
        }
        if let Some(machine) = self.sfn.machines.get_mut(&named.arn) {
            machine.status = MachineStatus::Deleting;
            self.remove_if_idle(&named.arn);
        }
        Ok(json!({}))
    }

    /// Removes a deleted machine once its last execution has ended.
    pub(crate) fn settle_deletion(&mut self, execution: ExecutionId) {
        if let Some(arn) = self.executions.get(&execution).map(|known| known.machine.arn.clone()) {
            self.remove_if_idle(&arn);
        }
    }

    fn remove_if_idle(&mut self, arn: &str) {
        let deleting =
            self.sfn.machines.get(arn).is_some_and(|machine| machine.status == MachineStatus::Deleting);
        if deleting && !self.executions.values().any(|known| known.is_running() && known.machine.arn == arn) {
            self.sfn.machines.remove(arn);
        }
    }
}

fn check_role(role: &str) -> Result<(), ApiError> {
    match crate::place::Arn::parse(role) {
        Some(arn) if arn.service == "iam" => Ok(()),
        _ => Err(bad_arn_prefix(role)),
    }
}

/// ValidateStateMachineDefinition (DEF-32, DEF-33).
pub(super) fn validate_state_machine_definition(call: &Call) -> Reply {
    let request = Request::of(call);
    let definition =
        request.text("definition")?.ok_or_else(|| validation("Member must not be null: definition"))?;
    crate::request::within("definition", "***", definition.chars().count(), 0, DEFINITION_LIMIT)?;
    let kind = request.word("type", &["STANDARD", "EXPRESS"])?.unwrap_or("STANDARD");
    let severity = request.word("severity", &["ERROR", "WARNING"])?.unwrap_or("ERROR");
    let most = request.number("maxResults", 0, 100)?.filter(|n| *n > 0).unwrap_or(100);
    let kind = if kind == "EXPRESS" { MachineType::Express } else { MachineType::Standard };
    let found = asl::validate(definition, kind);
    let fails = found.iter().any(|d| d.severity == Severity::Error);
    let shown: Vec<Value> = found
        .iter()
        .filter(|d| severity == "WARNING" || d.severity == Severity::Error)
        .map(|d| {
            let mut item = json!({
                "severity": if d.severity == Severity::Error { "ERROR" } else { "WARNING" },
                "code": d.code,
                "message": d.message,
            });
            if let Some(location) = &d.location {
                item["location"] = json!(location);
            }
            item
        })
        .collect();
    let most = usize::try_from(most).unwrap_or(100);
    let truncated = shown.len() > most;
    let shown: Vec<Value> = shown.into_iter().take(most).collect();
    Ok(json!({ "result": if fails { "FAIL" } else { "OK" }, "diagnostics": shown, "truncated": truncated }))
}

//! Versions and aliases of state machines.

use std::sync::Arc;

use record::{ApiError, Call};
use serde_json::{Value, json};

use super::names::{check_name, machine_arn};
use super::{Alias, Version};
use crate::Region;
use crate::execution::stamp;
use crate::refuse::{Reply, no_machine, validation};
use crate::request::Request;

fn not_found(arn: &str) -> ApiError {
    ApiError::new("ResourceNotFound", format!("Resource not found: '{arn}'"))
}

impl Region {
    /// Publishes the current revision; the same revision is published once.
    pub(super) fn publish(&mut self, arn: &str, description: Option<String>) -> Result<String, ApiError> {
        let now = self.now;
        let Some(machine) = self.sfn.machines.get_mut(arn) else { return Err(no_machine(arn)) };
        if let Some((number, version)) = machine.versions.last_key_value()
            && Arc::ptr_eq(&version.revision, &machine.current)
        {
            return Ok(format!("{arn}:{number}"));
        }
        if machine.versions.len() >= 1_000 {
            return Err(ApiError::new(
                "ServiceQuotaExceededException",
                "A state machine can have up to 1000 versions",
            )
            .with_status(402));
        }
        let number = machine.next_version;
        machine.next_version += 1;
        let revision = Arc::clone(&machine.current);
        machine.versions.insert(number, Version { revision, description, created: now });
        Ok(format!("{arn}:{number}"))
    }

    pub(super) fn publish_version(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("stateMachineArn", 1, 256)?;
        let description = request.text_within("description", 0, 256)?;
        let revision = request.text("revisionId")?;
        let named = machine_arn(arn)?;
        let machine = self.found_machine(&named.arn).ok_or_else(|| no_machine(arn))?;
        if revision.is_some_and(|asked| machine.current.revision_id.as_deref().unwrap_or("INITIAL") != asked)
        {
            let text = format!(
                "Failed to publish the State Machine version for revision {}. The current revision is another one.",
                revision.unwrap_or_default()
            );
            return Err(ApiError::new("ConflictException", text).with_status(409));
        }
        let version = self.publish(&named.arn, description.map(str::to_owned))?;
        Ok(json!({ "stateMachineVersionArn": version, "creationDate": stamp(self.now) }))
    }

    pub(super) fn list_versions(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("stateMachineArn", 1, 256)?;
        let named = machine_arn(arn)?;
        let machine = self.found_machine(&named.arn).ok_or_else(|| no_machine(arn))?;
        let items: Vec<Value> = machine
            .versions
            .iter()
            .rev()
            .map(|(number, version)| {
                json!({ "stateMachineVersionArn": format!("{}:{number}", named.arn), "creationDate": stamp(version.created) })
            })
            .collect();
        self.paged("versions", arn, &items, "stateMachineVersions", &request)
    }

    pub(super) fn delete_version(&mut self, call: &Call) -> Reply {
        let arn = Request::of(call).required("stateMachineVersionArn", 1, 2_000)?;
        let named = machine_arn(arn)?;
        let number = named.qualifier.as_deref().and_then(|text| text.parse::<u64>().ok());
        let Some(number) = number else {
            return Err(validation(format!("Not the ARN of a version: '{arn}'")));
        };
        if let Some(machine) = self.sfn.machines.get_mut(&named.arn) {
            if machine.aliases.values().any(|alias| alias.routes.iter().any(|(version, _)| version == arn)) {
                let text = format!(
                    "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: {arn}"
                );
                return Err(ApiError::new("ConflictException", text).with_status(409));
            }
            machine.versions.remove(&number);
        }
        Ok(json!({}))
    }

    pub(super) fn create_alias(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let name = request.required("name", 1, 80)?;
        check_name(name)?;
        if name.bytes().all(|b| b.is_ascii_digit()) {
            return Err(validation("The name of an alias is not a number"));
        }
        let description = request.text_within("description", 0, 256)?.map(str::to_owned);
        let routes = routes(&request)?;
        let first = routes.first().map(|(arn, _)| arn.clone()).unwrap_or_default();
        let named = machine_arn(&first)?;
        let now = self.now;
        let Some(machine) = self.sfn.machines.get_mut(&named.arn) else { return Err(not_found(&first)) };
        for (version, _) in &routes {
            let known = machine_arn(version)?.qualifier.and_then(|q| q.parse::<u64>().ok());
            if !known.is_some_and(|number| machine.versions.contains_key(&number)) {
                return Err(not_found(version));
            }
        }
        let arn = format!("{}:{name}", named.arn);
        let alias = Alias { description, routes, created: now, updated: now };
        if let Some(known) = machine.aliases.get(name) {
            if known.routes != alias.routes || known.description != alias.description {
                return Err(ApiError::new("ConflictException", format!("Alias already exists: '{arn}'"))
                    .with_status(409));
            }
            return Ok(json!({ "stateMachineAliasArn": arn, "creationDate": stamp(known.created) }));
        }
        if machine.aliases.len() >= 100 {
            return Err(ApiError::new(
                "ServiceQuotaExceededException",
                "A state machine can have up to 100 aliases",
            )
            .with_status(402));
        }
        machine.aliases.insert(name.to_owned(), alias);
        Ok(json!({ "stateMachineAliasArn": arn, "creationDate": stamp(now) }))
    }

    pub(super) fn describe_alias(&mut self, call: &Call) -> Reply {
        let arn = Request::of(call).required("stateMachineAliasArn", 1, 256)?;
        let named = machine_arn(arn)?;
        let name = named.qualifier.unwrap_or_default();
        let alias = self
            .sfn
            .machines
            .get(&named.arn)
            .and_then(|m| m.aliases.get(&name))
            .ok_or_else(|| not_found(arn))?;
        let routes: Vec<Value> = alias
            .routes
            .iter()
            .map(|(version, weight)| json!({ "stateMachineVersionArn": version, "weight": weight }))
            .collect();
        let mut reply = json!({
            "stateMachineAliasArn": arn,
            "name": name,
            "routingConfiguration": routes,
            "creationDate": stamp(alias.created),
            "updateDate": stamp(alias.updated),
        });
        if let Some(description) = &alias.description {
            reply["description"] = json!(description);
        }
        Ok(reply)
    }

    pub(super) fn list_aliases(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("stateMachineArn", 1, 256)?;
        let named = machine_arn(arn)?;
        let machine = self.found_machine(&named.arn).ok_or_else(|| no_machine(arn))?;
        let items: Vec<Value> = machine
            .aliases
            .iter()
            .map(|(name, alias)| {
                json!({ "stateMachineAliasArn": format!("{}:{name}", named.arn), "creationDate": stamp(alias.created) })
            })
            .collect();
        self.paged("aliases", arn, &items, "stateMachineAliases", &request)
    }

    pub(super) fn delete_alias(&mut self, call: &Call) -> Reply {
        let arn = Request::of(call).required("stateMachineAliasArn", 1, 256)?;
        let named = machine_arn(arn)?;
        let name = named.qualifier.unwrap_or_default();
        let removed = self.sfn.machines.get_mut(&named.arn).and_then(|machine| machine.aliases.remove(&name));
        removed.map(|_| json!({})).ok_or_else(|| not_found(arn))
    }
}

/// `routingConfiguration`: one version, or two whose weights make 100.
fn routes(request: &Request<'_>) -> Result<Vec<(String, u64)>, ApiError> {
    let items = request
        .list("routingConfiguration")?
        .ok_or_else(|| validation("Member must not be null: routingConfiguration"))?;
    let routes: Option<Vec<(String, u64)>> = items
        .iter()
        .map(|item| {
            Some((item.get("stateMachineVersionArn")?.as_str()?.to_owned(), item.get("weight")?.as_u64()?))
        })
        .collect();
    let routes = routes.ok_or_else(|| validation("A route has a version ARN and a weight"))?;
    let sum = routes.iter().try_fold(0_u64, |sum, (_, weight)| sum.checked_add(*weight));
    if !(1..=2).contains(&routes.len()) || sum != Some(100) {
        return Err(validation("Sum of routingConfiguration weights must equal 100."));
    }
    Ok(routes)
}

//! Distributed Map: a Map Run whose items are child executions (recorded).
//!
//! The parent's history shows the run as a whole; each child has a history of its own.

use std::sync::Arc;

use asl::{MapEntered, TaskFailure};
use serde_json::{Value, json};

use super::close::Start;
use super::writer::{details, error_details};
use super::{Ending, ExecutionId, Fault, Mode, Parent, Status, StrandId, read};
use crate::Region;

/// A running Map Run.
#[derive(Debug)]
pub(crate) struct MapRun {
    pub(super) arn: String,
    label: String,
    started: u64,
    inputs: Vec<Value>,
    items: Vec<Value>,
    results: Vec<Option<Value>>,
    children: Vec<Option<ExecutionId>>,
    failed: Vec<bool>,
    next: usize,
    concurrency: usize,
    tolerated_count: Option<u64>,
    tolerated_percentage: Option<f64>,
    redrives: u64,
    /// The parameters of the ResultWriter.
    writing: Option<Value>,
}

impl MapRun {
    /// The children that still run.
    pub(super) fn open_children(&self) -> Vec<ExecutionId> {
        self.children.iter().flatten().copied().collect()
    }

    /// The results, or where a ResultWriter has put them:
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>.
    fn result(&self) -> Value {
        let Some(writing) = &self.writing else {
            return Value::Array(self.results.iter().flatten().cloned().collect());
        };
        let run = self.arn.rsplit(':').next().unwrap_or_default();
        let prefix = writing["Prefix"].as_str().map(|prefix| format!("{}/", prefix.trim_end_matches('/')));
        let key = format!("{}{run}/manifest.json", prefix.unwrap_or_default());
        json!({ "MapRunArn": self.arn, "ResultWriterDetails": { "Bucket": writing["Bucket"], "Key": key } })
    }

    /// Whether more items failed than are tolerated.
    fn is_over(&self) -> bool {
        let failed = self.failed.iter().filter(|failed| **failed).count();
        if failed == 0 {
            return false;
        }
        let within_count = self.tolerated_count.is_some_and(|most| failed as u64 <= most);
        let percentage = failed as f64 * 100.0 / self.inputs.len().max(1) as f64;
        let within_percentage = self.tolerated_percentage.is_some_and(|most| percentage <= most);
        match (self.tolerated_count, self.tolerated_percentage) {
            (None, None) => true,
            (Some(_), Some(_)) => !(within_count && within_percentage),
            _ => !(within_count || within_percentage),
        }
    }
}

impl Region {
    pub(super) fn start_map_run(&mut self, execution: ExecutionId, strand: StrandId, map: &MapEntered) {
        let Some(sight) = self.sight(execution, strand, None) else { return };
        let Some(state) = sight.state() else { return };
        let item = self.strand(execution, strand).and_then(|s| s.item.as_ref().map(|(index, _)| *index));
        let scripted = self.script.as_mut().and_then(|script| script.map_run(&sight.state, item));
        let items = map.items.clone();
        let length = scripted.as_ref().map_or(items.len() as u64, |run| run.length);
        let previous = self.previous(execution, strand);
        let begun =
            self.emit(execution, strand, previous, "MapStateStarted", details([("length", json!(length))]));
        if let Some(walker) = self.strand(execution, strand) {
            walker.previous = begun;
        }
        let inputs = items
            .iter()
            .enumerate()
            .map(|(i, item)| asl::item_input(state, &sight.inputs(), i, item).map(|given| given.input));
        let inputs = inputs
            .collect::<Result<Vec<Value>, _>>()
            .and_then(|inputs| asl::batches(state, &sight.inputs(), map, inputs));
        let inputs = match inputs {
            Ok(inputs) => inputs,
            Err(failure) => {
                self.interpreter_failed(execution, strand, &failure, begun);
                return;
            }
        };
        let label = map.label.clone().unwrap_or_else(|| self.ids.uuid());
        let arn =
            self.place.arn("states", &format!("mapRun:{}/{label}:{}", sight.machine.name, self.ids.uuid()));
        let started =
            self.emit(execution, strand, begun, "MapRunStarted", details([("mapRunArn", json!(arn))]));
        let unread = map.reading.as_ref().map(|reading| {
            let cause = match reading.max_items {
                Some(..0) => "field MaxItems must be positive".to_owned(),
                _ => format!("The region holds no data behind '{}'.", reading.resource.arn),
            };
            Err(TaskFailure::new(Some("States.ItemReaderFailed".to_owned()), Some(cause)))
        });
        match scripted.map(|run| run.ending).or(unread) {
            Some(Ok(result)) => return self.run_succeeded(execution, strand, started, &result),
            Some(Err(failure)) => return self.run_failed(execution, strand, started, failure),
            None => {}
        }
        let concurrency = usize::try_from(map.max_concurrency).unwrap_or(0);
        let run = MapRun {
            arn,
            writing: map.writing.clone(),
            label,
            started,
            results: vec![None; inputs.len()],
            children: vec![None; inputs.len()],
            failed: vec![false; inputs.len()],
            inputs,
            items,
            next: 0,
            concurrency: if concurrency == 0 { 10_000 } else { concurrency },
            tolerated_count: map.tolerated_count,
            tolerated_percentage: map.tolerated_percentage,
            redrives: 0,
        };
        if let Some(visit) = self.visit(execution, strand) {
            visit.mode = Mode::Run(Box::new(run));
        }
        self.start_children(execution, strand);
        self.end_run_if_done(execution, strand);
    }

    /// What a failure of a state's own fields follows. A distributed Map whose tolerated failures cannot be read has started
    /// already (recorded in `parallel-map`, `map_state_tolerated_failure_count_path`; LocalStack 2026.3 says so of MaxItemsPath):
    /// its length is that of the same Map without them.
    pub(super) fn shown_start(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        failure: &asl::Failure,
    ) -> u64 {
        let previous = self.previous(execution, strand);
        if failure.evaluation.is_some()
            || !failure.cause.as_deref().is_some_and(|cause| LATE.iter().any(|field| cause.contains(field)))
        {
            return previous;
        }
        let Some(sight) = self.sight(execution, strand, None) else { return previous };
        let Ok(mut definition) = serde_json::from_str::<Value>(&sight.machine.definition) else {
            return previous;
        };
        drop_late(&mut definition);
        let Ok(tolerant) = asl::parse(&definition.to_string()) else { return previous };
        let entered = tolerant.find(&sight.state).map(|state| asl::enter(state, &sight.inputs()));
        let Some(Ok(asl::Entered::Map(map))) = entered else { return previous };
        let length = details([("length", json!(map.items.len()))]);
        self.emit(execution, strand, previous, "MapStateStarted", length)
    }

    fn run(&mut self, execution: ExecutionId, strand: StrandId) -> Option<&mut MapRun> {
        match &mut self.visit(execution, strand)?.mode {
            Mode::Run(run) => Some(run),
            _ => None,
        }
    }

    fn start_children(&mut self, execution: ExecutionId, strand: StrandId) {
        loop {
            let Some(known) = self.executions.get(&execution) else { return };
            let machine = Arc::clone(&known.machine);
            let Some(walker) = known.strands.get(&strand) else { return };
            let Some(state) = walker.visit.as_ref().map(|visit| visit.state.clone()) else { return };
            let Some(run) = self.run(execution, strand) else { return };
            let running = run.children.iter().flatten().count();
            let waiting = |i: &usize| {
                run.results.get(*i).is_some_and(Option::is_none)
                    && run.children.get(*i).is_some_and(Option::is_none)
                    && !run.failed.get(*i).copied().unwrap_or(true)
            };
            let Some(index) =
                (run.next..run.inputs.len()).find(waiting).filter(|_| running < run.concurrency)
            else {
                return;
            };
            run.next = index + 1;
            let (Some(input), label, arn) =
                (run.inputs.get(index).cloned(), run.label.clone(), run.arn.clone())
            else {
                return;
            };
            let item = run.items.get(index).cloned().unwrap_or_default();
            let name = self.ids.uuid();
            let child = self.begin(Start {
                arn: self.place.arn("states", &format!("execution:{}/{label}:{name}", machine.name)),
                name,
                machine,
                version_arn: None,
                alias_arn: None,
                map_run_arn: Some(arn),
                processor: Some(state),
                item: Some((index, item)),
                input: input.to_string(),
                parent: Some(Parent::MapRun { execution, strand, index }),
                // Child executions cannot see the variables of outer scopes (DG:workflow-variables).
                variables: Arc::default(),
                trace_header: None,
            });
            if let Some(place) = self.run(execution, strand).and_then(|run| run.children.get_mut(index)) {
                *place = Some(child);
            }
        }
    }

    /// A child execution has ended.
    pub(super) fn run_child_done(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        index: usize,
        child: ExecutionId,
    ) {
        let Some(known) = self.executions.get(&child) else { return };
        let output =
            (known.status == Status::Succeeded).then(|| known.output.as_deref().map_or(Value::Null, read));
        let Some(run) = self.run(execution, strand) else { return };
        if let Some(place) = run.children.get_mut(index) {
            *place = None;
        }
        match output {
            Some(output) => {
                if let Some(result) = run.results.get_mut(index) {
                    *result = Some(output);
                }
            }
            None => {
                if let Some(failed) = run.failed.get_mut(index) {
                    *failed = true;
                }
            }
        }
        if !self.executions.get(&execution).is_some_and(super::Execution::is_running) {
            return;
        }
        if self.run(execution, strand).is_some_and(|run| run.is_over()) {
            self.fail_run(execution, strand);
            return;
        }
        self.start_children(execution, strand);
        self.end_run_if_done(execution, strand);
    }

    fn fail_run(&mut self, execution: ExecutionId, strand: StrandId) {
        let Some(run) = self.run(execution, strand) else { return };
        let (started, open) = (run.started, run.open_children());
        for place in &mut run.children {
            *place = None;
        }
        for child in open {
            if let Some(known) = self.executions.get_mut(&child) {
                known.parent = None;
            }
            self.close(child, Ending::Aborted { error: None, cause: None }, 0);
        }
        let error = "States.ExceedToleratedFailureThreshold".to_owned();
        let cause = "The specified tolerated failure threshold was exceeded".to_owned();
        self.run_failed(execution, strand, started, TaskFailure::new(Some(error), Some(cause)));
    }

    fn run_failed(&mut self, execution: ExecutionId, strand: StrandId, started: u64, failure: TaskFailure) {
        let members = error_details(failure.error.as_deref(), failure.cause.as_deref());
        let leaf = self.emit(execution, strand, started, "MapRunFailed", members);
        self.fail_state(execution, strand, &Fault { failure, leaf }, true);
    }

    fn end_run_if_done(&mut self, execution: ExecutionId, strand: StrandId) {
        let Some(run) = self.run(execution, strand) else { return };
        if !run.results.iter().zip(&run.failed).all(|(result, failed)| result.is_some() || *failed) {
            return;
        }
        let result = run.result();
        let started = run.started;
        self.run_succeeded(execution, strand, started, &result);
    }

    fn run_succeeded(&mut self, execution: ExecutionId, strand: StrandId, started: u64, result: &Value) {
        let ended = self.emit(execution, strand, started, "MapRunSucceeded", None);
        self.emit(execution, strand, ended, "MapStateSucceeded", None);
        let Some(sight) = self.sight(execution, strand, None) else { return };
        let Some(state) = sight.state() else { return };
        if let Some(visit) = self.visit(execution, strand) {
            visit.mode = Mode::Idle;
        }
        let outcome = asl::complete(state, &sight.inputs(), result);
        self.finish(execution, strand, outcome, ended);
    }

    /// A redriven Map Run runs its unsuccessful items again.
    pub(super) fn resume_run(&mut self, execution: ExecutionId, strand: StrandId, previous: u64) {
        let Some(run) = self.run(execution, strand) else { return };
        run.redrives += 1;
        run.next = 0;
        run.failed.fill(false);
        run.children.fill(None);
        let members = details([("mapRunArn", json!(run.arn)), ("redriveCount", json!(run.redrives))]);
        let started = self.emit(execution, strand, previous, "MapRunRedriven", members);
        if let Some(run) = self.run(execution, strand) {
            run.started = started;
        }
        self.start_children(execution, strand);
        self.end_run_if_done(execution, strand);
    }
}

/// Fields that AWS reads once it has written MapStateStarted.
const LATE: [&str; 3] = ["ToleratedFailureCount", "ToleratedFailurePercentage", "MaxItemsPath"];

/// Takes the fields that are read late out of every Map of a definition.
fn drop_late(definition: &mut Value) {
    match definition {
        Value::Object(members) => {
            members.retain(|name, _| !LATE.iter().any(|late| name.starts_with(late)));
            members.values_mut().for_each(drop_late);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_late),
        _ => {}
    }
}

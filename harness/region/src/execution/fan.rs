//! Parallel and inline Map: strands that fan out and come together (recorded).

use std::sync::Arc;

use asl::MapEntered;
use serde_json::{Value, json};

use super::writer::details;
use super::{ExecutionId, Fan, Mode, Step, Strand, StrandId};
use crate::Region;
use crate::conduct::Stage;

impl Region {
    pub(super) fn start_parallel(&mut self, execution: ExecutionId, strand: StrandId, input: &Value) {
        let Some(current) = self.current(execution, strand) else { return };
        let Some(state) = current.state() else { return };
        let previous = self.previous(execution, strand);
        let started = self.emit(execution, strand, previous, "ParallelStateStarted", None);
        let starts: Vec<String> = state.branches().iter().map(|branch| branch.start_at.clone()).collect();
        let fan = Fan {
            is_map: false,
            inputs: vec![input.clone(); starts.len()],
            items: Vec::new(),
            results: vec![None; starts.len()],
            children: vec![None; starts.len()],
            next: starts.len(),
            concurrency: starts.len(),
            last: started,
            joined: started,
            failed: false,
        };
        self.set_fan(execution, strand, fan);
        for (index, start) in starts.into_iter().enumerate() {
            self.spawn(execution, strand, index, started, start, input.clone(), None);
        }
        self.join_if_done(execution, strand);
    }

    pub(super) fn start_map(&mut self, execution: ExecutionId, strand: StrandId, map: MapEntered) {
        let Some(sight) = self.sight(execution, strand, None) else { return };
        let Some(state) = sight.state() else { return };
        if super::is_distributed(&map, state) {
            self.start_map_run(execution, strand, &map);
            return;
        }
        let previous = self.previous(execution, strand);
        let length = json!(map.items.len());
        let started =
            self.emit(execution, strand, previous, "MapStateStarted", details([("length", length)]));
        if let Some(walker) = self.strand(execution, strand) {
            walker.previous = started;
        }
        let inputs = map
            .items
            .iter()
            .enumerate()
            .map(|(i, item)| asl::item_input(state, &sight.inputs(), i, item).map(|given| given.input));
        let inputs = match inputs.collect::<Result<Vec<Value>, _>>() {
            Ok(inputs) => inputs,
            Err(failure) => {
                self.interpreter_failed(execution, strand, &failure, started);
                return;
            }
        };
        let concurrency = usize::try_from(map.max_concurrency).unwrap_or(0);
        let fan = Fan {
            is_map: true,
            results: vec![None; inputs.len()],
            children: vec![None; inputs.len()],
            items: map.items,
            inputs,
            next: 0,
            // AWS runs up to 40 iterations of an inline Map at a time.
            concurrency: if concurrency == 0 { 40 } else { concurrency },
            last: started,
            joined: started,
            failed: false,
        };
        self.set_fan(execution, strand, fan);
        self.start_iterations(execution, strand);
        self.join_if_done(execution, strand);
    }

    /// Starts as many iterations as may run now.
    pub(super) fn start_iterations(&mut self, execution: ExecutionId, strand: StrandId) {
        let Some(current) = self.current(execution, strand) else { return };
        let Some(start) = current.state().and_then(|state| state.processor()).map(|p| p.start_at.clone())
        else {
            return;
        };
        loop {
            let Some(fan) = self.fan(execution, strand).filter(|fan| !fan.failed) else { return };
            let running = fan.children.iter().flatten().count();
            let index = fan.next;
            let (Some(input), true) = (fan.inputs.get(index).cloned(), running < fan.concurrency) else {
                return;
            };
            let item = fan.items.get(index).cloned().unwrap_or_default();
            let last = fan.last;
            fan.next += 1;
            let members = details([("name", json!(current.name)), ("index", json!(index))]);
            let begun = self.emit(execution, strand.max(1), last, "MapIterationStarted", members);
            self.spawn(execution, strand, index, begun, start.clone(), input, Some((index, item)));
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a strand has that many parts")]
    fn spawn(
        &mut self,
        execution: ExecutionId,
        parent: StrandId,
        index: usize,
        previous: u64,
        start: String,
        input: Value,
        item: Option<(usize, Value)>,
    ) {
        let Some(known) = self.executions.get_mut(&execution) else { return };
        let id = known.next_strand;
        known.next_strand += 1;
        let Some(above) = known.strands.get(&parent) else { return };
        let strand = Strand {
            parent: Some((parent, index)),
            previous,
            variables: Arc::clone(&above.variables),
            item: item.or_else(|| above.item.clone()),
            visit: None,
        };
        known.strands.insert(id, strand);
        if let Some(place) = self.fan(execution, parent).and_then(|fan| fan.children.get_mut(index)) {
            *place = Some(id);
        }
        self.later(execution, id, Step::Enter(start, input), Stage::Transition);
    }

    /// A branch or iteration came to its end.
    pub(super) fn child_done(
        &mut self,
        execution: ExecutionId,
        parent: StrandId,
        index: usize,
        output: Value,
        last: u64,
    ) {
        let Some(state) = self.visit(execution, parent).map(|visit| visit.state.clone()) else { return };
        let Some(fan) = self.fan(execution, parent) else { return };
        let is_map = fan.is_map;
        fan.last = last;
        fan.joined = last;
        if let (Some(result), Some(child)) = (fan.results.get_mut(index), fan.children.get_mut(index)) {
            *result = Some(output);
            *child = None;
        }
        if is_map {
            let members = details([("name", json!(state)), ("index", json!(index))]);
            let succeeded = self.emit(execution, parent.max(1), last, "MapIterationSucceeded", members);
            if let Some(fan) = self.fan(execution, parent) {
                fan.joined = succeeded;
            }
            self.start_iterations(execution, parent);
        }
        self.join_if_done(execution, parent);
    }

    /// Leaves Parallel or Map once every result is there. Succeeded and Exited both follow the last branch's last event, or
    /// the last MapIterationSucceeded (recorded).
    fn join_if_done(&mut self, execution: ExecutionId, strand: StrandId) {
        let Some(fan) = self.fan(execution, strand).filter(|fan| !fan.failed) else { return };
        let Some(results) = fan.results.iter().cloned().collect::<Option<Vec<Value>>>() else { return };
        let (is_map, last) = (fan.is_map, fan.joined);
        let kind = if is_map { "MapStateSucceeded" } else { "ParallelStateSucceeded" };
        self.emit(execution, strand, last, kind, None);
        let Some(sight) = self.sight(execution, strand, None) else { return };
        let Some(state) = sight.state() else { return };
        if let Some(visit) = self.visit(execution, strand) {
            visit.mode = Mode::Idle;
        }
        let outcome = asl::complete(state, &sight.inputs(), &Value::Array(results));
        self.finish(execution, strand, outcome, last);
    }

    fn set_fan(&mut self, execution: ExecutionId, strand: StrandId, fan: Fan) {
        if let Some(visit) = self.visit(execution, strand) {
            visit.mode = Mode::Fan(Box::new(fan));
        }
    }

    pub(super) fn fan(&mut self, execution: ExecutionId, strand: StrandId) -> Option<&mut Fan> {
        match &mut self.visit(execution, strand)?.mode {
            Mode::Fan(fan) => Some(fan),
            _ => None,
        }
    }
}

//! Runs that do not go as they should: targets that die or lack things, rules that do not exist, ledgers.

mod stage;

use std::sync::{Arc, Mutex};

use engine::{EngineError, ExitReason, Options, RunId, Summary, Targets, open_entries, run};
use record::{Operation, Outcome, RunEvent};
use stage::{Always, Regions, Scripted, kinds, refused};

fn run_on(targets: Arc<dyn Targets>, options: &Options) -> Result<(Vec<RunEvent>, Summary), EngineError> {
    let mut events: Vec<RunEvent> = Vec::new();
    let summary = stage::runtime().block_on(run(targets, options, &mut events))?;
    Ok((events, summary))
}

#[test]
fn a_target_that_dies_ends_the_run_as_broken_with_the_report_so_far() {
    let target = Scripted::on_the_wall(|call, before| {
        // It answers what is asked first, and nothing once a second plan wants a queue.
        let dead = call.operation == Operation::CreateQueue && before > 0;
        let probed = call.operation == Operation::ListStateMachines;
        (dead || probed).then(|| Outcome::Unknown("connection refused".to_owned()))
    });
    let options = Options { cases: Some(3), jobs: 1, run_id: RunId::new(1, 0), ..Options::default() };
    let (events, summary) = run_on(Arc::new(Always(target)), &options).unwrap();
    assert_eq!(summary.exit(), ExitReason::Broken);
    assert!(summary.broken.is_some_and(|why| why.contains("no longer answers")));
    let kinds = kinds(&events);
    assert_eq!(kinds.get("broken"), Some(&1));
    assert!(kinds.get("case").is_some_and(|cases| *cases >= 1));
    assert!(matches!(events.last(), Some(RunEvent::Finished { cut: true, .. })));
}

#[test]
fn plans_that_need_what_the_target_lacks_are_not_run() {
    let target = Scripted::in_virtual_time(|call, _| match call.operation {
        Operation::RedriveExecution => refused("UnknownOperationException", 400),
        // Nothing can be made, so that every plan ends at once.
        Operation::CreateQueue => refused("AccessDenied", 403),
        _ => None,
    });
    let (events, _) = run_on(Arc::new(Always(target)), &Options::default()).unwrap();
    let lacking = events.iter().any(|event| {
        matches!(event, RunEvent::Capability { name, present: false, evidence }
            if name == "redrive" && evidence.contains("UnknownOperationException"))
    });
    assert!(lacking);
    let redrives = events.iter().any(|event| {
        matches!(event, RunEvent::Case { plan, .. }
            if plan["needs"].as_array().is_some_and(|needs| needs.iter().any(|need| need == "redrive")))
    });
    assert!(!redrives);
}

#[test]
fn a_rule_that_is_not_is_refused_by_its_name() {
    let options = Options { rules: vec!["tok-13".to_owned()], ..Options::default() };
    let error = run_on(Arc::new(Regions(None)), &options).unwrap_err().to_string();
    assert!(error.contains("there is no rule `tok-13`"), "{error}");
}

#[test]
fn everything_is_written_into_the_ledger_before_it_is_made_and_after_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let unwritten = Arc::new(Mutex::new(Vec::new()));
    let (ledger, found) = (path.clone(), unwritten.clone());
    let target = Scripted::on_the_wall(move |call, _| {
        let name = match call.operation {
            Operation::CreateQueue => call.text("QueueName"),
            Operation::CreateStateMachine | Operation::CreateActivity => call.text("name"),
            Operation::CreateTopic => call.text("Name"),
            _ => None,
        };
        let written = std::fs::read_to_string(&ledger).unwrap_or_default();
        if let Some(name) = name.filter(|name| !written.contains(&format!("\"{name}\""))) {
            found.lock().unwrap().push(format!("{} {name}", call.operation));
        }
        None
    });
    let options = Options {
        cases: Some(40),
        jobs: 40,
        run_id: RunId::new(2, 0),
        ledger: Some(path.clone()),
        minimise: None,
        ..Options::default()
    };
    let (_, summary) = run_on(Arc::new(Always(target.clone())), &options).unwrap();
    assert!(summary.cases > 0);
    assert_eq!(*unwritten.lock().unwrap(), Vec::<String>::new());
    for made in [Operation::CreateQueue, Operation::CreateStateMachine] {
        assert!(!target.heard(made).is_empty(), "nobody called {made}");
    }
    assert_eq!(open_entries(&path).unwrap(), Vec::new());
    assert_eq!(target.left(), Vec::<String>::new());
}

#[test]
fn a_ledger_that_cannot_be_written_is_an_error_with_a_remedy() {
    let options = Options { ledger: Some("/nowhere/ledger.jsonl".into()), ..Options::default() };
    let error = run_on(Arc::new(Regions(None)), &options).unwrap_err().to_string();
    assert!(error.contains("choose another --out"), "{error}");
}

//! Every format over one small run with every verdict in it.

use record::{Call, CaseEnd, CaseRecord, Entry, Finding, FindingKind, Operation, Outcome, RunEvent, Time};
use report::{FILES, Known, Palette, Render, Report, Run, Text, directory, read_events};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:states:us-east-1:000000000000:execution:m:e";

fn entry(actor: &str, at: i64, operation: Operation, input: Value, outcome: Outcome) -> Entry {
    Entry {
        actor: actor.into(),
        begun: Time(at),
        ended: Time(at + 20),
        call: Call::new(operation, input),
        outcome,
        note: None,
    }
}

fn case() -> CaseRecord {
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
    let queue = "http://127.0.0.1:4566/000000000000/q";
    let done = Outcome::Done;
    let success = json!({"taskToken": "token#1", "output": "{\"a\":\"it's $5\"}"});
    let entries = vec![
        entry("main", 0, Operation::CreateQueue, json!({"QueueName": "q"}), done(json!({"QueueUrl": queue}))),
        entry(
            "main",
            30,
            Operation::CreateStateMachine,
            json!({"name": "m", "definition": "{\"StartAt\":\"A\"}", "roleArn": "arn:aws:iam::000000000000:role/r"}),
            done(json!({"stateMachineArn": machine})),
        ),
        entry(
            "main",
            60,
            Operation::StartExecution,
            json!({"stateMachineArn": machine, "input": format!("{{\"queue\":\"{queue}\"}}")}),
            done(json!({"executionArn": ARN})),
        ),
        entry(
            "worker",
            90,
            Operation::ReceiveMessage,
            json!({"QueueUrl": queue, "WaitTimeSeconds": 1}),
            done(
                json!({"Messages": [{"ReceiptHandle": "receipt", "Body": "{\"Title\":\"t\",\"TaskToken\":\"token#1\"}"}]}),
            ),
        ),
        entry("worker", 2000, Operation::SendTaskSuccess, success.clone(), done(json!({}))),
        entry("worker", 2010, Operation::SendTaskSuccess, success, done(json!({}))),
        entry(
            "worker",
            2050,
            Operation::SendTaskSuccess,
            json!({"taskToken": "", "output": "{}"}),
            Outcome::Refused(record::ApiError::new("InvalidToken", "no")),
        ),
        entry(
            "main",
            2100,
            Operation::GetExecutionHistory,
            json!({"executionArn": ARN}),
            done(json!({"events": [
                {"id": 1, "type": "ExecutionStarted", "timestamp": 0.06, "executionStartedEventDetails": {}},
                {"id": 2, "previousEventId": 1, "type": "ExecutionSucceeded", "timestamp": 2.0}
            ]})),
        ),
    ];
    CaseRecord {
        plan: "used-token-1".into(),
        family: "used-token".into(),
        entries,
        end: CaseEnd::Complete,
        faults: vec![("reply-lost".into(), true)],
    }
}

fn finding(rule: &str, kind: FindingKind, message: &str) -> Finding {
    Finding { rule: rule.into(), check: "a-check".into(), kind, message: message.into(), event: None }
}

fn events() -> Vec<RunEvent> {
    let findings = vec![
        finding("TOK-01", FindingKind::Met, ""),
        finding("TOK-13", FindingKind::Violated, "SendTaskSuccess with a used token was answered <200>"),
        finding("TOK-03", FindingKind::Inconclusive, "no answer"),
        finding("TOK-04", FindingKind::Observed, "A-04: TaskTimedOut"),
    ];
    vec![
        RunEvent::Started {
            schema: record::SCHEMA,
            tool: "sfn-conformance 0.1.0".into(),
            target: "http://127.0.0.1:4566".into(),
            endpoint: "http://127.0.0.1:4566".into(),
            name: "moto".into(),
            version: "5.1".into(),
            profile: "core".into(),
            seed: 7,
            at: "2026-01-01T00:00:00.000Z".into(),
            rules: Vec::new(),
            shard: None,
            cases: None,
            strict: false,
        },
        RunEvent::Case { plan: json!({"name": "used-token-1"}), record: case(), findings },
        RunEvent::Finished { elapsed_s: 1.25, cases: 1, cut: false },
    ]
}

fn scope() -> [&'static str; 5] {
    ["TOK-01", "TOK-02", "TOK-03", "TOK-04", "TOK-13"]
}

fn run() -> Run {
    events().into_iter().collect()
}

#[test]
fn report_json_has_the_promised_fields_and_counts_every_verdict() {
    let (run, known) = (run(), Known::new());
    let text = report::Json.render(&Report::new(&run, scope(), &known));
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["target"]["spec"], "http://127.0.0.1:4566");
    assert_eq!(
        report["summary"],
        json!({"holds": 2, "violated": 1, "vacuous": 1, "inconclusive": 1, "unsupported": 0})
    );
    let broken = report["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == "TOK-13").unwrap();
    assert_eq!(broken["verdict"], "violated");
    assert_eq!(broken["witness"]["plan"], "plans/TOK-13.a-check.json");
    assert_eq!(broken["witness"]["repro"], "repro/TOK-13.a-check.sh");
}

#[test]
fn a_violation_outside_the_scope_is_not_lost() {
    let (run, known) = (run(), Known::new());
    let report = Report::new(&run, ["TOK-01"], &known);
    assert_eq!(report.tally.violated, 1);
}

#[test]
fn a_violation_that_the_baseline_lists_is_no_failure_in_junit() {
    let run = run();
    let known = Known::from([(("TOK-13".into(), "a-check".into()), "moto#1".into())]);
    let listed = report::Junit.render(&Report::new(&run, ["TOK-13"], &known));
    assert!(listed.contains("skipped message=\"known: moto#1\""), "{listed}");
    let unlisted = report::Junit.render(&Report::new(&run, ["TOK-13"], &Known::new()));
    assert!(unlisted.contains("<failure message="), "{unlisted}");
}

#[test]
fn the_page_is_one_file_and_escapes_what_targets_say() {
    let (run, known) = (run(), Known::new());
    let page = report::Html.render(&Report::new(&run, scope(), &known));
    assert!(page.starts_with("<!doctype html>\n<html"), "{page}");
    assert!(page.contains("answered &lt;200&gt;") && !page.contains("answered <200>"));
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("<link"));
    assert!(page.contains("class=\"lane\""));
}

#[test]
fn the_terminal_has_no_escape_codes_without_colour() {
    let (run, known) = (run(), Known::new());
    let report = Report::new(&run, scope(), &known);
    let text = |palette| Text { palette, width: 80, directory: "out".into() }.render(&report);
    assert!(!text(Palette::Plain).contains('\u{1b}'));
    assert!(text(Palette::Colour).contains('\u{1b}'));
    assert!(text(Palette::Plain).contains("out/repro/TOK-13.a-check.sh"));
    assert!(text(Palette::Plain).lines().all(|line| line.chars().count() <= 110));
}

/// The script of the first finding of the run, changed.
fn script_of(change: impl FnOnce(&mut Finding)) -> String {
    let run = run();
    let exhibit = run.exhibits.values().next().cloned();
    exhibit.map_or_else(String::new, |mut exhibit| {
        change(&mut exhibit.finding);
        report::script(&run.header, None, &exhibit)
    })
}

#[test]
fn a_script_is_decided_by_the_answers_that_its_finding_rests_on() {
    let found = rules::judge(&case());
    let served = found.into_iter().find(|f| f.kind == FindingKind::Violated && f.rule == "TOK-18");
    let script = script_of(|finding| *finding = served.unwrap());
    let sent: Vec<&str> = script.lines().filter(|line| line.contains("AWSStepFunctions.SendTask")).collect();
    // Two answers show it; one is enough.
    let served = "raw done states AWSStepFunctions.SendTaskSuccess <<JSON";
    let refused = "raw InvalidToken states AWSStepFunctions.SendTaskSuccess <<JSON";
    assert_eq!(sent, [&format!("DECIDES=1 {served}"), served, refused], "{script}");
}

#[test]
fn a_finding_that_rests_on_no_single_answer_asks_for_all_of_them() {
    let script = script_of(|_| ());
    assert!(script.contains("\nDECIDES=1 raw InvalidToken states"), "{script}");
}

#[test]
fn where_no_answer_was_recorded_any_may_come_unless_the_rule_is_about_answers() {
    let noted = |rule: &str, seen: &str, recorded: &str| {
        let script = script_of(|finding| rule.clone_into(&mut finding.rule));
        let (before, from) = script.split_once("\nplain() {").unwrap();
        let functions = from.split_once("\n# call ").unwrap().0;
        let silence = before.lines().find(|line| line.starts_with("SILENCE_COUNTS")).unwrap_or_default();
        let folder = tempfile::tempdir().unwrap();
        let text = format!("{silence}\nplain() {{{functions}\nDECIDES=1 judge call '{seen}' '{recorded}'");
        let mut bash = std::process::Command::new("bash");
        bash.arg("-c").arg(text).env("WORK", folder.path());
        assert!(bash.output().unwrap().status.success());
        folder.path().join("different").exists()
    };
    assert!(!noted("TOK-13", "InvalidToken", "no answer"));
    assert!(noted("WIRE-06", "InvalidToken", "no answer"));
    assert!(noted("TOK-13", "InvalidToken", "done"));
    assert!(!noted("TOK-13", "done", "done"));
    assert!(!noted("SQS-20", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"));
}

#[test]
fn every_prefix_of_a_run_can_be_rendered() {
    let lines: Vec<String> = events().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    for length in 1..=lines.len() {
        let run: Run = read_events(&lines[..length].join("\n")).unwrap().into_iter().collect();
        let known = Known::new();
        let report = Report::new(&run, scope(), &known);
        assert!(FILES.iter().all(|format| !format.render(&report).is_empty()));
    }
}

#[test]
fn a_run_directory_holds_every_file_and_its_script_is_valid_bash() {
    let folder = tempfile::tempdir().unwrap();
    let (run, known) = (run(), Known::new());
    directory::write(folder.path(), &Report::new(&run, scope(), &known)).unwrap();
    for file in ["report.json", "junit.xml", "summary.md", "report.html", "issues/TOK-13.a-check.md"] {
        assert!(folder.path().join(file).is_file(), "{file} is missing");
    }
    let script = folder.path().join("repro/TOK-13.a-check.sh");
    let checked = std::process::Command::new("bash").arg("-n").arg(&script).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let text = std::fs::read_to_string(&script).unwrap();
    for expected in [
        "\"name\":\"${RUN}-m\"",
        "\"stateMachineArn\":\"${MACHINE_1}\"",
        "receive \"$QUEUE_1\"",
        "TOKEN_1=$(printf",
        "\"taskToken\":\"${TOKEN_1}\"",
        "it's \\$5",
        "raw InvalidToken states AWSStepFunctions.SendTaskSuccess",
        "pause 1.",
        "delete-state-machine",
    ] {
        assert!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
}

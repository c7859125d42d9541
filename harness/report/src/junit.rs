//! `junit.xml`: one test case a rule, so that CI systems show rules as tests. Only `holds` and known violations pass.

use std::fmt::Write;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use rules::Verdict;

use crate::render::Render;
use crate::verdicts::{Report, RuleLine};

/// `junit.xml`.
#[derive(Clone, Copy, Debug)]
pub struct Junit;

impl Render for Junit {
    fn file_name(&self) -> &'static str {
        "junit.xml"
    }

    fn render(&self, report: &Report<'_>) -> String {
        let run = report.run;
        let mut suite = TestSuite::new(run.header.target.clone());
        if let Some(elapsed) = run.ending.and_then(|e| Duration::try_from_secs_f64(e.elapsed_s).ok()) {
            suite.set_time(elapsed);
        }
        suite.add_property(("target", report.target_title().as_str()));
        suite.add_property(("seed", run.header.seed.to_string().as_str()));
        suite.add_property(("profile", run.header.profile.as_str()));
        suite.add_test_cases(report.rules.iter().map(|line| case(&run.header.target, line)));
        suite.add_test_cases(run.errors.iter().enumerate().map(|(at, error)| broken(at, error)));
        let mut document = Document::new("sfn-conformance");
        document.add_test_suite(suite);
        let mut text = document.to_string().unwrap_or_default();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

fn case(target: &str, line: &RuleLine<'_>) -> TestCase {
    let status = match &line.verdict {
        Verdict::Holds { .. } => TestCaseStatus::success(),
        Verdict::Violated { .. } if line.is_known() => {
            let mut skipped = TestCaseStatus::skipped();
            let reasons: Vec<&str> = line.accusations.iter().filter_map(|one| one.known).collect();
            skipped.set_message(format!("known: {}", reasons.join("; ")));
            skipped
        }
        Verdict::Violated { witness, .. } => {
            let mut failed = TestCaseStatus::non_success(NonSuccessKind::Failure);
            failed
                .set_type("violated")
                .set_message(witness.message.clone())
                .set_description(description(line));
            failed
        }
        Verdict::Unsupported { capability } => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_type("unsupported").set_message(format!("unsupported: {capability}"));
            skipped
        }
        Verdict::Vacuous { .. } | Verdict::Inconclusive { .. } if line.expected.is_some() => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(format!("known: {}", line.expected.unwrap_or_default()));
            skipped
        }
        // Few plans do not meet every rule; only what is core must be met in every run.
        Verdict::Vacuous { why } if !line.rule.core => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_type("vacuous").set_message(why.clone());
            skipped
        }
        Verdict::Vacuous { why } | Verdict::Inconclusive { why } => {
            let mut undecided = TestCaseStatus::non_success(NonSuccessKind::Error);
            undecided.set_type(line.verdict.word()).set_message(why.clone());
            undecided
        }
    };
    let name = format!("[{}] {} {}", line.rule.severity, line.rule.id, line.rule.title);
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("{target}.{}", line.rule.area()));
    case
}

fn description(line: &RuleLine<'_>) -> String {
    let mut text = format!("{}\n", line.rule.statement);
    for accusation in &line.accusations {
        let _ = write!(
            text,
            "\n{}: {}\n  plan  {}\n  repro {}\n",
            accusation.check,
            accusation.exhibit.finding.message,
            accusation.plan_path(),
            accusation.script_path()
        );
    }
    text
}

fn broken(at: usize, error: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("broken").set_message(error);
    let mut case = TestCase::new(format!("the run itself, error {}", at + 1), status);
    case.set_classname("sfn-conformance");
    case
}

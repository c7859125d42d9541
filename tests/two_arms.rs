//! The same plan on the region in process, in virtual time, and on the region over HTTP, on the machine's clock: the same
//! histories, but for names and times. One is what rules are proved on, the other what clients meet.

mod binary;
#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use binary::Served;
use engine::Options;
use record::symbolic;

#[test]
fn the_region_in_process_and_over_http_give_equal_histories() {
    let served = Served::start(&[]);
    let names = ["success", "failure", "timeout", "retry", "parallel", "map", "used-token"];
    for (at, name) in (1..).zip(names) {
        let plan: plan::Plan = embedded::stored_plan(name);
        let (inside, _) = embedded::replay("embedded", &plan, &Options::default());
        let options = Options { run_id: engine::RunId::new(at, 0), ..Options::default() };
        let (outside, _) = embedded::replay(&served.address, &plan, &options);
        let inside = symbolic::histories(&inside, false);
        assert!(inside.contains("ExecutionStarted"), "{name}: no history was read");
        assert_eq!(inside, symbolic::histories(&outside, false), "{name}");
    }
}

#[test]
fn both_wire_paths_are_answered_alike() {
    let served = Served::start(&[]);
    let plan = fixture_path("used-token");
    let played = |more: &[&str]| {
        let arguments = [&["replay", &plan, "--target", &served.address], more].concat();
        let ran = binary::sfn_conformance(&arguments);
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        let answers = ran.stdout.lines().filter(|line| line.contains("SendTask"));
        answers.map(|line| line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    let (sdk, raw) = (played(&[]), played(&["--raw"]));
    assert!(!sdk.is_empty());
    assert_eq!(sdk, raw);
}

fn fixture_path(name: &str) -> String {
    embedded::fixtures().join("plans").join(format!("{name}.json")).display().to_string()
}

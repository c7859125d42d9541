#!/usr/bin/env python3
"""Writes the baseline of a target out of several of its runs, with different seeds and without --baseline:

    for seed in 1 2 3 4 5; do
        cargo conformance run --target process:NAME --seed $seed --no-minimise --out target/runs/NAME-$seed
    done
    ci/baseline.py NAME target/runs/NAME-* >new && mv new fixtures/baselines/NAME.toml

The reason of an entry is what the run saw; reasons that the file has already are kept. What showed in some of the runs only
is marked as `sometimes`, and what the file calls so stays. Read it before it is committed: whatever is listed no longer fails a run.
"""

import json
import pathlib
import sys
import tomllib


ROOT = pathlib.Path(__file__).parent.parent


def core():
    """The ids of the rules that every run must decide."""
    newest = max((ROOT / "fixtures/requirements").glob("*.toml"))
    return set(tomllib.loads(newest.read_text())["rules"])


def entries(report, core):
    found = {}
    for rule in report["rules"]:
        for witness in rule.get("witnesses", []):
            found[rule["id"], witness["check"], "violated"] = witness["message"]
        if rule["id"] in core and rule["verdict"] in ("vacuous", "inconclusive"):
            found[rule["id"], "", rule["verdict"]] = rule.get("why", "")
    return found


def main(name, folders):
    path = ROOT / "fixtures/baselines" / f"{name}.toml"
    old = tomllib.loads(path.read_text()).get("entry", []) if path.is_file() and path.stat().st_size else []
    kept = {(e["rule"], e.get("check", ""), e["verdict"]): e["reason"] for e in old}
    moody = {(e["rule"], e.get("check", ""), e["verdict"]) for e in old if e.get("sometimes")}
    reports = [json.loads((pathlib.Path(folder) / "report.json").read_text()) for folder in folders]
    wanted = core()
    runs = [entries(report, wanted) for report in reports]
    seeds = ", ".join(sorted({str(report["seed"]) for report in reports}))
    date = max(report["started"] for report in reports)[:10]
    print(f"# What {name} does otherwise than AWS, by rule and check: smoke plans, seeds {seeds}, {len(reports)} runs, {date}.")
    print("# Every reason says what was seen; `sometimes` entries did not show in every run. A stale entry fails a run.")
    print(f"target = {json.dumps(reports[0]['target']['spec'])}\nversion = {json.dumps(reports[0]['target']['version'])}")
    for key in sorted(moody.union(*runs)):
        rule, check, verdict = key
        words = next((run[key] for run in runs if key in run), "")
        reason = kept.get(key) or " ".join(words.split())[:300] or verdict
        print(f"\n[[entry]]\nrule = {json.dumps(rule)}")
        if check:
            print(f"check = {json.dumps(check)}")
        print(f"verdict = {json.dumps(verdict)}\nreason = {json.dumps(reason, ensure_ascii=False)}")
        if key in moody or not all(key in run for run in runs):
            print("sometimes = true")


if len(sys.argv) < 3:
    sys.exit(__doc__)
main(sys.argv[1], sys.argv[2:])

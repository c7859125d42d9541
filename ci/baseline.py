#!/usr/bin/env python3
"""Writes the baseline of a target out of several of its runs, with different seeds and without --baseline:

    for seed in 1 2 3 4 5; do
        cargo conformance run --target process:NAME --seed $seed --no-minimise --out target/runs/NAME-$seed
    done
    ci/baseline.py NAME target/runs/NAME-* >new && mv new fixtures/baselines/NAME.toml

The reason of an entry is what the run saw; reasons that the file has already are kept. What showed in some of the runs only
is marked as `sometimes`, and what the file calls so stays. Read it before it is committed: whatever is listed no longer fails a run.

`ci/baseline.py --check NAME target/runs/NAME-*` writes nothing. It prints what the file and every one of these runs disagree on, and fails
if there is such a thing: a violation that is not listed, or an entry, not marked as `sometimes`, that never shows.
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


def listed(name):
    """The reasons of a baseline, and which of its entries are `sometimes`."""
    path = ROOT / "fixtures/baselines" / f"{name}.toml"
    old = tomllib.loads(path.read_text()).get("entry", []) if path.is_file() else []
    key = lambda entry: (entry["rule"], entry.get("check", ""), entry["verdict"])
    return {key(e): e["reason"] for e in old}, {key(e) for e in old if e.get("sometimes")}


def check(name, folders):
    """What the baseline and each of these runs disagree on."""
    kept, moody = listed(name)
    _, runs = read(folders)
    strange = set.intersection(*(set(run) - set(kept) for run in runs))
    stale = set.intersection(*(set(kept) - moody - set(run) for run in runs))
    for key in sorted(strange):
        print(f"not listed: {' '.join(key)}: {runs[0][key]}")
    for key in sorted(stale):
        print(f"listed, but it no longer shows: {' '.join(key)}: {kept[key]}")
    print(f"{name}: {len(strange) + len(stale)} deviations in every one of {len(runs)} runs")
    return 1 if strange or stale else 0


def read(folders):
    """The reports of runs, and their entries."""
    reports = [json.loads((pathlib.Path(folder) / "report.json").read_text()) for folder in folders]
    wanted = core()
    return reports, [entries(report, wanted) for report in reports]


def write(name, folders):
    kept, moody = listed(name)
    reports, runs = read(folders)
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


arguments = sys.argv[1:]
checking = arguments[:1] == ["--check"]
name, *folders = arguments[1:] if checking else arguments or [""]
if not folders:
    sys.exit(__doc__)
sys.exit(check(name, folders) if checking else write(name, folders))

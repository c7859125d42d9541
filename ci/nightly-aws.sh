#!/usr/bin/env bash
# The nightly run on AWS: bounded in dollars and in time, and nothing of it may be left. Wants SFN_CONFORMANCE_AWS=1, credentials, a
# region, and STATES_ROLE, the role of the state machines. What changed since the last run is told where RECORDINGS still
# holds that run.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${STATES_ROLE:?the ARN of the role that the state machines get}"
out=target/ci/aws
rm -rf "$out"
code=0
cargo conformance run --target aws --profile core --budget "${BUDGET:-1}" --time-budget 10m --role "$STATES_ROLE" \
  --out "$out" --record "${RECORDINGS:-target/ci/recordings}" --quiet || code=$?
# What this run made, and what runs left that must be over by now. Others may use the account at this moment.
left=(--older-than 2h)
[ ! -f "$out/ledger.jsonl" ] || left+=(--ledger "$out")
cargo conformance clean --target aws "${left[@]}" || [ "$code" != 0 ] || code=6
# For the log: what it lists may be in use.
cargo conformance doctor --target aws || true
exit "$code"

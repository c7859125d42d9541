#!/usr/bin/env bash
# The nightly run on AWS: bounded in dollars and in time, and nothing may be left after it. Wants SFN_CONFORMANCE_AWS=1,
# credentials, a region, and STATES_ROLE, the role of the state machines.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${STATES_ROLE:?the ARN of the role that the state machines get}"
code=0
cargo conformance run --target aws --profile core --budget "${BUDGET:-1}" --time-budget 10m --role "$STATES_ROLE" \
  --out target/ci/aws --record "${RECORDINGS:-target/ci/recordings}" --quiet || code=$?
cargo conformance clean --target aws || code=$?
cargo conformance doctor --target aws || code=$?
exit "$code"

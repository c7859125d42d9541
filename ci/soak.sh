#!/usr/bin/env bash
# New seeds on the embedded region until the time is up (MINUTES, 30 if not set). Ends at the first that finds something: its
# minimised plans are in target/ci/soak/plans, ready for fixtures/plans.
set -euo pipefail
cd "$(dirname "$0")/.."

until=$((SECONDS + ${MINUTES:-30} * 60))
seed=${SEED:-$(date +%s)}
seeds=0
while [ $SECONDS -lt $until ]; do
  cargo conformance run --profile core --strict --seed "$seed" --out target/ci/soak --quiet \
    || { echo "seed $seed: see target/ci/soak/summary.md" >&2; exit 1; }
  seed=$((seed + 1))
  seeds=$((seeds + 1))
done
echo "$seeds seeds, nothing found"

#!/usr/bin/env bash
# Installs emulators as processes and runs the smoke plans on each: `ci/emulator-runs.sh moto ministack localstack`.
# A run ends exactly as the baseline in fixtures/baselines says: nothing unlisted, nothing stale, nothing open. A busy machine can make a
# timer late: one that deviates is run again, three times in all, and fails where every run deviates in the same way. A run that
# does not come to an end always fails. Findings are in target/ci/NAME-RUN.
set -euo pipefail
cd "$(dirname "$0")/.."

run() {
  local name=$1 code=0 began=$SECONDS
  shift
  cargo conformance run "$@" || code=$?
  echo "$name: exit $code after $((SECONDS - began)) s"
  return "$code"
}

failed=()
for name in "$@"; do
  began=$SECONDS
  ci/emulators.sh "$name"
  echo "$name is installed after $((SECONDS - began)) s"
  options=(--target "process:$name" --quiet)
  baseline=fixtures/baselines/$name.toml
  [ ! -f "$baseline" ] || options+=(--baseline "$baseline")
  tries=()
  for try in 1 2 3; do
    tries+=("target/ci/$name-$try")
    code=0
    run "$name" "${options[@]}" --out "target/ci/$name-$try" || code=$?
    case $code in
      0) continue 2 ;;
      1 | 2 | 3) echo "$name deviates from its baseline, see target/ci/$name-$try/summary.md" ;;
      *) failed+=("$name") && continue 2 ;;
    esac
  done
  ci/baseline.py --check "$name" "${tries[@]}" || failed+=("$name")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "not as expected: ${failed[*]}" >&2
  exit 1
fi

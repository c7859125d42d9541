#!/usr/bin/env bash
# Installs emulators as processes and runs the smoke plans on each: `ci/emulator-runs.sh moto ministack localstack`.
# A run should end exactly as the baseline in fixtures/baselines says: nothing unlisted, nothing stale, nothing open. One that does not is
# run once more, since a busy machine can make a timer late. Baselines are drawn from few runs yet: one that deviates twice is printed, and
# fails only with STRICT_BASELINES=1. A run that does not come to an end always fails. Findings are in target/ci/NAME and NAME-again.
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
  run "$name" "${options[@]}" --out "target/ci/$name" && continue
  echo "$name deviates from its baseline, see target/ci/$name/summary.md; once more:"
  code=0
  run "$name" "${options[@]}" --out "target/ci/$name-again" || code=$?
  case $code in
    0) ;;
    1 | 2 | 3) [ -z "${STRICT_BASELINES:-}" ] || failed+=("$name") ;;
    *) failed+=("$name") ;;
  esac
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "not as expected: ${failed[*]}; see target/ci/NAME-again/summary.md" >&2
  exit 1
fi

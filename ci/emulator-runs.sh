#!/usr/bin/env bash
# Installs emulators as processes and runs the smoke plans on each: `ci/emulator-runs.sh moto ministack localstack`.
# The run must come to an end: its findings are in target/ci/NAME. With a baseline in fixtures/baselines it should fail exactly
# as that says; the baselines are drawn from few seeds yet, so a deviation is printed and fails only with STRICT_BASELINES=1.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=()
for name in "$@"; do
  began=$SECONDS
  ci/emulators.sh "$name"
  echo "$name is installed after $((SECONDS - began)) s"
  options=(--target "process:$name" --out "target/ci/$name" --quiet)
  baseline=fixtures/baselines/$name.toml
  [ ! -f "$baseline" ] || options+=(--baseline "$baseline")
  code=0
  began=$SECONDS
  cargo conformance run "${options[@]}" || code=$?
  echo "$name: exit $code after $((SECONDS - began)) s"
  case $code in
    0) ;;
    1 | 2 | 3)
      echo "$name deviates from its baseline: see target/ci/$name/summary.md"
      [ -z "${STRICT_BASELINES:-}" ] || failed+=("$name")
      ;;
    *) failed+=("$name") ;;
  esac
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "not as expected: ${failed[*]}; see target/ci/NAME/summary.md" >&2
  exit 1
fi

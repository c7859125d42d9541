#!/usr/bin/env bash
# The container path: builds an image of an emulator without a registry and runs the smoke plans on it, stops runs in the middle,
# and looks for containers that were left. `ci/container-run.sh localstack`.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1

if ! docker info >/dev/null 2>&1; then
  echo "skipped: no container engine answers here"
  exit 0
fi
before=$(docker ps --all --quiet | sort)
image=$(ci/image.sh "$name" | tail -n 1)
options=(--target "docker:$name=$image" --out "target/ci/docker-$name" --quiet)
baseline=fixtures/baselines/$name.toml
[ ! -f "$baseline" ] || options+=(--baseline "$baseline")
code=0
cargo conformance run "${options[@]}" || code=$?
# ci/emulator-runs.sh holds the emulator to its baseline; here a deviation is only printed, since an image may hold another version.
case $code in
  0 | 1 | 2 | 3) echo "$name in a container: exit $code" ;;
  *) exit "$code" ;;
esac
ci/container-stop.sh "$name" "$image"
after=$(docker ps --all --quiet | sort)
if [ "$before" != "$after" ]; then
  echo "a container was left running: $(comm -13 <(echo "$before") <(echo "$after"))" >&2
  exit 1
fi

#!/usr/bin/env bash
# However a run in a container ends, no container is left: after Ctrl-C none, after kill -9 none once `clean` has run.
# `ci/container-stop.sh moto IMAGE`; ci/container-run.sh calls it with the image that it has built.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1 image=$2
out=target/ci/docker-$name-stopped
target=docker:$name=$image

cargo build --quiet
tool=${CARGO_TARGET_DIR:-target}/debug/sfn-conformance
run=
trap '[ -z "$run" ] || kill -KILL "$run" 2>/dev/null || true' EXIT

containers() { docker ps --all --quiet --filter label=sfn-conformance.owner --filter "ancestor=$image"; }

# Begins a run and waits until a few of its plans have been judged, at most five minutes; its process is then $run.
begin() {
  rm -rf "$out"
  "$tool" run --target "$target" --out "$out" --jobs 2 --quiet 2>/dev/null &
  run=$!
  local deadline=$((SECONDS + 300))
  until [ "$(grep --count '"event":"case"' "$out/run.jsonl" 2>/dev/null)" -ge 3 ] 2>/dev/null; do
    kill -0 "$run" || { echo "the run on $target ended before it could be stopped" >&2; exit 1; }
    [ $SECONDS -lt $deadline ] || { echo "no three plans were judged on $target within five minutes" >&2; exit 1; }
    sleep 0.2
  done
}

nothing_left_after() {
  local left
  left=$(containers)
  [ -z "$left" ] || { echo "left after $1: $left" >&2; exit 1; }
  echo "$name: no container is left after $1"
}

begin
kill -INT "$run"
wait "$run" || true
run=
nothing_left_after "Ctrl-C"

begin
kill -KILL "$run"
wait "$run" 2>/dev/null || true
run=
[ -n "$(containers)" ] || { echo "kill -9 left no container, so nothing is shown" >&2; exit 1; }
"$tool" clean --target "$target" >/dev/null
nothing_left_after "kill -9 and clean"

#!/usr/bin/env bash
# A client that nobody here wrote drives the sample: boto3 against the embedded region over HTTP.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=target/ci/boto3-venv
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check 'boto3>=1.40,<2'
fi
cargo build --quiet --bin sfn-conformance
log=$(mktemp)
"${CARGO_TARGET_DIR:-target}/debug/sfn-conformance" serve >"$log" &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -f "$log"' EXIT
for _ in $(seq 100); do
  address=$(sed -n 's/^listening on //p' "$log")
  [ -z "$address" ] || break
  sleep 0.1
done
[ -n "$address" ] || { echo "serve did not start" >&2; exit 1; }
"$venv/bin/python" ci/boto3_sample.py "$address"

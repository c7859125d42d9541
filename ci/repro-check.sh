#!/usr/bin/env bash
# Keeps the README's promise honest: `ci/repro-check.sh moto|ministack|localstack [RUNS]` starts an emulator, runs the smoke plans on it
# and then every script of the run on the same emulator. A script that exits 0 showed what the report says; races may need
# several tries, so one that did not is run again, RUNS times in all (3). Fails if a script never showed it.
#
# What each script printed is in target/repro/NAME. The `aws` command line is taken from the PATH, or installed under target/.
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:?usage: ci/repro-check.sh moto|ministack|localstack [RUNS]}
export RUNS=${2:-3}
out=target/repro/$name
rm -rf "$out" && mkdir -p "$out/scripts"

if ! command -v aws >/dev/null; then
  [ -x target/awscli/bin/aws ] || { python3 -m venv target/awscli && target/awscli/bin/pip install --quiet awscli; }
  PATH=$PWD/target/awscli/bin:$PATH
fi

ci/emulators.sh "$name"
home=${SFN_CONFORMANCE_EMULATORS:-target/emulators}/$name/bin
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
endpoint=http://127.0.0.1:$port
health=$endpoint/_localstack/health
case $name in
  moto)
    health=$endpoint/moto-api/data.json
    setsid "$home/moto_server" -H 127.0.0.1 -p "$port" >"$out/emulator.log" 2>&1 &
    ;;
  ministack)
    BIND_HOST=127.0.0.1 GATEWAY_PORT=$port LAMBDA_EXECUTOR=local setsid "$home/ministack" >"$out/emulator.log" 2>&1 &
    ;;
  localstack)
    GATEWAY_SERVER=hypercorn GATEWAY_LISTEN=127.0.0.1:$port SERVICES=stepfunctions,sqs,sns,iam,sts,lambda,cloudformation,logs \
      EAGER_SERVICE_LOADING=0 SKIP_SSL_CERT_DOWNLOAD=1 DISABLE_EVENTS=1 DNS_ADDRESS=0 FILESYSTEM_ROOT=$PWD/$out/volume \
      setsid "$home/python" -m localstack.runtime.main >"$out/emulator.log" 2>&1 &
    ;;
  *) echo "no recipe for $name; one of moto, ministack, localstack" >&2 && exit 2 ;;
esac
emulator=$!
# Its workers are in its group.
trap 'kill -TERM -- -"$emulator" 2>/dev/null || true; sleep 1; kill -KILL -- -"$emulator" 2>/dev/null || true' EXIT
for _ in $(seq 120); do
  if curl -fsS -o /dev/null "$health" 2>/dev/null; then break; fi
  sleep 0.5
done
if [ "$name" = moto ]; then
  curl -fsS -o /dev/null -H 'Content-Type: application/json' "$endpoint/moto-api/config" \
    -d '{"stepfunctions": {"execute_state_machine": true}, "lambda": {"use_docker": false}}'
fi

code=0
cargo conformance run --target "$endpoint" --out "$out/run" --quiet || code=$?
[ "$code" -le 3 ] || exit "$code"

# try SCRIPT OUT: 0 as soon as the script shows what it should.
try() {
  local log=$2/scripts/$(basename "$1").log run
  for run in $(seq "$RUNS"); do
    if timeout 120 bash "$1" >"$log" 2>&1; then
      echo "shown in run $run of $RUNS: $(basename "$1")"
      return
    fi
  done
  echo "not shown: $(basename "$1"): $(grep -m 1 'recorded:' "$log" || tail -n 1 "$log")"
}
export -f try
find "$out/run/repro" -name '*.sh' | sort | xargs -P "${JOBS:-4}" -I '{}' bash -c 'try "$1" "$2"' _ '{}' "$out" | tee "$out/result.txt"
echo "$name: $(grep -c '^shown' "$out/result.txt" || true) of $(wc -l <"$out/result.txt") scripts show what the report says"
! grep -q '^not shown' "$out/result.txt"

#!/usr/bin/env bash
# Keeps the README's promise honest: `ci/repro-check.sh moto|ministack|localstack [RUNS]` runs the smoke plans on an emulator and
# then every script of the run: on the same emulator, and where that does not show it on a fresh one, for some answers depend on what
# others have left behind. A script that exits 0 showed what the report says; races may need several tries, so one that did not
# is run again, RUNS times in all (3). Fails if a script never showed it.
#
# What each script printed is in target/repro/NAME. With ONLY=REGEX only scripts whose name matches are tried. The `aws`
# command line is taken from the PATH, or installed under target/.
set -euo pipefail
cd "$(dirname "$0")/.."

export NAME=${1:?usage: ci/repro-check.sh moto|ministack|localstack [RUNS]}
export RUNS=${2:-3} OUT=$PWD/target/repro/$NAME
export BIN=${SFN_CONFORMANCE_EMULATORS:-$PWD/target/emulators}/$NAME/bin
case $NAME in moto | ministack) jobs=3 ;; localstack) jobs=2 ;; *) echo "no recipe for $NAME; one of moto, ministack, localstack" >&2 && exit 2 ;; esac
rm -rf "$OUT" && mkdir -p "$OUT/scripts"

if ! command -v aws >/dev/null; then
  [ -x target/awscli/bin/aws ] || { python3 -m venv target/awscli && target/awscli/bin/pip install --quiet --disable-pip-version-check 'awscli==1.45.11'; }
  PATH=$PWD/target/awscli/bin:$PATH
fi
ci/emulators.sh "$NAME"

# start LOG: an emulator on a free port, ready to answer; sets endpoint and emulator, the leader of its process group. Fails where it
# does not answer within a minute. The settings are those of harness/targets/src/process/recipe.rs.
start() {
  local port health
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  endpoint=http://127.0.0.1:$port health=$endpoint/_localstack/health
  case $NAME in
    moto)
      health=$endpoint/moto-api/data.json
      setsid "$BIN/moto_server" -H 127.0.0.1 -p "$port" >"$1" 2>&1 &
      ;;
    ministack)
      BIND_HOST=127.0.0.1 GATEWAY_PORT=$port LAMBDA_EXECUTOR=local setsid "$BIN/ministack" >"$1" 2>&1 &
      ;;
    localstack)
      GATEWAY_SERVER=hypercorn GATEWAY_LISTEN=127.0.0.1:$port EAGER_SERVICE_LOADING=0 DISABLE_EVENTS=1 DNS_ADDRESS=0 \
        SERVICES=stepfunctions,sqs,sns,iam,sts,lambda,events,cloudformation,logs SKIP_SSL_CERT_DOWNLOAD=1 FILESYSTEM_ROOT=$1.volume \
        setsid "$BIN/python" -m localstack.runtime.main >"$1" 2>&1 &
      ;;
  esac
  emulator=$!
  local deadline=$((SECONDS + 60))
  until curl -fsS -m 5 -o /dev/null "$health" 2>/dev/null; do
    if [ $SECONDS -ge $deadline ] || ! kill -0 "$emulator" 2>/dev/null; then
      echo "$NAME does not answer, see $1" >&2
      stop
      return 1
    fi
    sleep 0.25
  done
  if [ "$NAME" = moto ]; then
    curl -fsS -o /dev/null -H 'Content-Type: application/json' "$endpoint/moto-api/config" \
      -d '{"stepfunctions": {"execute_state_machine": true}, "lambda": {"use_docker": false}}'
  fi
}

stop() {
  [ -n "${emulator:-}" ] || return 0
  kill -TERM -- -"$emulator" 2>/dev/null || true
  sleep 0.5
  kill -KILL -- -"$emulator" 2>/dev/null || true
}

# try SCRIPT: says whether the script shows what it should, and how soon.
try() {
  local script log run code endpoint emulator
  script=$(basename "$1") log=$OUT/scripts/$(basename "$1").log
  for run in $(seq "$RUNS"); do
    code=0 endpoint=$SHARED
    if [ $((run % 2)) = 0 ] && ! start "$log.emulator"; then
      echo "no emulator: $NAME did not start" >"$log"
      continue
    fi
    timeout 150 bash "$1" "$endpoint" >"$log" 2>&1 || code=$?
    [ $((run % 2)) = 1 ] || stop
    if [ "$code" = 0 ]; then
      echo "shown in run $run of $RUNS: $script"
      return
    fi
  done
  echo "not shown: $script: $(grep -m 1 'recorded:' "$log" || tail -n 1 "$log")"
}
export -f start stop try

emulator=
trap stop EXIT
start "$OUT/emulator.log"
code=0
cargo conformance run --target "$endpoint" --out "$OUT/run" --quiet || code=$?
export SHARED=$endpoint
[ "$code" -le 3 ] || exit "$code"

find "$OUT/run/repro" -name '*.sh' | { grep -E "${ONLY:-.}" || true; } | sort | xargs -P "${JOBS:-$jobs}" -I '{}' bash -c 'try "$1"' _ '{}' | tee "$OUT/result.txt"
echo "$NAME: $(grep -c '^shown' "$OUT/result.txt" || true) of $(wc -l <"$OUT/result.txt") scripts show what the report says"
! grep -q '^not shown' "$OUT/result.txt"

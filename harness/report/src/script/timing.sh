
[ -n "${EPOCHREALTIME:-}" ] || { echo 'this script needs bash 5' >&2; exit 2; }

# mark: notes the time.
mark() { MARK=${EPOCHREALTIME/[.,]/}; }

# pause SECONDS: waits until so long after the mark.
pause() {
  local now=${EPOCHREALTIME/[.,]/}
  local left=$(($(printf '%.0f' "${1/./}00000") - (now - MARK)))
  [ "$left" -le 0 ] || sleep "$(printf '%d.%06d' $((left / 1000000)) $((left % 1000000)))"
}

set -u
command -v aws >/dev/null || { echo 'This script needs the aws command line.' >&2; exit 2; }

export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-test} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-test}
export AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-us-east-1} AWS_MAX_ATTEMPTS=1 AWS_PAGER=
ROLE=${ROLE:-arn:aws:iam::000000000000:role/sfn-conformance}
RUN=r$$
WORK=$(mktemp -d)

# plain CODE: a code of an error as the model of the service names it; the command line knows those of the old query protocol.
plain() {
  case ${1##*.} in
    NonExistentQueue) echo QueueDoesNotExist ;;
    QueueAlreadyExists) echo QueueNameExists ;;
    *) echo "${1##*.}" ;;
  esac
}

# judge NAME SEEN RECORDED: prints an answer, and notes where it is not the recorded one and DECIDES is set.
judge() {
  if [ "$(plain "$2")" = "$(plain "$3")" ]; then
    printf '%-44s %s\n' "$1" "$2"
  else
    printf '%-44s %s (recorded: %s)\n' "$1" "$2" "$3"
    # Where no answer came, any may come, unless silence is what the script is about.
    [ "$3" = 'no answer' ] && [ -z "${SILENCE_COUNTS:-}" ] || [ -z "${DECIDES:-}" ] || echo "$1" >>"$WORK/different"
  fi
}

# call RECORDED SERVICE OPERATION [JMESPATH] <JSON: one call; OUT is its output.
call() {
  local seen=done input=$WORK/input.$BASHPID error=$WORK/error.$BASHPID
  cat >"$input"
  if ! OUT=$(aws --endpoint-url "$ENDPOINT" "$2" "$3" --cli-input-json "file://$input" \
    --query "${4:-@}" --output text 2>"$error"); then
    seen=$(sed -n 's/.*An error occurred (\([A-Za-z0-9.]*\)).*/\1/p' "$error")
    # An error without a code is named after its HTTP status.
    case $seen in '' | [0-9]*) seen='no answer'; cat "$error" ;; esac
  fi
  judge "$3" "$seen" "$1"
}

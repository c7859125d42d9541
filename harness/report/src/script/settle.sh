
# settle EXECUTION_ARN: waits until the execution is over, at most two minutes.
settle() {
  local i
  for i in $(seq 240); do
    [ "$(aws --endpoint-url "$ENDPOINT" stepfunctions describe-execution --execution-arn "$1" \
      --query status --output text)" = RUNNING ] || return 0
    sleep 0.5
  done
}

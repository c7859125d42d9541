
# settle EXECUTION_ARN: waits until the execution is over, at most two minutes.
settle() {
  local until=$((SECONDS + 120))
  while [ $SECONDS -lt $until ] && [ "$(aws --endpoint-url "$ENDPOINT" stepfunctions describe-execution \
    --execution-arn "$1" --query status --output text)" = RUNNING ]; do
    sleep 0.3
  done
}

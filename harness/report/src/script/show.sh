
# show EXECUTION_ARN EVENT: prints the event that the finding is about.
show() {
  aws --endpoint-url "$ENDPOINT" stepfunctions get-execution-history --execution-arn "$1" --query "events[?id==\`$2\`]" --output json
}

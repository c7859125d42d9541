
# receive QUEUE_URL [SECONDS]: waits for one message, at most a minute, and hides it for so long; OUT is its receipt handle, a tab
# and its body.
receive() {
  local until=$((SECONDS + 60))
  while [ $SECONDS -lt $until ]; do
    OUT=$(aws --endpoint-url "$ENDPOINT" sqs receive-message --queue-url "$1" --wait-time-seconds 1 \
      --max-number-of-messages 1 ${2:+--visibility-timeout "$2"} --query 'Messages[0].[ReceiptHandle,Body]' --output text) || sleep 1
    case $OUT in
      None* | '') ;;
      *) judge receive-message 'one message' 'one message'; return ;;
    esac
  done
  DECIDES=1 judge receive-message 'no message in a minute' 'one message'
}

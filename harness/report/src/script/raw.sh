
# raw RECORDED SERVICE TARGET [MEMBER] <BODY: one request as it stands, signed by curl; OUT is that member of the answer.
raw() {
  local status seen body=$WORK/body.$BASHPID
  status=$(curl -sS -o "$body" -w '%{http_code}' --data-binary @- \
    --aws-sigv4 "aws:amz:$AWS_DEFAULT_REGION:$2" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
    ${AWS_SESSION_TOKEN:+-H "X-Amz-Security-Token: $AWS_SESSION_TOKEN"} \
    -H 'Content-Type: application/x-amz-json-1.0' -H "X-Amz-Target: $3" "$ENDPOINT")
  case $status in
    2*) seen=done ;;
    *) seen=$(sed -n 's/.*"__type" *: *"\([^"#]*#\)\{0,1\}\([A-Za-z.]*\).*/\2/p' "$body") ;;
  esac
  case ${4:-} in
    '') ;;
    # Of a history the types of its events; what is text within it has its quotes escaped.
    events*) OUT=$(grep -o '"type" *: *"[A-Za-z]*"' "$body" | cut -d '"' -f 4) ;;
    *) OUT=$(sed -n 's/.*"'"$4"'" *: *"\([^"]*\)".*/\1/p' "$body") ;;
  esac
  judge "$3" "${seen:-no answer}" "$1"
}


# same_token SEEN KNOWN: whether a message brought a token that an earlier one had brought; neither is printed.
same_token() {
  if [ "$1" = "$2" ]; then judge '  token' 'as before' 'as before'; else judge '  token' 'another' 'as before'; fi
}

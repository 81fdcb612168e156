# Prints every decision on an account, as soon as it is another one. curl waits longer than the gate holds.
epoch= last=
while true; do
  answer=$(curl --silent --fail --max-time 40 -H "Authorization: Bearer $KEY" \
    "$URL/api/workspaces/$WORKSPACE/quality/gate?accountId=$ACCOUNT${epoch:+&waitEpoch=$epoch}") \
    || { epoch=; sleep 1; continue; }
  epoch=$(echo "$answer" | sed 's/.*"epoch":\([0-9]*\).*/\1/')
  decision=$(echo "$answer" | sed 's/.*"decision":"\([a-z]*\)".*/\1/')
  [ "$decision" = "$last" ] || echo "$decision"
  last=$decision
done

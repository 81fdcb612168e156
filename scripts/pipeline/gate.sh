# Whether the AI may answer: prints "proceed" or "pause". With WHEN_UNREACHABLE=proceed it fails open,
# with WHEN_UNREACHABLE=pause closed.
decision=$(curl --silent --fail --max-time 0.5 -H "Authorization: Bearer $KEY" \
  "$URL/api/workspaces/$WORKSPACE/quality/gate?accountId=$ACCOUNT" \
  | sed -n 's/.*"decision":"\([a-z]*\)".*/\1/p')
echo "${decision:-$WHEN_UNREACHABLE}"

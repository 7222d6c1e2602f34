What the settings are, and where each comes from.

  $ export ANTHROPIC_API_KEY=sk-ant-a-secret
  $ msgcli doctor --offline --timeout 5m | grep -v ' default$' | sed 's/  */ /g'
  setting value from
  base-url http://127.0.0.1:\d+ ANTHROPIC_BASE_URL (re)
  timeout 5m --timeout
  key x-api-key ANTHROPIC_API_KEY
  $ msgcli doctor --offline -f json | jq -c '.settings[0], .features, .status'
  {"name":"model","value":"claude-sonnet-4-6","source":"default"}
  []
  0

Which parts of the format the endpoint answers.

  $ msgcli doctor | sed '1,/^$/d' | awk '{ print $1, $2 }'
  msgcli: doctor: 10 requests to 127.0.0.1:\d+; 7 of them cost a few tokens, and together they generate 101 at most (re)
  feature works
  messages yes
  stream yes
  system yes
  tools yes
  schema yes
  images yes
  count_tokens yes
  models yes
  batches (yes|no) (re)
  x-api-key yes
  bearer yes

The status says whether `create` would work.

  $ msgcli doctor -q --base-url http://127.0.0.1:1 >found
  msgcli: 127.0.0.1:1: connection refused
  [7]
  $ sed 's/  */ /g' found | tail -11 | head -2
  messages ? 127.0.0.1:1: connection refused
  stream ? not tried
  $ msgcli doctor --offline --base-url http://gateway.example >/dev/null
  msgcli: http://gateway.example: the key would be sent unencrypted; --allow-http sends it all the same
  [4]
  $ unset ANTHROPIC_API_KEY; msgcli doctor --offline --base-url https://gateway.example >/dev/null
  msgcli: no key; set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN, or give --api-key-file FILE
  [4]

`create` is `build | post | decode` in one process.

  $ echo 'Hello, world' >hello
  $ msgcli build hello
  {"model":"claude-sonnet-4-6","max_tokens":16384,"messages":[{"role":"user","content":"Hello, world\n"}],"stream":true}
  $ msgcli build hello | msgcli post | msgcli decode
  Hello, world

`build` needs no key and no network.

  $ env -i PATH="$PATH" msgcli build --no-stream -m some-model -n 5 -s 'Be brief.' --stop END --temperature 0 hello
  {"model":"some-model","max_tokens":5,"system":"Be brief.","stop_sequences":["END"],"temperature":0.0,"messages":[{"role":"user","content":"Hello, world\n"}]}
  $ msgcli build -s one --system-file hello -s two hello | jq -c .system
  [{"type":"text","text":"one"},{"type":"text","text":"Hello, world\n"},{"type":"text","text":"two"}]
  $ msgcli build --thinking adaptive --effort low --user-id u --service-tier auto --top-k 3 hello | jq -c 'del(.model,.max_tokens,.messages,.stream)'
  {"top_k":3,"service_tier":"auto","thinking":{"type":"adaptive"},"output_config":{"effort":"low"},"metadata":{"user_id":"u"}}
  $ msgcli build --thinking 2048 hello | jq -c .thinking
  {"type":"enabled","budget_tokens":2048}
  $ msgcli build --thinking much hello
  msgcli: --thinking: 'much' is not adaptive, disabled or a number of tokens
  [2]

Cache marks.

  $ msgcli build -s S --cache-control system --cache-control prompt --cache-ttl 1h hello | jq -c '.system, .messages[0].content'
  [{"type":"text","text":"S","cache_control":{"type":"ephemeral","ttl":"1h"}}]
  [{"type":"text","text":"Hello, world\n","cache_control":{"type":"ephemeral","ttl":"1h"}}]
  $ msgcli build --cache-control auto hello | jq -c .cache_control
  {"type":"ephemeral"}
  $ msgcli build --cache-control system hello
  msgcli: --cache-control system: the request has no system
  [2]
  $ msgcli build --cache-control tools hello
  msgcli: --cache-control tools: the request has no tools
  [2]
  $ msgcli build --cache-ttl 1h hello
  msgcli: --cache-ttl: there is no --cache-control that it is for
  [2]

A whole body to start from. Flags override its fields, --set comes last.

  $ msgcli build --prefill '{' -m other hello >body
  $ msgcli build --body body -m third --set max_tokens=7 --set metadata.user_id='"u"' --set messages.0.content='"Hi"' | jq -c .
  {"model":"third","max_tokens":7,"stream":true,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"{"}],"metadata":{"user_id":"u"}}
  $ MSGCLI_MODEL=environment msgcli build --body body | jq -r .model
  other
  $ echo more | msgcli build --body body - | jq -c '[.messages[].role]'
  ["user","assistant","user"]
  $ msgcli build --body - hello <body | jq -c '[.messages[].role]'
  ["user","assistant","user"]
  $ msgcli build --body body --no-stream | jq -c 'has("stream")'
  false
  $ printf '{"a":1,\n"a":2}' | msgcli build --body -
  msgcli: --body: standard input: line 2: the key "a" stands twice
  [3]
  $ printf '{"a":\nNaN}' | msgcli build --body -
  msgcli: --body: standard input: line 2: NaN is not JSON
  [3]
  $ printf '[]' | msgcli build --body -
  msgcli: --body: standard input: not a JSON object
  [3]
  $ msgcli build --set messages.7.content=1 hello
  msgcli: --set: messages.7.content: there is no such place in the body
  [2]

`post` sends what it is given, and writes what came; errors go to stderr.

  $ msgcli build --no-stream hello | msgcli post | jq -j .content[0].text
  Hello, world
  $ echo '{"model":"m","max_tokens":9,"messages":[]}' | msgcli post
  msgcli: 127.0.0.1:\d+: invalid_request_error: .* \(HTTP 400, request req_\w+\) (re)
  [5]
  $ echo '[1]' | msgcli post
  msgcli: standard input: not a JSON object
  [3]
  $ echo '{"a":' | msgcli post
  msgcli: standard input: line 2: expecting value (column 1)
  [3]

`decode` tells JSON from an event stream by its content, and what it says from what came.

  $ msgcli build hello | msgcli post >reply.sse; msgcli decode <reply.sse
  Hello, world
  $ msgcli decode -f json reply.sse | msgcli decode
  Hello, world
  $ cmp reply.sse <(msgcli decode -f sse reply.sse)
  $ msgcli decode --blocks text reply.sse
  {"type":"text","text":"Hello, world\n"}
  $ msgcli decode -f text --blocks text reply.sse
  msgcli: --blocks: -f is given too
  [2]
  $ head -c 900 reply.sse | msgcli decode -f json
  msgcli: standard input: the reply ended before it was complete
  [8]
  $ echo '<html>' | msgcli decode
  msgcli: standard input: the reply is neither JSON nor an event stream: <html>
  [8]
  $ msgcli decode </dev/null
  msgcli: standard input: the reply is empty
  [8]
  $ echo '{"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}}' | msgcli decode
  msgcli: standard input: rate_limit_error: Slow down
  [6]
  $ msgcli decode nothing-here
  msgcli: nothing-here: no such file or directory
  [3]

Any stage works with other people's tools.

  $ msgcli build hello | curl -s "$ANTHROPIC_BASE_URL/v1/messages" -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' -d @- | msgcli decode
  Hello, world
  $ msgcli build hello | jq -c '.messages[0].content |= ascii_upcase' | msgcli post | msgcli decode
  HELLO, WORLD
  $ msgcli build --curl -p "It's" hello
  curl https://api.anthropic.com/v1/messages \
    -H "x-api-key: $ANTHROPIC_API_KEY" \
    -H 'anthropic-version: 2023-06-01' \
    -H 'content-type: application/json' \
    --data-binary '{"model":"claude-sonnet-4-6","max_tokens":16384,"messages":[{"role":"user","content":"It'"'"'s\n\nHello, world\n"}],"stream":true}'

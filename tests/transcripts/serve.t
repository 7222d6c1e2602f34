`serve -- COMMAND` runs a script against an endpoint that repeats the prompt, and ends as it does.

  $ echo 'Hello, world' >hello
  $ msgcli serve -- msgcli create hello
  Hello, world
  $ msgcli serve -- sh -c 'exit 7'
  [7]
  $ msgcli serve -- sh -c 'kill -PIPE $$'
  [141]
  $ msgcli serve -- no-such-command
  msgcli: serve: no-such-command: command not found
  [127]
  $ msgcli serve -- ./hello
  msgcli: serve: ./hello: permission denied
  [126]
  $ msgcli serve -- sh -c 'echo $ANTHROPIC_BASE_URL $ANTHROPIC_API_KEY'
  http://127.0.0.1:\d+ sk-ant-local-endpoint (re)
  $ printf 'in\n' | msgcli serve -- cat
  in

Without a command it writes its base URL, and answers until a signal comes.

  $ msgcli serve >url & server=$!
  $ until [ -s url ]; do sleep 0.05; done; cat url
  http://127.0.0.1:\d+ (re)
  $ ask() { curl -s -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' "$@"; }
  $ ask "$(cat url)/v1/models/claude-opus-4-6" | jq .max_tokens
  128000
  $ ask "$(cat url)/v1/messages" -d '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"Hello"}]}' | jq -c '[.content,.stop_reason]'
  [[{"type":"text","text":"Hell"}],"max_tokens"]
  $ ask "$(cat url)/v1/messages" -d '{"model":"m"}' | jq -r .error.message
  max_tokens: Field required
  $ curl -s "$(cat url)/v1/complete" | jq -c .error
  {"type":"not_found_error","message":"not found: /v1/complete"}
  $ kill $server; wait $server 2>/dev/null
  [143]

The address and the port can be chosen, and each event can be given its time.

  $ msgcli serve --host localhost -- sh -c 'echo $ANTHROPIC_BASE_URL; msgcli create hello'
  http://(127.0.0.1|\[::1\]):\d+ (re)
  Hello, world
  $ msgcli serve -- sh -c 'msgcli serve --port ${ANTHROPIC_BASE_URL##*:} -- true'
  msgcli: serve: 127.0.0.1:\d+: address already in use (re)
  [1]
  $ msgcli serve --delay 20ms -- msgcli create hello
  Hello, world

Canned replies: the first whose pattern is found in the prompt.

  $ cat >replies.json <<'END'
  > [
  >   {"match": "(?i)weather", "content": [
  >     {"type": "tool_use", "name": "weather", "input": {"city": "Oslo"}}
  >   ]},
  >   {"match": "limit", "error": {"status": 403, "message": "Not for you"}},
  >   {"match": "once", "text": "First.", "times": 1},
  >   {"text": "You said: $prompt"}
  > ]
  > END
  $ msgcli serve --replies replies.json -- msgcli create -p once --no-stdin
  First.
  $ msgcli serve --replies replies.json -- sh -c 'for i in 1 2; do msgcli create -p once --no-stdin; done'
  First.
  You said: once
  $ msgcli serve --replies replies.json -- msgcli create -p 'no limit' --no-stdin
  msgcli: 127.0.0.1:\d+: permission_error: Not for you \(HTTP 403, request req_\w+\) (re)
  [4]
  $ msgcli serve --replies replies.json -- sh -c '
  >   msgcli build -p Weather? --no-stdin | msgcli post |
  >   msgcli decode --accept tool_use --blocks tool_use | jq -c .input'
  {"city":"Oslo"}
  $ echo '[{"txt":""}]' | msgcli serve --replies - -- true
  msgcli: standard input: 0.txt: Extra inputs are not permitted
  [3]

Faults, one after the other, each for its number of replies.

  $ msgcli serve --fault 529:1 -- msgcli create -q hello
  Hello, world
  $ msgcli serve --fault 429-ms:2 -- msgcli create hello
  msgcli: 127.0.0.1:\d+: rate_limit_error: .*; retrying in \d+ms \(1 of 4\) (re)
  msgcli: 127.0.0.1:\d+: rate_limit_error: .*; retrying in \d+ms \(2 of 4\) (re)
  Hello, world
  $ msgcli serve --fault 500:1 --fault 529:1 -- sh -c 'for i in 1 2 3; do msgcli create --retries 0 hello; done'
  msgcli: 127.0.0.1:\d+: api_error: .* (re)
  msgcli: 127.0.0.1:\d+: overloaded_error: .* (re)
  Hello, world
  $ msgcli serve --fault not-json -- msgcli create --retries 0 hello
  msgcli: 127.0.0.1:\d+: .* (re)
  [8]
  $ msgcli serve --fault cut -- msgcli create -o answer hello
  msgcli: 127.0.0.1:\d+: .* (re)
  [8]
  $ msgcli serve --fault stall -- msgcli create --idle-timeout 200ms -f json hello
  msgcli: 127.0.0.1:\d+: .* (re)
  [15]
  $ msgcli serve --fault sunshine -- true
  msgcli: --fault: sunshine: no such fault; there are 400 to 599, .* (re)
  [2]

The log: what a program really sends, its key left out.

  $ msgcli serve --log requests -- msgcli create -m my-model -n 100 hello
  Hello, world
  $ jq -c '[.method, .path, .status, .headers["x-api-key"], .body.model, .body.max_tokens]' requests
  ["POST","/v1/messages",200,"***","my-model",100]
  $ msgcli serve --log /nonexistent/log -- true
  msgcli: /nonexistent/log: no such file or directory
  [14]

A key can be asked for, and is given to the command.

  $ MSGCLI_SERVE_KEY=secret msgcli serve --require-key -- msgcli create hello
  Hello, world
  $ MSGCLI_SERVE_KEY=secret msgcli serve --require-key -- env ANTHROPIC_API_KEY=guess msgcli create hello
  msgcli: 127.0.0.1:\d+: authentication_error: invalid x-api-key .* (re)
  [4]
  $ msgcli serve --require-key -- true
  msgcli: --require-key: MSGCLI_SERVE_KEY is not set
  [2]

Batches: created, looked at, and their results in another order.

  $ cat >batches.sh <<'END'
  > ask() { curl -s -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' "$@"; }
  > batches=$ANTHROPIC_BASE_URL/v1/messages/batches
  > params='"max_tokens": 9, "messages": [{"role": "user", "content": "Say A"}]'
  > id=$(ask $batches -d "{\"requests\": [
  >   {\"custom_id\": \"good\", \"params\": {\"model\": \"m\", $params}},
  >   {\"custom_id\": \"bad\", \"params\": {$params}}
  > ]}" | jq -r .id)
  > [ "$1" != cancel ] || ask -X POST $batches/$id/cancel | jq -c '[.processing_status, .request_counts]'
  > ask $batches/$id | jq -c '[.processing_status, .request_counts]'
  > ask $batches/$id/results | jq -c '.error.message // [.custom_id, .result.type, .result.message.content[0].text // .result.error.error.message]'
  > ask -X DELETE $batches/$id | jq -c '.error.message // .type'
  > ask $batches | jq '.data | length'
  > END
  $ msgcli serve -- sh batches.sh
  ["ended",{"processing":0,"succeeded":1,"errored":1,"canceled":0,"expired":0}]
  ["bad","errored","model: Field required"]
  ["good","succeeded","Say A"]
  "message_batch_deleted"
  0
  $ msgcli serve -- sh batches.sh cancel
  ["canceling",{"processing":2,"succeeded":0,"errored":0,"canceled":0,"expired":0}]
  ["ended",{"processing":0,"succeeded":0,"errored":0,"canceled":2,"expired":0}]
  ["bad","canceled",null]
  ["good","canceled",null]
  "message_batch_deleted"
  0
  $ msgcli serve --fault expired:1 -- sh batches.sh
  ["ended",{"processing":0,"succeeded":0,"errored":1,"canceled":0,"expired":1}]
  ["bad","errored","model: Field required"]
  ["good","expired",null]
  "message_batch_deleted"
  0
  $ msgcli serve --batch-delay 1h -- sh batches.sh
  ["in_progress",{"processing":2,"succeeded":0,"errored":0,"canceled":0,"expired":0}]
  "batch msgbatch_000000000000000000000001 has not ended"
  "batch msgbatch_000000000000000000000001 has not ended"
  1

Exchanges with another endpoint are recorded, and replayed without it.

  $ cat >session.sh <<'END'
  > msgcli create -f sse hello
  > msgcli create -f json -p 'In one piece' --no-stream hello | jq -r .content[0].text
  > msgcli create -m '' hello
  > msgcli models list | head -n 2
  > END
  $ upstream=$ANTHROPIC_BASE_URL
  $ ANTHROPIC_API_KEY=sk-secret msgcli serve --record kept --upstream $upstream -- sh session.sh >live 2>&1
  $ head -n 2 live
  event: message_start
  data: {"type":"message_start",.*} (re)
  $ msgcli serve --replay kept -- sh session.sh >again 2>&1
  $ diff <(sed 's/1:[0-9]*/PORT/' live) <(sed 's/1:[0-9]*/PORT/' again)
  $ ls kept kept/0001
  kept:
  0001
  0002
  0003
  0004
  
  kept/0001:
  request.headers
  request.json
  response.head
  response.sse
  $ cat kept/0001/request.json kept/0004/path
  {"model":"claude-sonnet-4-6","max_tokens":16384,"messages":[{"role":"user","content":"Hello, world\n"}],"stream":true}
  GET /v1/models?limit=100
  $ head -n 1 kept/0003/response.head
  HTTP/1.1 400 Bad Request
  $ grep -r sk-secret kept
  [1]
  $ msgcli serve --replay kept -- msgcli create -p Else --no-stdin
  msgcli: 127.0.0.1:\d+: not_found_error: no exchange is recorded for POST /v1/messages {.*"Else".*} \(HTTP 404, request req_\w+\) (re)
  [5]
  $ msgcli serve --record kept --upstream http://127.0.0.1:1 -- msgcli create --retries 0 hello
  msgcli: 127.0.0.1:\d+: api_error: upstream 127.0.0.1:1: connection refused \(HTTP 502, request req_\w+\) (re)
  [6]
  $ msgcli serve --record kept
  msgcli: --record: --upstream is missing
  [2]
  $ msgcli serve --replay kept --fault cut -- true
  msgcli: --replay and --fault exclude each other
  [2]

A record of a fault is a fault again.

  $ msgcli serve --fault cut -- sh -c 'msgcli serve --record spoiled --upstream $ANTHROPIC_BASE_URL -- msgcli create --retries 0 hello'
  Hello, worlmsgcli: 127.0.0.1:\d+: the connection was closed in the middle of the reply; .* (re)
  [8]
  $ ls spoiled/0001
  incomplete
  request.headers
  request.json
  response.head
  response.sse
  $ msgcli serve --replay spoiled -- msgcli create --retries 0 hello
  Hello, worlmsgcli: 127.0.0.1:\d+: the connection was closed in the middle of the reply; .* (re)
  [8]

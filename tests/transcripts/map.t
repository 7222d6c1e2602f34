Many prompts in, one result line each out, in order.

  $ printf 'red\ngreen\n' | msgcli map --each line -p 'A fruit that is' | jq -c '[.custom_id, .result.type, .result.message.content[0].text]'
  msgcli: 2 records, 0 failed, \d+ tokens in, \d+ out, \d+m?s (re)
  ["1","succeeded","A fruit that is\n\nred"]
  ["2","succeeded","A fruit that is\n\ngreen"]

The same in steps, and the texts alone.

  $ printf 'red\ngreen\n' | msgcli build --each line >records.jsonl
  $ msgcli map -q -f text records.jsonl
  red
  green
  $ msgcli map -q -f text -0 records.jsonl | tr '\0' '|'; echo
  red|green|

More tokens than one piece may have are streamed, with the same result.

  $ msgcli map -q -f text -n 30000 records.jsonl
  red
  green
  $ diff <(msgcli map -q -n 30000 records.jsonl | jq -S 'del(..|.id?)') <(msgcli map -q --no-stream -n 20000 records.jsonl | jq -S 'del(..|.id?)')

With -o the file is a journal. It is not written over, but gone on with.

  $ msgcli map -q -o out.jsonl records.jsonl; jq -r .result.message.content[0].text out.jsonl
  red
  green
  $ msgcli map -q -o out.jsonl records.jsonl
  msgcli: out.jsonl: it is not empty; --resume goes on with it
  [14]
  $ printf 'red\ngreen\nblue\n' | msgcli map --each line -o out.jsonl --resume; jq -r .result.message.content[0].text out.jsonl
  msgcli: 1 record, 0 failed, 2 done before, 1 tokens in, 1 out, \d+m?s (re)
  red
  green
  blue

A failure is a result too, and a status.

  $ sed 's/"max_tokens":16384/"max_tokens":0.5/' records.jsonl | sed 2d >bad.jsonl; sed 1d records.jsonl >>bad.jsonl
  $ msgcli map bad.jsonl -o failed.jsonl
  msgcli: 1: 127.0.0.1:\d+: invalid_request_error: .* \(HTTP 400, request req_\w+\) (re)
  msgcli: 2 records, 1 failed, 2 tokens in, 2 out, \d+m?s (re)
  msgcli: 1 of 2 records failed; --resume tries them again
  [9]
  $ jq -c '[.custom_id, .result.type, .result.error.type, .result.error.error.type]' failed.jsonl
  ["1","errored","error","invalid_request_error"]
  ["2","succeeded",null,null]
  $ msgcli map -q records.jsonl -n 1 -p x
  msgcli: --prompt, --template: the input has records, which are whole; --each makes them
  [2]
  $ seq 3 | msgcli map -q --each line -f text -p 'many words here' -n 2
  many wor
  many wor
  many wor
  msgcli: 3 replies: the reply is truncated: max_tokens
  [10]

A schema is held to.

  $ echo '{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}' >schema.json
  $ echo '[{"match":"bad","text":"prose"},{"text":"{\"a\":1}"}]' >replies.json; printf 'good\nbad\n' >two
  $ msgcli serve --replies replies.json -- msgcli map -q --each line --schema schema.json two | jq -c '[.custom_id, .result.error.error.type, .result.message.content[0].text]'
  msgcli: 1 of 2 records failed
  ["1",null,"{\"a\":1}"]
  ["2","schema","prose"]

Options that go together.

  $ msgcli map --resume records.jsonl
  msgcli: --resume: there is no -o FILE to go on with
  [2]
  $ msgcli map -f text -o texts records.jsonl
  msgcli: --format text: with -o FILE there are results, which can be resumed
  [2]
  $ msgcli map -0 records.jsonl
  msgcli: --null: it ends texts, so -f text goes with it
  [2]
  $ msgcli map --max-cost 1 records.jsonl
  msgcli: --max-cost, --prices: the one needs the other
  [2]
  $ msgcli map nothing-here
  msgcli: nothing-here: no such file or directory
  [3]

A usage log has a line for each, and a trace holds no key.

  $ ANTHROPIC_API_KEY=sk-secret-1 msgcli map -q --usage-log log --trace trace records.jsonl >/dev/null; jq -c '[.status, .attempts]' log
  [0,1]
  [0,1]
  $ grep -c sk-secret trace; grep -c '^> POST' trace
  0
  2

Many prompts in, one result line each out, in order.

  $ printf 'red\ngreen\n' | msgcli map --each line -p 'A fruit that is' | jq -c '[.custom_id, .result.type, .result.message.content[0].text]'
  msgcli: 2 records, 0 failed, \d+ tokens in, \d+ out, \S+s (re)
  ["1","succeeded","A fruit that is\n\nred"]
  ["2","succeeded","A fruit that is\n\ngreen"]

The same in steps, and the texts alone.

  $ printf 'red\ngreen\n' | msgcli build --each line >records.jsonl
  $ msgcli map -q -f text records.jsonl
  red
  green
  $ msgcli map -q -f text -0 records.jsonl | tr '\0' '|'; echo
  red|green|

Texts that follow one another, each of which is written whole with or without --hold.

  $ msgcli map -q -f text --no-newline --hold records.jsonl; echo
  redgreen

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
  msgcli: 1 record, 0 failed, 2 done before, 1 tokens in, 1 out, \S+s (re)
  red
  green
  blue

A failure is a result too, and a status.

  $ sed 's/"max_tokens":16384/"max_tokens":0.5/' records.jsonl | sed 2d >bad.jsonl; sed 1d records.jsonl >>bad.jsonl
  $ msgcli map bad.jsonl -o failed.jsonl
  msgcli: 1: 127.0.0.1:\d+: invalid_request_error: .* \(HTTP 400, request req_\w+\) (re)
  msgcli: 2 records, 1 failed, 2 tokens in, 2 out, \S+s (re)
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
  msgcli: --null: it is about texts, so -f text goes with it
  [2]
  $ msgcli map -f text -0 --no-newline records.jsonl
  msgcli: --null, --no-newline: they are of different minds about the end of texts
  [2]
  $ msgcli map --depfile d records.jsonl
  msgcli: --depfile: there is no -o FILE that it is about
  [2]
  $ msgcli map -o 'a;b' --depfile d records.jsonl
  msgcli: --depfile: 'a;b' is a name that no rule of make can have in it
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

A reply that is stored is not asked for again, and needs no key; `create -f json` shares it.

  $ msgcli map -q --reuse store -f text records.jsonl
  red
  green
  $ printf 'red\nblue\n' | msgcli map --each line --reuse store -o reused.jsonl --max-output-tokens 1 --usage-log log2
  msgcli: 2 records, 0 failed, 1 reused, 1 tokens in, 1 out, \S+s (re)
  $ jq -c .attempts log2; jq -r .result.message.content[0].text reused.jsonl
  1
  red
  blue
  $ msgcli create -f json --no-stdin -p blue --reuse store --base-url $ANTHROPIC_BASE_URL --meta one >/dev/null; jq .attempts one
  0
  $ msgcli map --base-url https://example.invalid --reuse store records.jsonl
  msgcli: no key; set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN, or give --api-key-file FILE
  [4]

What is known of a run, also of one that has failed.

  $ msgcli map -q -n 1 --meta meta records.jsonl >/dev/null 2>&1; jq -c '[.model, .stop_reason, .usage.output_tokens, .attempts, .status, .http_status, .error.type, .id], .records' meta
  ["claude-sonnet-4-6",null,2,2,10,200,"max_tokens",null]
  {"succeeded":2,"errored":0,"reused":0,"done_before":0}
  $ msgcli serve --fault 401 -- msgcli map -q -j 1 --meta meta --usage-log log3 records.jsonl >/dev/null 2>&1; jq -c '[.attempts, .status, .http_status, .error.type, .usage], .records' meta; jq .status log3
  [1,4,401,"authentication_error",null]
  {"succeeded":0,"errored":0,"reused":0,"done_before":0}
  4

A usage log that cannot be written costs no reply, and ends the run.

  $ msgcli map -j 1 --usage-log /dev/full -f text records.jsonl
  red
  msgcli: 1 record, 0 failed, 1 tokens in, 1 out, \S+s (re)
  msgcli: /dev/full: no space left on device
  [14]

Thinking, in the order of the results; from a journal also that of an earlier run.

  $ cat >thoughts.json <<'END'
  > [{"match":"green","content":[{"type":"thinking","thinking":"of green","signature":"s"},{"type":"text","text":"G"}]},{"content":[{"type":"thinking","thinking":"of red","signature":"s"},{"type":"text","text":"R"}]}]
  > END
  $ msgcli serve --replies thoughts.json -- msgcli map -q -f text --thinking-output thoughts records.jsonl; cat thoughts
  R
  G
  of red
  of green
  $ msgcli serve --replies thoughts.json -- msgcli map -q --shard 2/2 -o thought.jsonl records.jsonl
  $ msgcli serve --replies thoughts.json -- msgcli map -q -n 30000 --resume --thinking-output thoughts -o thought.jsonl records.jsonl; cat thoughts
  of red
  of green

With --schema a truncated reply is an error of its own, and there is no text of it.

  $ msgcli map -q --schema schema.json -n 1 records.jsonl | jq -r .result.error.error.type
  msgcli: 2 of 2 records failed
  max_tokens
  max_tokens

As they come, and no more than so many begin in a minute.

  $ printf 'red\ngreen\n' | msgcli map -q --each line --unordered --rpm 6000 -f text | sort
  green
  red

For make: the files that the records were made of, once each has its reply.

  $ echo 'Colour: $input' >colour; printf 'red\ngreen\n' >colours
  $ msgcli map -q -n 1 --each line --template-file colour -o by-colour --depfile by-colour.d colours; ls by-colour.d
  msgcli: 2 replies: the reply is truncated: max_tokens
  ls: cannot access 'by-colour.d': No such file or directory
  [2]
  $ msgcli map -q --accept max_tokens --each line --template-file colour -o by-colour --depfile by-colour.d --resume colours; cat by-colour.d
  by-colour: \\ (re)
   colour \\ (re)
   colours
  
  colour:
  
  colours:

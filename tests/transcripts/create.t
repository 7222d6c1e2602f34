One prompt in, one reply out. The endpoint of these sessions repeats the prompt.

  $ echo 'Hello, world' | msgcli create
  Hello, world

Operands are files, `-` is standard input, and the parts are joined by a blank line.

  $ printf one >1; printf 'two\n' >2
  $ msgcli create -p zero 1 2
  zero
  
  one
  
  two
  $ printf three | msgcli create 1 -
  one
  
  three
  $ msgcli create --no-newline 1 | od -c | head -1
  0000000   o   n   e
  $ msgcli create 1 --with-filename
  <document>
  <source>1</source>
  <document_content>
  one
  </document_content>
  </document>

Templates. -p is never substituted.

  $ echo cats | msgcli create -p 'For $5.' -t 'A ${form} on $input' --var form=poem
  For $5.
  
  A poem on cats
  $ msgcli create -t 'A $form' --no-stdin
  msgcli: template: $form is not defined; --var form=VALUE defines it
  [2]
  $ msgcli create -t 'About $input' --no-stdin
  msgcli: template: $input is not defined; there is no input
  [2]
  $ msgcli create -t 'It costs $5' --no-stdin
  msgcli: template: line 1: a lone $; $$ is a dollar sign
  [2]

Nothing is sent without a prompt.

  $ msgcli create </dev/null
  msgcli: the prompt is empty
  [3]
  $ msgcli create <&-
  msgcli: the prompt is empty
  [3]
  $ msgcli create - <&-
  msgcli: standard input: it is closed
  [3]
  $ printf ' \n\t' | msgcli create
  msgcli: the prompt is empty
  [3]
  $ msgcli create nothing-here
  msgcli: nothing-here: no such file or directory
  [3]
  $ msgcli create .
  msgcli: .: is a directory
  [3]
  $ printf 'caf\351' | msgcli create
  msgcli: standard input: invalid UTF-8 at byte 3; --input-errors replace sends U+FFFD instead
  [3]
  $ printf 'caf\351' | msgcli create --input-errors replace
  caf�
  $ printf 'a\0b' >nul; msgcli create nul
  msgcli: nul: a NUL at byte 1: this is not text; -a attaches an image or a PDF
  [3]
  $ echo x | msgcli create - -
  msgcli: standard input: it is named twice, and can be read once
  [2]

The loop's own input stays untouched.

  $ printf '1\n2\n' | while read -r file; do msgcli create "$file"; done
  one
  two

The formats: the text, the Message, the event stream.

  $ msgcli create -f json 1 | jq -r '.content[0].text, .stop_reason'
  one
  end_turn
  $ msgcli create -f json --stream 1 | jq -r '.content[0].text, .stop_reason'
  one
  end_turn
  $ msgcli create -f sse 1 | grep ^event: | uniq
  event: message_start
  event: ping
  event: content_block_start
  event: content_block_delta
  event: content_block_stop
  event: message_delta
  event: message_stop
  $ msgcli create -f sse --no-stream 1
  msgcli: 127.0.0.1:\d+: the reply is JSON, not an event stream; the request was processed, and may have been billed (re)
  [8]

The status says what became of the answer.

  $ yes 'many words' | head -50 | msgcli create -n 2
  many wor
  msgcli: the reply is truncated: max_tokens
  [10]
  $ yes 'many words' | head -50 | msgcli create -n 2 --accept max_tokens
  many wor
  $ yes 'many words' | head -50 | msgcli create -n 2 --hold
  msgcli: the reply is truncated: max_tokens
  [10]
  $ echo 'one STOP two' | msgcli create --stop STOP --meta meta
  one 
  $ jq -c '[.stop_reason, .status, .attempts, .http_status, .error]' meta
  ["stop_sequence",0,1,200,null]

The thinking is no part of the text, and has a file of its own; `decode` finds it in every format.

  $ msgcli create --thinking 1024 -n 2000 --thinking-output thinking 1 | tee answer; cat thinking
  one
  The prompt is to be repeated.
  $ msgcli create -f json --thinking 1024 -n 2000 1 >message; jq -c '[.content[].type]' message
  ["thinking","text"]
  $ msgcli decode --thinking-output /dev/fd/2 message 2>&1 >/dev/null
  The prompt is to be repeated.

A reply has a bound, which is the user's.

  $ msgcli create -f json --max-reply-size 64 1
  msgcli: 127.0.0.1:\d+: .* more than 64 bytes.*; the request may have been processed and billed (re)
  [8]

A file is whole or untouched.

  $ echo old >answer; yes 'many words' | head -50 | msgcli create -n 2 -o answer
  msgcli: the reply is truncated: max_tokens
  [10]
  $ cat answer; cat answer.partial
  old
  many wor
  $ msgcli create -o answer 1; cat answer; ls answer*
  one
  answer
  $ msgcli create -o nowhere/answer 1
  msgcli: nowhere/answer: no such file or directory
  [14]
  $ msgcli create 1 >/dev/full
  msgcli: standard output: no space left on device
  [14]
  $ msgcli create 1 >&-
  msgcli: standard output: it is closed
  [14]

What is written about a request holds no key.

  $ ANTHROPIC_API_KEY=sk-secret-123 msgcli create -v 1
  one
  msgcli: POST http://127.0.0.1:\d+/v1/messages 200 req_\w+ \d+ms 1 in, 1 out (re)
  $ ANTHROPIC_API_KEY=sk-secret-123 msgcli create -vv --trace trace 1 2>&1 | grep -e x-api-key
  msgcli: > x-api-key: ***
  $ grep -c sk-secret trace; stat -c %a trace
  0
  600
  $ ANTHROPIC_API_KEY=$'sk-secret\u2019' msgcli create 1
  msgcli: ANTHROPIC_API_KEY: the key has a character that is not printable ASCII
  [4]
  $ MSGCLI_BASE_URL=https://example.com msgcli create 1
  msgcli: no key; set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN, or give --api-key-file FILE
  [4]
  $ ANTHROPIC_API_KEY=k msgcli create --base-url http://example.com 1
  msgcli: http://example.com: the key would be sent unencrypted; --allow-http sends it all the same
  [4]

Usage.

  $ msgcli create --temperature 1.5 1
  msgcli: --temperature: 1.5 is not in the range 0<=x<=1
  [2]
  $ msgcli create --temperature nan 1
  msgcli: --temperature: 'nan' is not in the range 0<=x<=1
  [2]
  $ MSGCLI_MAX_TOKENS=many msgcli create 1
  msgcli: MSGCLI_MAX_TOKENS: 'many' is not a valid whole number
  [2]
  $ MSGCLI_MAX_TOKENS= msgcli create 1
  one
  $ msgcli create --temperature 0.5 --top-p 0.5 1
  msgcli: --temperature and --top-p: most endpoints want one of the two
  one
  $ msgcli create --temperature 0.5 --top-p 0.5 -q 1
  one
  $ msgcli create --base-url http://user@127.0.0.1 1
  msgcli: --base-url: user information in a URL is not accepted
  [2]
  $ msgcli create --base-url 127.0.0.1:8080 1
  msgcli: --base-url: 127.0.0.1:8080: not an http or https URL
  [2]
  $ msgcli create --timeout soon 1
  msgcli: --timeout: 'soon' is not a duration such as 500ms, 30, 30s, 5m or 1h
  [2]
  $ msgcli create --set top_k 1
  msgcli: --set: 'top_k' is not of the form PATH=JSON
  [2]
  $ msgcli create --set metadata.user_id=u1 1
  msgcli: --set: metadata.user_id: expecting value (column 1); a text needs its quotes: --set metadata.user_id='"..."'
  [2]
  $ msgcli create --set top_k=5 --set metadata.user_id='"u1"' 1
  one
  $ msgcli create -H nonsense 1
  msgcli: --header: not of the form 'NAME: VALUE'
  [2]

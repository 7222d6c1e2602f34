The input tokens of the request that `create` would send, as one integer.

  $ echo 'Hello, world' >hello
  $ msgcli count-tokens hello
  \d+ (re)
  $ msgcli count-tokens -f json hello
  \{"input_tokens":\d+\} (re)
  $ short=$(msgcli count-tokens hello) long=$(msgcli count-tokens -s 'Answer in one word.' hello hello)
  $ [ "$long" -gt "$short" ]

The options of `create` are accepted, and what does not count is left out.

  $ [ "$(msgcli count-tokens -n 5 --stop x --no-stream --temperature 0 --user-id u hello)" = "$short" ]
  $ msgcli build hello | msgcli count-tokens --body - | grep -c '^[0-9]*$'
  1

It is checked as `create` checks it.

  $ msgcli count-tokens </dev/null
  msgcli: the prompt is empty
  [3]
  $ msgcli count-tokens --set 'messages=[]' hello
  msgcli: 127.0.0.1:\d+: invalid_request_error: .* \(HTTP 400, request req_\w+\) (re)
  [5]
  $ msgcli count-tokens --base-url http://127.0.0.1:1 --retries 0 hello
  msgcli: 127.0.0.1:1: connection refused
  [7]
  $ msgcli count-tokens hello >/dev/full
  msgcli: standard output: no space left on device
  [14]

An endpoint that does not count is told from one that refuses.

  $ mkdir -p none/0001; echo {} | tee none/0001/request.json >none/0001/response.json
  $ msgcli serve --replay none -- msgcli count-tokens hello
  msgcli: 127.0.0.1:\d+: not_found_error: .*; the endpoint may have no count_tokens (re)
  [5]

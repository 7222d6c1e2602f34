The key comes from a file, a command or the environment, and is never shown.

  $ echo sk-of-a-file >key
  $ show() { msgcli create -p hi --no-stdin -vv "$@" 2>&1 | sed -nE 's/^msgcli: > ((x-|auth|anthropic-).*)/\1/p' | sort; }
  $ show --api-key-file key
  anthropic-version: 2023-06-01
  x-api-key: ***
  $ show --api-key-command 'cat key' --auth bearer | tail -n 1
  authorization: ***
  $ ANTHROPIC_AUTH_TOKEN=sk-of-the-environment show | tail -n 1
  authorization: ***
  $ ANTHROPIC_API_KEY=sk-of-the-environment show --auth none
  anthropic-version: 2023-06-01
  $ msgcli serve --log requests -- sh -c 'msgcli create -p hi --no-stdin --api-key-file key --trace trace -vv 2>&1' | grep -c sk-of
  0
  [1]
  $ cat requests trace | grep -c sk-of
  0
  [1]
  $ msgcli create -p hi --no-stdin --api-key-command 'echo sk-1; exit 3'
  msgcli: --api-key-command: the command ended with status 3
  [4]
  $ msgcli create -p hi --no-stdin --api-key-command true
  msgcli: --api-key-command: the key is empty
  [4]
  $ msgcli create -p hi --no-stdin --api-key-file nothing
  msgcli: --api-key-file: nothing: no such file or directory
  [4]

Headers: each is sent once.

  $ show --beta one --beta two -H 'X-A: 1' -H 'X-B: 2'
  anthropic-beta: one,two
  anthropic-version: 2023-06-01
  x-a: 1
  x-b: 2
  $ ANTHROPIC_CUSTOM_HEADERS=$'X-A: 3\nX-B: 4' show -H 'X-A: 1' | tail -n 2
  x-a: 1
  x-b: 4
  $ show --api-version 2026-10-21
  anthropic-version: 2026-10-21
  $ msgcli create -p hi --no-stdin -H 'anthropic-version:'
  msgcli: 127.0.0.1:\d+: invalid_request_error: anthropic-version: header is required \(HTTP 400, request req_\w+\) (re)
  [5]

The base URL may end with /v1 or not.

  $ for end in '' / /v1 /v1/; do msgcli create -p "with '$end'" --no-stdin --base-url "$ANTHROPIC_BASE_URL$end"; done
  with ''
  with '/'
  with '/v1'
  with '/v1/'

Without a key only this machine is called, and without encryption no key leaves it.

  $ msgcli create -p hi --no-stdin --base-url https://gateway.example
  msgcli: no key; set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN, or give --api-key-file FILE
  [4]
  $ msgcli create -p hi --no-stdin --base-url http://gateway.example --api-key-file key
  msgcli: http://gateway.example: the key would be sent unencrypted; --allow-http sends it all the same
  [4]

A proxy is for other machines alone: this one, which is an endpoint, does not know what it is asked for.

  $ proxy=$ANTHROPIC_BASE_URL
  $ msgcli create -p hi --no-stdin --base-url http://gateway.example --api-key-file key --allow-http --proxy $proxy
  msgcli: gateway.example: not_found_error: not found: http://gateway.example/v1/messages \(HTTP 404, request req_\w+\) (re)
  [5]
  $ msgcli create -p 'no proxy' --no-stdin --proxy http://127.0.0.1:1
  no proxy
  $ msgcli create -p hi --no-stdin --base-url https://gateway.example --api-key-file key --proxy ftp://127.0.0.1
  msgcli: --proxy: not the URL of an http or https proxy
  [2]

Certificates are looked at before the connection.

  $ msgcli create -p hi --no-stdin --cacert nothing
  msgcli: --cacert: nothing: no such file or directory
  [3]
  $ REQUESTS_CA_BUNDLE=key msgcli create -p hi --no-stdin
  msgcli: REQUESTS_CA_BUNDLE: no certificate in PEM form, or a key that is encrypted
  [3]
  $ msgcli create -p hi --no-stdin --client-cert nothing
  msgcli: --client-cert: nothing: no such file or directory
  [3]
  $ msgcli create -p hi --no-stdin --client-key key
  msgcli: --client-key: there is no --client-cert that it is for
  [2]

Tried again is what nobody has answered and nobody can have been paid for.

  $ msgcli create -q -p hi --no-stdin --base-url http://127.0.0.1:1 --retries 1 --connect-timeout 5s
  msgcli: 127.0.0.1:1: connection refused
  [7]
  $ msgcli serve --fault drop:1 -- msgcli create -p hi --no-stdin
  msgcli: 127.0.0.1:\d+: the connection was closed without a response; the request may have been processed and billed (re)
  [7]
  $ msgcli serve --fault drop:1 -- msgcli create -q -p hi --no-stdin --retry-all-errors
  hi
  $ msgcli serve --fault 429-long -- msgcli create -p hi --no-stdin
  msgcli: 127.0.0.1:\d+: rate_limit_error: .*; come back in .* (re)
  [6]
  $ msgcli serve --fault 429-ms -- msgcli create -q -p hi --no-stdin --retry-max-time 1ms
  msgcli: 127.0.0.1:\d+: rate_limit_error: .*; come back in .* (re)
  [6]

Time runs out for the whole run, or for silence.

  $ msgcli serve --delay 1h -- msgcli create -p hi --no-stdin --timeout 500ms
  msgcli: --timeout: 500ms are over.* (re)
  [15]
  $ msgcli serve --delay 1h -- msgcli create -p hi --no-stdin --idle-timeout 300ms
  msgcli: 127.0.0.1:\d+: nothing came for 300ms; the request may have been processed and billed (re)
  [15]

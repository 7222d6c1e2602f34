A config file holds defaults of the options of the request and the connection.

  $ unset ANTHROPIC_BASE_URL; mkdir -p home/.config/msgcli; export HOME=$PWD/home
  $ cat >home/.config/msgcli/config <<'END'
  > [default]
  > model = everyday
  > system = Be brief.
  > 
  > # Two stop sequences: a value that goes on is indented.
  > stop =
  >     STOP
  >     END
  > 
  > [profile big]
  > model = large
  > max-tokens = 9
  > stream = no
  > END
  $ msgcli build -p x
  {"model":"everyday","max_tokens":16384,"system":"Be brief.","stop_sequences":["STOP","END"],"messages":[{"role":"user","content":"x"}],"stream":true}
  $ msgcli build -p x --profile big
  {"model":"large","max_tokens":9,"system":"Be brief.","stop_sequences":["STOP","END"],"messages":[{"role":"user","content":"x"}]}
  $ MSGCLI_PROFILE=big msgcli build -p x --profile default | cut -c -40
  {"model":"everyday","max_tokens":16384,"

Flag over environment over profile over default.

  $ MSGCLI_MODEL=mine MSGCLI_MAX_TOKENS= msgcli build -p x --profile big | cut -c -40
  {"model":"mine","max_tokens":9,"system":
  $ MSGCLI_MODEL=mine msgcli build -p x --profile big --model this -s Rhyme. --stop X --stream
  {"model":"this","max_tokens":9,"system":"Rhyme.","stop_sequences":["X"],"stream":true,"messages":[{"role":"user","content":"x"}]}

Another file, or none.

  $ echo '[default]' >other; echo 'model = other' >>other
  $ msgcli build -p x --config other
  {"model":"other","max_tokens":16384,"messages":[{"role":"user","content":"x"}],"stream":true}
  $ MSGCLI_CONFIG=/dev/null msgcli build -p x | cut -c -28
  {"model":"claude-sonnet-4-6"
  $ msgcli build -p x --config nothing
  msgcli: --config: nothing: no such file or directory
  [2]
  $ MSGCLI_CONFIG=nothing msgcli build -p x
  msgcli: MSGCLI_CONFIG: nothing: no such file or directory
  [2]
  $ msgcli build -p x --config ''
  msgcli: --config: it is empty
  [2]
  $ msgcli build -p x --profile ''
  msgcli: --profile: it is empty
  [2]
  $ msgcli build -p x --profile small
  msgcli: --profile: no such profile: small
  [2]
  $ MSGCLI_PROFILE=small msgcli build -p x
  msgcli: MSGCLI_PROFILE: no such profile: small
  [2]

Without a file, and without a folder that it could be in, all is as if it were empty.

  $ HOME= msgcli build -p x | cut -c -28
  {"model":"claude-sonnet-4-6"
  $ HOME=. msgcli build -p x | cut -c -28
  {"model":"claude-sonnet-4-6"
  $ XDG_CONFIG_HOME=$PWD/empty msgcli build -p x | cut -c -28; ls -d empty
  {"model":"claude-sonnet-4-6"
  ls: cannot access 'empty': No such file or directory
  [2]
  $ XDG_CONFIG_HOME=relative msgcli build -p x | cut -c -19
  {"model":"everyday"
  $ XDG_CONFIG_HOME=/nowhere msgcli build -p x --profile big
  msgcli: --profile: no such profile: big; there is no /nowhere/msgcli/config
  [2]
  $ mkdir -p folder/msgcli/config; XDG_CONFIG_HOME=$PWD/folder msgcli build -p x | cut -c -28
  msgcli: /.*/folder/msgcli/config: is a directory; it is not used (re)
  {"model":"claude-sonnet-4-6"

What is wrong in it is named by file and line, in every section of it.

  $ bad() { printf '%s\n' "$@" >f; msgcli build -p x --config f; }
  $ bad '[default]' '' 'modle = x'
  msgcli: f:3: no such option: modle; did you mean model
  [2]
  $ bad '[default]' '[profile a]' 'max_tokens = 5'
  msgcli: f:3: no such option: max_tokens; did you mean max-tokens
  [2]
  $ bad '[default]' 'format = json'
  msgcli: f:2: no such option: format
  [2]
  $ bad '[default]' 'body = b.json'
  msgcli: f:2: no such option: body
  [2]
  $ bad '[default]' 'max-tokens = many'
  msgcli: f:2: max-tokens: 'many' is not a valid whole number
  [2]
  $ bad '[profile a]' 'temperature = 2'
  msgcli: f:2: temperature: 2.0 is not in the range 0<=x<=1
  [2]
  $ bad '[profile a]' 'allow-http = perhaps'
  msgcli: f:2: allow-http: 'perhaps' is not true or false
  [2]
  $ bad '[profile a]' '# why' 'auth = basic'
  msgcli: f:3: auth: 'basic' is not one of 'x-api-key', 'bearer', 'none'
  [2]
  $ bad '[profile a]' 'model = x' '  y'
  msgcli: f:2: model: it has one value, in one line
  [2]
  $ bad '[profile a]' 'model = x' 'model = y'
  msgcli: f:3: model: it is there twice
  [2]
  $ bad '[profile a]' 'stop = x' 'stop-sequence = y'
  msgcli: f:3: stop-sequence: stop is given too
  [2]
  $ bad '[profile a]' 'model = x' '[default]' '[profile a]'
  msgcli: f:4: [profile a]: it is there twice
  [2]
  $ bad 'model = x'
  msgcli: f:1: there is no section before it; begin with [default]
  [2]
  $ bad '[default]' '[work]' 'model = x'
  msgcli: f:2: no such section: [work]; the sections are [default] and [profile NAME]
  [2]
  $ bad '[Default]'
  msgcli: f:1: no such section: [Default]; the sections are [default] and [profile NAME]
  [2]
  $ bad '[default]' 'model'
  msgcli: f:2: not of the form KEY = VALUE
  [2]
  $ bad '[default]' "$(printf 'model = caf\351')"
  msgcli: f:2: invalid UTF-8
  [2]
  $ bad '[default]' 'thinking = much'
  msgcli: f:2: thinking: 'much' is not adaptive, disabled or a number of tokens
  [2]
  $ printf '[default]\n\nbase-url = nowhere\n' >f; msgcli create -p x --config f
  msgcli: f:3: base-url: nowhere: not an http or https URL
  [2]
  $ MSGCLI_BASE_URL=there msgcli create -p x --config f
  msgcli: MSGCLI_BASE_URL: there: not an http or https URL
  [2]

A key is never in it, and never shown.

  $ bad '[default]' 'api-key = sk-1234'
  msgcli: f:2: api-key: a key never stands in the config file; api-key-file = FILE names a file that holds it
  [2]
  $ bad '[default]' 'ANTHROPIC_AUTH_TOKEN = sk-1234' 2>&1 | sed 's/;.*//'
  msgcli: f:2: ANTHROPIC_AUTH_TOKEN: a key never stands in the config file
  $ bad '[default]' 'header = Authorization: Bearer sk-1234'
  msgcli: f:2: header: a key never stands in the config file; api-key-file = FILE names a file that holds it
  [2]
  $ bad '[default]' 'sk-1234' 'sk-5678 = x'
  msgcli: f:2: not of the form KEY = VALUE
  [2]
  $ bad '[default]' 'sk-5678 = x'
  msgcli: f:2: not of the form KEY = VALUE
  [2]
  $ printf '[default]\napi-key-file = ~/missing\n' >f; msgcli create -p x --config f
  msgcli: f:2: api-key-file: /.*/home/missing: no such file or directory (re)
  [4]

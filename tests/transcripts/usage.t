Every call can leave a line in a log.

  $ export MSGCLI_USAGE_LOG=$PWD/usage.log
  $ msgcli create -m some-model -p 'one two three' --no-stdin
  one two three
  $ msgcli build -m some-model -p 'four' --no-stdin | msgcli post | msgcli decode
  four
  $ msgcli create -m other-model -p five --no-stdin --usage-log other.log
  five
  $ wc -l <usage.log; stat -c %a usage.log
  2
  600
  $ jq -r '.time' usage.log | head -1
  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (re)

A call that failed does too, if it made a request.

  $ msgcli create -p x --no-stdin --base-url http://127.0.0.1:1 --retries 0
  msgcli: 127.0.0.1:1: connection refused
  [7]
  $ msgcli create --template '$nothing' --no-stdin
  msgcli: template: $nothing is not defined; --var nothing=VALUE defines it
  [2]
  $ jq -c '[.status, .error.type, .usage]' usage.log | tail -1
  [7,"transport",null]

Sums by day and model, or by one of them.

  $ cat >log <<'END'
  > {"time":"2026-11-24T09:00:00.000Z","model":"small","usage":{"input_tokens":2000,"output_tokens":100}}
  > {"time":"2026-11-24T09:05:00.000Z","model":"large","usage":{"input_tokens":10,"cache_creation_input_tokens":500,"cache_read_input_tokens":null,"output_tokens":40}}
  > {"time":"2026-11-25T10:00:00.000Z","model":"small","usage":{"input_tokens":1000,"output_tokens":7}}
  > {"time":"2026-11-25T10:00:00.000Z","model":null,"usage":null}
  > END
  $ msgcli usage log
  day         model  requests  input  cache-write  cache-read  output
  2026-11-24  large         1     10          500           0      40
  2026-11-24  small         1   2000            0           0     100
  2026-11-25  -             1      0            0           0       0
  2026-11-25  small         1   1000            0           0       7
  total       -             4   3010          500           0     147
  $ msgcli usage --by day - <log
  day         requests  input  cache-write  cache-read  output
  2026-11-24         2   2010          500           0     140
  2026-11-25         2   1000            0           0       7
  total              4   3010          500           0     147
  $ msgcli usage --by model -f json log | jq -c .[1]
  {"day":null,"model":"large","requests":1,"input_tokens":10,"cache_creation_input_tokens":500,"cache_read_input_tokens":0,"output_tokens":40,"cost":null}
  $ msgcli usage -f json usage.log other.log | jq -r '.[] | "\(.model) \(.requests)"'
  null 1
  other-model 1
  some-model 2

A label says what a call was for. The log has it, and --meta is as it was.

  $ msgcli create -m small --label digest --meta meta -p one --no-stdin --usage-log jobs.log
  one
  $ echo two | MSGCLI_LABEL=reviews msgcli create -m small --usage-log jobs.log
  two
  $ msgcli build -p three --no-stdin | msgcli post --label reviews --usage-log jobs.log | msgcli decode
  three
  $ printf 'a\nb\n' | msgcli map -q --each line -f text -j 1 --label reviews --usage-log jobs.log
  a
  b
  $ MSGCLI_LABEL= msgcli create -m small -p four --no-stdin --usage-log jobs.log
  four
  $ jq -c '[.label, has("label")]' jobs.log meta
  ["digest",true]
  ["reviews",true]
  ["reviews",true]
  ["reviews",true]
  ["reviews",true]
  [null,false]
  [null,false]
  $ msgcli usage --by label jobs.log
  label    requests  input  cache-write  cache-read  output
  -               1      1            0           0       1
  digest          1      1            0           0       1
  reviews         4      5            0           0       5
  total           6      7            0           0       7
  $ msgcli usage --by label,model -f json jobs.log | jq -c '.[] | [.day, .label, .model, .requests]'
  [null,null,"small",1]
  [null,"digest","small",1]
  [null,"reviews","claude-sonnet-4-6",3]
  [null,"reviews","small",1]
  $ msgcli usage -f json jobs.log | jq -c '.[0] | keys_unsorted'
  ["day","model","requests","input_tokens","cache_creation_input_tokens","cache_read_input_tokens","output_tokens","cost"]

The cost, by prices that a file says. None is guessed.

  $ cat >prices.json <<'END'
  > {"currency":"USD","models":{
  >   "small":{"input":0.8,"output":4},
  >   "large":{"input":3,"output":15}}}
  > END
  $ msgcli usage --prices prices.json log
  msgcli: --prices: prices.json: no price of cache_write for large
  [3]
  $ sed 's/"input":3/"input":3,"cache_write":3.75/' prices.json >all.json
  $ msgcli usage --by model --prices all.json log
  model  requests  input  cache-write  cache-read  output       USD
  -             1      0            0           0       0  0.000000
  large         1     10          500           0      40  0.002505
  small         2   3000            0           0     107  0.002828
  total         4   3010          500           0     147  0.005333

Half a line does not count, and the next writer begins a new one. What is no line of a log is an error.

  $ printf '{"time":"2026-11-' >>usage.log
  $ msgcli create -p again --no-stdin
  again
  $ msgcli usage -f json | jq 'map(.requests) | add'
  msgcli: .*/usage.log: line 4 is torn; it does not count (re)
  4
  $ echo '{"model":"small"}' >>log
  $ msgcli usage log
  msgcli: log: line 5: not a line of a usage log
  [3]
  $ unset MSGCLI_USAGE_LOG; msgcli usage
  msgcli: no LOG is named; MSGCLI_USAGE_LOG would name one; - is stdin
  [2]

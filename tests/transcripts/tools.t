Tools are given by file: an object, or an array of them.

  $ cat >clock.json <<END
  > {"name":"clock","description":"The time in a zone.",
  >  "input_schema":{"type":"object","properties":{"zone":{"type":"string"}}}}
  > END
  $ cat >replies.json <<END
  > [{"match":"^\\\\d\\\\d:00$","text":"It is \$prompt."},
  >  {"match":"failed|not end","text":"The clock is broken."},
  >  {"match":"both","content":[{"type":"tool_use","id":"toolu_1","name":"clock","input":{"zone":"A"}},
  >                             {"type":"tool_use","id":"toolu_2","name":"clock","input":{"zone":"B"}}],"stop_reason":"tool_use"},
  >  {"match":"time","content":[{"type":"text","text":"Let me look."},
  >    {"type":"tool_use","id":"toolu_1","name":"clock","input":{"zone":"Oslo"}}],"stop_reason":"tool_use"}]
  > END
  $ msgcli build --tool clock.json --tool-choice clock -p x --no-stdin | jq -c '[.tools[].name, .tool_choice]'
  ["clock",{"type":"tool","name":"clock"}]
  $ msgcli build --tool clock.json --tool-choice any -p x --no-stdin | jq -c .tool_choice
  {"type":"any"}
  $ echo '[]' | msgcli build --tool - -p x
  msgcli: --tool: standard input: not a tool, or an array of tools
  [3]
  $ msgcli serve --replies replies.json >url 2>/dev/null & 
  $ until [ -s url ]; do sleep 0.05; done; export ANTHROPIC_BASE_URL=$(cat url)

Without a command for it, a call ends with status 12, and is there to be read.

  $ msgcli create --tool clock.json -p 'What time is it?' --no-stdin
  Let me look.
  msgcli: the turn is not finished: tool_use
  [12]
  $ msgcli create --tool clock.json -p 'What time is it?' --no-stdin -f json 2>/dev/null | msgcli decode --blocks tool_use | jq -c .input
  msgcli: the turn is not finished: tool_use
  {"zone":"Oslo"}

With one, the input goes to its stdin, its stdout comes back as the result, and the final text alone is written.

  $ msgcli create --tool clock.json --tool-command 'clock=jq -r .zone >zone; printf 12:00' -p 'What time is it?' --no-stdin
  It is 12:00.
  $ cat zone
  Oslo
  $ msgcli create --tool clock.json --tool-command 'clock=printf 12:00' -p 'What time is it?' --no-stdin -f sse | grep -c message_start
  2

Its environment holds no key.

  $ ANTHROPIC_API_KEY=sk-secret COPY=x-sk-secret msgcli create --tool clock.json --tool-command 'clock=env >environment; printf 12:00' -p 'What time is it?' --no-stdin
  It is 12:00.
  $ grep -c secret environment
  0
  [1]

A command that fails, or does not end, is an error result.

  $ msgcli create --tool clock.json --tool-command 'clock=echo failed; exit 1' -p 'What time is it?' --no-stdin
  The clock is broken.
  $ msgcli create --tool clock.json --tool-command 'clock=sleep 60 & sleep 60' --tool-timeout 200ms -p 'What time is it?' --no-stdin
  The clock is broken.

Several calls at once have their results in one turn, in order.

  $ msgcli create --tool clock.json --tool-command 'clock=jq -j .zone' -p both --no-stdin --conversation talk --max-turns 2
  A
  
  B
  $ jq -c '.content[]? | select(.type == "tool_result")' talk
  {"type":"tool_result","tool_use_id":"toolu_1","content":"A"}
  {"type":"tool_result","tool_use_id":"toolu_2","content":"B"}

It does not go on for ever, and a tool without a command ends it.

  $ msgcli create --tool clock.json --tool-command 'clock=echo what time' -p 'What time is it?' --no-stdin --max-turns 1
  Let me look.
  msgcli: --max-turns: the turn is not finished after 1
  [12]
  $ msgcli create --tool clock.json --tool-command 'watch=date' -p 'What time is it?' --no-stdin
  msgcli: --tool-command: watch: the request has no such tool
  [2]
  $ msgcli create --tool clock.json --tool-command clock -p 'What time is it?' --no-stdin
  msgcli: --tool-command: 'clock' is not of the form NAME=CMD
  [2]
  $ kill %1

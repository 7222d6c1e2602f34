A conversation is a file of turns, one JSON object a line. A missing file is an empty one.

  $ msgcli create --conversation talk -p 'My name is Ada.' --no-stdin
  My name is Ada.
  $ cat talk; stat -c %a talk
  {"role":"user","content":"My name is Ada."}
  {"role":"assistant","content":[{"type":"text","text":"My name is Ada."}]}
  600
  $ msgcli create --conversation talk -p 'What is it?' --no-stdin -f json | jq -c .usage.input_tokens
  \d+ (re)
  $ wc -l <talk
  4

The turns precede the prompt, for `build` too; and `jq` makes a body of them.

  $ msgcli build --conversation talk -p more --no-stdin | jq -c '[.messages[].role]'
  ["user","assistant","user","assistant","user"]
  $ jq -s '{messages:.}' talk | msgcli build --body - | jq -c '.messages|length'
  4

A turn is kept only when the status is 0.

  $ yes many words | head -50 | msgcli create --conversation talk -n 2
  many wor
  msgcli: the reply is truncated: max_tokens
  [10]
  $ msgcli create --conversation talk </dev/null
  msgcli: the prompt is empty
  [3]
  $ wc -l <talk
  4

What the user gave as the beginning of the answer is part of it; a cache mark is not.

  $ msgcli create --conversation other -p hi --no-stdin --prefill 'Well:' --cache-control prompt
  hi
  $ cat other
  {"role":"user","content":[{"type":"text","text":"hi"}]}
  {"role":"assistant","content":[{"type":"text","text":"Well:hi"}]}

A torn end is noticed and mended: half a line, or a question without its answer.

  $ printf '{"role":"user","content":"lost"}\n{"role":"assis' >>talk
  $ msgcli create --conversation talk -p again --no-stdin
  msgcli: talk: its end is torn; it counts up to turn 4
  again
  $ tail -n 2 talk | jq -c .content; wc -l <talk
  "again"
  [{"type":"text","text":"again"}]
  6

A last line without its newline is a line.

  $ printf '{"role":"user","content":"a"}\n{"role":"assistant","content":"b"}' >short
  $ msgcli create -q --conversation short -p c --no-stdin; wc -l <short
  c
  4

Anything else is an error before anything is sent.

  $ printf 'nonsense\n{"role":"assistant","content":"b"}\n' >bad
  $ msgcli create --conversation bad -p c --no-stdin
  msgcli: bad: line 1: expecting value (column 1)
  [3]
  $ printf '{"role":"user"}\n{"role":"assistant","content":"b"}\n' >bad
  $ msgcli create --conversation bad -p c --no-stdin
  msgcli: bad: line 1: not a turn: an object with role and content
  [3]
  $ msgcli create --conversation /dev/null -p c --no-stdin
  msgcli: /dev/null: not a regular file
  [3]
  $ msgcli create --conversation no/where -p c --no-stdin
  msgcli: no/where: no such file or directory
  [14]

Writers take turns.

  $ for i in 1 2 3 4 5 6 7 8; do msgcli create --conversation many -p "turn $i" --no-stdin >/dev/null & done; wait
  $ jq -r 'if .role=="user" then .content else .content[0].text end' many | uniq -c | awk '$1 == 2' | wc -l
  8

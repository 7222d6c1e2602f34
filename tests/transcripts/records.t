A record for each line: blank ones are counted, and make none.

  $ printf 'red\n\ngreen' | msgcli build --each line -m m -n 9
  {"custom_id":"1","params":{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"red"}]}}
  {"custom_id":"3","params":{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"green"}]}}
  $ msgcli build --each line </dev/null
  $ printf 'a\r\nb\342\200\250c\n' | msgcli build --each line | jq -ac .params.messages[0].content
  "a\r"
  "b\u2028c"

Items that end with NUL may have newlines in them.

  $ printf 'one\ntwo\0three' | msgcli build --each null -p Say: | jq -c .params.messages[0].content
  "Say:\n\none\ntwo"
  "Say:\n\nthree"

JSON Lines: fields are names, a string is the input, and without a template the line is.

  $ cat >items.jsonl <<END
  > {"id":7,"name":"Ann","tags":["x"],"ok":true}
  > {"id":"b","name":"Bob","tags":null,"ok":1.5}
  > END
  $ msgcli build --each jsonl --id-field id -t '$name has $tags and ${ok}.' items.jsonl | jq -c '[.custom_id, .params.messages[0].content]'
  ["7","Ann has [\"x\"] and true."]
  ["b","Bob has null and 1.5."]
  $ head -1 items.jsonl | msgcli build --each jsonl -p Look: | jq -r .params.messages[0].content
  Look:
  
  {"id":7,"name":"Ann","tags":["x"],"ok":true}
  $ echo '"two\nlines"' | msgcli build --each jsonl -t 'See $input.' | jq -c .params.messages[0].content
  "See two\nlines."

CSV: quoted fields, and names from the first row.

  $ printf 'id,text\r\na,"one, ""two""\nthree"\r\nb,four\r\n' >items.csv
  $ msgcli build --each csv --id-field id -t '[$text]' items.csv | jq -c '[.custom_id, .params.messages[0].content]'
  ["a","[one, \"two\"\nthree]"]
  ["b","[four]"]
  $ msgcli build --each csv -p x items.csv | jq -r .params.messages[0].content | tail -1
  {"id":"b","text":"four"}
  $ printf 'a,a\n1,2\n' | msgcli build --each csv
  msgcli: standard input: line 1: the field a stands twice
  [3]

Files.

  $ echo one >1.txt; echo two >2.txt
  $ msgcli build --each file --id-field file -t '$file: $input' 1.txt 2.txt | jq -c '[.custom_id, .params.messages[0].content]'
  ["1.txt","1.txt: one\n"]
  ["2.txt","2.txt: two\n"]

What makes no record is told by its place, and the others go on.

  $ printf 'good\nbad \377\nalso good\n' | msgcli build --each line -q | jq -r .custom_id
  msgcli: standard input: line 2: invalid UTF-8 at byte 4; --input-errors replace sends U+FFFD instead
  msgcli: 1 item makes no record
  1
  3
  $ printf '1\n{"a":1,"a":2}\n{\n{"b":1}\n' | msgcli build --each jsonl -t '$a' --input-errors replace >records
  msgcli: standard input: line 1: template: $a is not defined; --var a=VALUE defines it
  msgcli: standard input: line 2: the key "a" stands twice
  msgcli: standard input: line 3: expecting property name enclosed in double quotes (column 2)
  msgcli: standard input: line 4: template: $a is not defined; --var a=VALUE defines it
  msgcli: 4 items make no record
  [3]
  $ printf 'a,b\n1,2,3\n4,"5\n' | msgcli build --each csv
  msgcli: standard input: line 2: the first line has 2 fields, and this one 3
  msgcli: standard input: line 3: unexpected end of data
  msgcli: 2 items make no record
  [3]
  $ msgcli build --each file 1.txt nothing-here | jq -r .custom_id
  msgcli: nothing-here: no such file or directory
  msgcli: 1 item makes no record
  1
  $ msgcli build --each jsonl --id-field name -o records items.jsonl; jq -r .custom_id records
  Ann
  Bob
  $ msgcli build --each jsonl --id-field tags items.jsonl
  msgcli: items.jsonl: line 1: no text or number in tags, which is to be the custom_id
  msgcli: items.jsonl: line 2: no text or number in tags, which is to be the custom_id
  msgcli: 2 items make no record
  [3]

What is wrong for all of them is told before the first.

  $ msgcli build --each line -t '$nope' 1.txt
  msgcli: template: $nope is not defined; --var nope=VALUE defines it
  [2]
  $ msgcli build --each line --id-field x 1.txt
  msgcli: --id-field: it is for --each jsonl, csv or file, whose items have fields
  [2]
  $ msgcli build --each line --no-stdin
  msgcli: --no-stdin: no FILE is named, so there is nothing to read
  [2]
  $ msgcli build --shard 1/2 1.txt
  msgcli: --shard: there is no --each that makes records
  [2]
  $ msgcli build --each line --shard 3/2 1.txt
  msgcli: --shard: '3/2' is not of the form I/N, with I from 1 to N
  [2]

Shards make up the whole.

  $ seq 5 >five; for i in 1 2; do msgcli build --each line --shard $i/2 five; done | jq -r .custom_id | tr '\n' ' '
  1 3 5 2 4 
  $ seq 5 | msgcli build --each line | cmp - <(msgcli build --each line five)

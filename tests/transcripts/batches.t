Records become a batch, which takes its time.

  $ msgcli serve --batch-delay 1h >url & until grep -qs http url; do sleep 0.05; done
  $ printf 'red\ngreen\nblue\n' | msgcli build --each line --stream >records.jsonl
  $ export ANTHROPIC_BASE_URL=$(cat url)
  $ id=$(msgcli batches create records.jsonl); echo $id
  msgbatch_\w+ (re)
  $ msgcli batches retrieve $id
  msgbatch_\w+	in_progress	3	0	0	0	0 (re)
  $ msgcli batches results $id
  msgcli: batch msgbatch_\w+: in_progress; msgcli batches wait waits for it (re)
  [17]
  $ msgcli batches wait --timeout 2s --poll 100ms $id
  msgcli: batch msgbatch_\w+: in_progress when --timeout was over; msgcli batches wait goes on with it (re)
  [17]
  $ test $id = "$(msgcli batches cancel $id)"
  $ msgcli batches retrieve -f json $id | jq -r .processing_status
  canceling
  $ msgcli batches delete $id
  msgcli: .*: invalid_request_error: .* has not ended .* (re)
  [5]
  $ kill %%

Elsewhere it ends at once.

  $ msgcli serve >url2 & until grep -qs http url2; do sleep 0.05; done
  $ export ANTHROPIC_BASE_URL=$(cat url2)
  $ id=$(msgcli batches create records.jsonl)
  $ msgcli batches wait --poll 100ms $id
  msgbatch_\w+	ended	0	3	0	0	0 (re)

Results come in any order, or in that of the records.

  $ msgcli batches results $id | jq -r .custom_id | sort
  1
  2
  3
  $ msgcli batches results --input records.jsonl -f text $id
  red
  green
  blue
  $ msgcli batches results --input - -f text -0 $id <records.jsonl | tr '\0' '|'; echo
  red|green|blue|

They are what map writes, but for what differs each time.

  $ msgcli batches results --input records.jsonl -o out.jsonl $id; jq -c 'del(..|.id?, .service_tier?)' out.jsonl >batch
  $ msgcli map -q records.jsonl | jq -c 'del(..|.id?, .service_tier?)' | diff batch - && echo same
  same

What fails is a result too, and map --resume tries it again.

  $ second=$(msgcli batches create -f json <records.jsonl | jq -r .id)
  $ test $second = "$(msgcli batches cancel $second)"
  $ msgcli batches wait --poll 100ms $second
  msgbatch_\w+	ended	0	0	0	3	0 (re)
  $ msgcli batches results -o again.jsonl $second
  msgcli: 3 of 3 records failed; msgcli map -o again.jsonl --resume RECORDS tries them again
  [9]
  $ jq -r .result.type again.jsonl | uniq -c | tr -s ' '
   3 canceled
  $ msgcli map -q -o again.jsonl --resume records.jsonl; jq -r .result.message.content[0].text again.jsonl
  red
  green
  blue

A list has the newest first.

  $ msgcli batches list | cut -f 2-
  ended	0	0	0	3	0
  ended	0	3	0	0	0
  $ test $second = "$(msgcli batches list --limit 1 | cut -f 1)"
  $ msgcli batches list -f json | jq -r '.data[].request_counts.canceled'
  3
  0
  $ test $second = "$(msgcli batches delete $second)"
  $ msgcli batches retrieve $second
  msgcli: .*: not_found_error: .* \(HTTP 404, .*\); msgcli batches list shows those that there are (re)
  [5]

What is wrong is found before anything is sent.

  $ { cat records.jsonl; echo '{"custom_id":"a b","params":{}}'; echo; head -1 records.jsonl; } | msgcli batches create
  msgcli: standard input: line 4: the custom_id 'a b' is not 1 to 64 of A-Z, a-z, 0-9, _ and -
  msgcli: standard input: line 6: the custom_id 1 stands twice
  msgcli: 2 lines are not records that a batch takes; nothing was sent
  [3]
  $ msgcli batches create </dev/null
  msgcli: there are no records, and no batch without them
  [3]
  $ msgcli batches retrieve ../models
  msgcli: '../models' is not the id of a batch
  [2]
  $ kill %%

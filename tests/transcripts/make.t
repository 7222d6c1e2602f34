A rule of make that keeps what an answer was made of, and pays for an answer once.

  $ cat >Makefile <<'END'
  > texts := $(wildcard *.txt)
  > all: $(texts:.txt=.out)
  > %.out: %.txt
  > 	msgcli create --template-file prompt --reuse replies -o $@ --depfile $*.d $<
  > -include $(texts:.txt=.d)
  > END
  $ printf 'Short: $input' >prompt; printf alpha >a.txt; printf beta >b.txt
  $ make
  msgcli create --template-file prompt --reuse replies -o a.out --depfile a.d a.txt
  msgcli create --template-file prompt --reuse replies -o b.out --depfile b.d b.txt
  $ cat a.out b.out
  Short: alpha
  Short: beta
  $ make
  make: Nothing to be done for 'all'.

The rule has the form that `gcc -MD -MP` writes: a file that is gone is no error.

  $ grep . a.d
  a.out: \
   a.txt \
   prompt
  a.txt:
  prompt:

The prompt is a source too. What was asked before costs nothing, and `-v` says so.

  $ touch -d '2 days ago' *.txt; touch -d yesterday *.out; make | grep -c create
  2
  $ msgcli create -v --template-file prompt --reuse replies a.txt
  Short: alpha
  msgcli: POST http://\S+/v1/messages reused \d+\w+ \d+ in, \d+ out (re)
  $ msgcli create --template-file prompt --reuse replies --meta m a.txt >again; cmp a.out again
  $ jq -c '[.attempts, .http_status, .stop_reason]' m
  [0,null,"end_turn"]
  $ ls replies | wc -l; stat -c %a replies replies/* | uniq -c
  2
        1 700
        2 600

Nor does it need a key or a network then; another request does.

  $ msgcli create --api-key-file missing --template-file prompt --reuse replies b.txt
  Short: beta
  $ msgcli create --api-key-file missing --template-file prompt --reuse replies -n 9 b.txt
  msgcli: --api-key-file: missing: no such file or directory
  [4]

A stored reply is a line with its digest, and the reply as it came. One that is damaged counts as none.

  $ for reply in replies/*; do tail -n +2 $reply | msgcli decode; done | sort
  Short: alpha
  Short: beta
  $ for reply in replies/*; do truncate -s -1 $reply; done
  $ msgcli create -v --template-file prompt --reuse replies a.txt
  Short: alpha
  msgcli: POST http://\S+/v1/messages 200 .* (re)
  $ msgcli create -v --template-file prompt --reuse replies a.txt
  Short: alpha
  msgcli: POST http://\S+/v1/messages reused .* (re)

An answer that is not complete is neither stored nor named by a rule, and leaves the old file.

  $ yes gamma | head -99 >a.txt
  $ msgcli create -n 2 --reuse replies -o a.out --depfile new.d a.txt
  msgcli: the reply is truncated: max_tokens
  [10]
  $ cat a.out; ls new.d; ls replies | wc -l
  Short: alpha
  ls: cannot access 'new.d': No such file or directory
  2

What cannot be is found out before the request.

  $ msgcli create --depfile d a.txt
  msgcli: --depfile: there is no -o FILE that it is about
  [2]
  $ msgcli create --reuse a.txt a.txt
  msgcli: --reuse: a.txt: not a directory
  [14]
  $ echo hi >'a;b'; msgcli create -o out --depfile d 'a;b'
  msgcli: --depfile: 'a;b' is a name that no rule of make can have in it
  [2]

#!/bin/sh
# The main job with a real model, small and on this machine: each command is shown as it is typed, and any that
# does not end with the status that is said of it ends the session. What the model answers is its own affair.
set -eu

if [ "${1-}" != session ]; then
    cd "$(dirname "$0")/.."
    settings=$(env | sed -n -e 's/^\(MSGCLI_[A-Z_]*\)=.*/\1/p' -e 's/^\(ANTHROPIC_[A-Z_]*\)=.*/\1/p')
    for name in $settings; do unset "$name"; done
    exec python tests/live/server.py sh tests/live.sh session
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '\n# %s\n' "$1"; }

# run STATUS COMMAND: the status that COMMAND must have; it must not be silent either.
run() {
    printf '$ %s\n' "$2"
    { status=0; sh -c "$2" 2>&1 || status=$?; echo "$status" >"$scratch/status"; } | tee "$scratch/output"
    status=$(cat "$scratch/status")
    [ "$status" -eq 0 ] || printf '$ echo $?\n%s\n' "$status"
    if [ "$status" -ne "$1" ] || ! [ -s "$scratch/output" ]; then
        echo "live: wanted status $1, and words" >&2
        exit 1
    fi
}

# It knows few words, and not always an end.
export MSGCLI_MAX_TOKENS=60 scratch

printf '# The endpoint is the server of llama.cpp with a model of 135 million parameters: no key, no network.\n'
printf '$ export ANTHROPIC_BASE_URL=%s MSGCLI_MAX_TOKENS=%s scratch=%s\n' \
    "$ANTHROPIC_BASE_URL" "$MSGCLI_MAX_TOKENS" "$scratch"

say 'What the endpoint has, and what a prompt takes.'
run 0 'msgcli models list'
run 0 'msgcli count-tokens setup.py'

say 'Text, written as the model finds it; the reader may leave when it has enough.'
run 0 "echo 'Why is the sky blue?' | msgcli create -n 1000 | head -c 160; echo"

say 'It stops at a word, which is not written.'
run 0 "msgcli create --stop 3 -p 'Write the numbers from 1 to 10, separated by commas.' --no-stdin"

say 'Only a complete answer is status 0: this one was cut short by max_tokens.'
run 10 "msgcli create -n 8 -p 'Why is the sky blue?' --no-stdin"

say 'The Message as the endpoint sent it, and the event stream, byte for byte.'
run 0 "msgcli create --accept max_tokens -f json -p 'What is the capital of France?' --no-stdin"
run 0 "msgcli create --accept max_tokens -f sse -p 'What is the capital of France?' --no-stdin \\
    >\$scratch/stream; head -n 8 \$scratch/stream"

say 'A stream that was kept is read later.'
run 0 "msgcli decode --accept max_tokens <\$scratch/stream"

say 'A conversation in a file, a turn a call.'
run 0 "for question in 'What is 2+2?' 'And 3+3?'; do
    msgcli create --accept max_tokens --conversation \$scratch/talk -p \"\$question\" --no-stdin
done"
run 0 "cut -c 1-100 \$scratch/talk"

say 'Twenty prompts, four at a time.'
run 0 "seq 20 | msgcli map -j 4 --each line -p 'The number after this one:' -n 12 --accept max_tokens \\
    -o \$scratch/results; cut -c 1-240 \$scratch/results | tail -n 3"

say 'Which parts of the format the endpoint answers.'
run 0 "msgcli doctor | sed -n '/^feature/,\$p'"

printf '\nlive: all as it should be\n'

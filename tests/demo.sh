#!/bin/sh
# The main job on files of this repository, against the local endpoint: each command is shown as it is typed,
# and any that does not do what is said of it ends the demo.
set -eu

if [ "${1-}" != session ]; then
    cd "$(dirname "$0")/.."
    settings=$(env | sed -n -e 's/^\(MSGCLI_[A-Z_]*\)=.*/\1/p' -e 's/^\(ANTHROPIC_[A-Z_]*\)=.*/\1/p')
    for name in $settings; do unset "$name"; done
    exec msgcli serve --delay 10ms -- sh tests/demo.sh session
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say() { printf '\n# %s\n' "$1"; }

# run STATUS PATTERN COMMAND: the status and a line of the output that COMMAND must have.
run() {
    printf '$ %s\n' "$3"
    { status=0; sh -c "$3" 2>&1 || status=$?; echo "$status" >"$scratch/status"; } | tee "$scratch/output"
    status=$(cat "$scratch/status")
    [ "$status" -eq 0 ] || printf '$ echo $?\n%s\n' "$status"
    if [ "$status" -ne "$1" ]; then
        echo "demo: wanted status $1" >&2
        exit 1
    fi
    if ! grep -q -e "$2" "$scratch/output"; then
        echo "demo: wanted a line like: $2" >&2
        exit 1
    fi
}

printf '# The endpoint is msgcli serve: no key, no network, no cost; it repeats the prompt.\n'
printf '$ export ANTHROPIC_BASE_URL=%s\n' "$ANTHROPIC_BASE_URL"

say 'Text, written as it streams in; the reader may leave when it has enough.'
run 0 '^# msgcli' "msgcli create -p 'Summarise.' <README.md | head -n 4"

say 'The Message as JSON, as the endpoint sent it.'
run 0 '"stop_reason": *"end_turn"' 'msgcli create -f json setup.py'

say 'The event stream, byte for byte.'
run 0 '^event: message_stop' "head -n 1 LICENSE | msgcli create -f sse"

say 'The same in three steps, each of which other tools can stand in for.'
run 0 '^MIT License' 'msgcli build LICENSE | msgcli post | msgcli decode | head -n 1'

say 'Only a complete answer is status 0: this one was cut short by max_tokens.'
run 10 'max_tokens' 'msgcli create --max-tokens 5 LICENSE'

say 'An endpoint that is overloaded is status 6: come back later.'
run 6 'overloaded' 'msgcli serve --fault 529 -- msgcli create --retries 0 setup.py'

printf '\ndemo: all as it should be\n'

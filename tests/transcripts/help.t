What there is, in short; the pages say the rest.

  $ msgcli --version
  msgcli \d+\.\d+\.\d+\S* (re)
  $ msgcli --help | head -n 3
  Usage: msgcli [OPTIONS] COMMAND [ARGS]...
  
    Unix-style client for endpoints that speak the Anthropic Messages API
  $ msgcli --help | grep -c -E '^  (batches|build|completion|count-tokens|create|decode|doctor|map|models|post|serve|usage)  '
  12
  $ msgcli usage -h
  Usage: msgcli usage [OPTIONS] [LOG]...
  
    Sum up what the usage logs say.
  
  Options:
    --by KEYS               Rows by day, model or label, or several; default
                            day,model.
    --prices FILE           Show the cost, by these prices.
    -f, --format text|json  What is written: text for people and pipes, or JSON.
    -q, --quiet             Errors only on standard error.
    -h, --help              Show this and exit.

Completion for a shell is a script that it reads.

  $ msgcli completion bash >script; bash -n script
  $ eval "$(msgcli completion bash)"; complete -p msgcli
  complete .*msgcli (re)

The models of the endpoint, one id a line.

  $ msgcli models list | head -3
  claude-opus-5-5
  claude-sonnet-5-5
  claude-haiku-5-5
  $ msgcli models list | grep -c .
  9

With `-f json`, what the endpoint says of them.

  $ msgcli models list -f json | jq -r '.data[] | select(.line == "haiku") | "\(.id) \(.max_tokens)"'
  claude-haiku-5-5 128000
  claude-haiku-4-5-20251001 64000

One model, by its id or an alias.

  $ msgcli models retrieve claude-haiku-4-5
  claude-haiku-4-5-20251001
  $ msgcli models retrieve -f json claude-haiku-4-5 | jq -r .display_name
  Claude Haiku 4.5
  $ msgcli models retrieve nothing/here
  msgcli: 127.0.0.1:\d+: not_found_error: model: nothing/here \(HTTP 404, request req_\w+\); msgcli models list shows those that there are (re)
  [5]
  $ msgcli models retrieve ..
  msgcli: '..' is not the id of a model
  [2]
  $ msgcli models
  msgcli: missing command
  [2]
  $ msgcli models list -v >/dev/null
  msgcli: GET http://127.0.0.1:\d+/v1/models\?limit=100 200 req_\w+ \d+ms (re)

A list in the form of OpenAI's API is one too.

  $ mkdir -p kept/0001; echo 'GET /v1/models?limit=100' >kept/0001/path
  $ echo '{"object":"list","data":[{"id":"qwen3","object":"model"},{"id":"llama3.2","object":"model"}]}' >kept/0001/response.json
  $ msgcli serve --replay kept -- msgcli models list
  qwen3
  llama3.2
  $ msgcli serve --replay kept -- msgcli models list -f json | jq -c .data[0]
  {"id":"qwen3","object":"model"}

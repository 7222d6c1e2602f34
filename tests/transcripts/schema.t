A reply is valid against the schema, or it is nothing.

  $ cat >schema.json <<END
  > {"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}
  > END
  $ cat >replies.json <<END
  > [{"match":"not valid","text":"{\"n\":7}"},
  >  {"match":"^wrong","text":"{\"n\":\"seven\"}"},
  >  {"match":"^prose","text":"Here you are."},
  >  {"match":"^refused","text":"I will not.","stop_reason":"refusal"},
  >  {"match":"^long","text":"{\"n\"","stop_reason":"max_tokens"},
  >  {"match":"^good","text":"{ \"n\": 5 }"}]
  > END
  $ msgcli serve --replies replies.json >url 2>/dev/null & 
  $ until [ -s url ]; do sleep 0.05; done; export ANTHROPIC_BASE_URL=$(cat url)
  $ msgcli build --schema schema.json -p x --no-stdin | jq -c .output_config.format.type
  "json_schema"
  $ msgcli create --schema schema.json -p good --no-stdin
  { "n": 5 }
  $ msgcli create --schema schema.json -p wrong --no-stdin
  msgcli: schema: $.n: 'seven' is not of type 'integer'
  [13]
  $ msgcli create --schema schema.json -p prose --no-stdin -f json
  msgcli: schema: the reply is not JSON: line 1: expecting value (column 1)
  [13]

An error can be sent back.

  $ msgcli create --schema schema.json -p wrong --no-stdin --repair 1
  {"n":7}
  $ msgcli create --schema schema.json -p wrong --no-stdin --repair 1 --conversation talk -o answer
  $ cat answer; jq -c .content talk
  {"n":7}
  "wrong"
  [{"type":"text","text":"{\"n\":7}"}]

A reply that is truncated or refused is that, and no JSON.

  $ msgcli create --schema schema.json -p long --no-stdin
  msgcli: the reply is truncated: max_tokens
  [10]
  $ msgcli create --schema schema.json -p refused --no-stdin
  msgcli: the model refused
  [11]

Where an endpoint has no structured output, a tool is forced, and its input is the answer.

  $ msgcli build --schema schema.json --schema-mode tool -p x --no-stdin | jq -c '[.tools[0].name, .tool_choice]'
  ["answer",{"type":"tool","name":"answer"}]
  $ msgcli create --schema schema.json --schema-mode tool -p x --no-stdin
  {"n":0}
  $ msgcli create --schema schema.json --schema-mode tool -p x --no-stdin --conversation forced; jq -c .content forced
  {"n":0}
  "x"
  [{"type":"text","text":"{\"n\":0}"}]

The schema is checked before anything is sent, and nothing outside of it is looked up.

  $ echo '{"type":"objec"}' | msgcli create --schema - -p x
  msgcli: --schema: standard input: not a schema: $.type: 'objec' is not valid under any of the given schemas
  [3]
  $ echo '{"$ref":"https://example.com/schema"}' | msgcli create --schema - -p x
  msgcli: --schema: standard input: $ref https://example.com/schema: there is no such place in the schema
  [3]
  $ echo '{"$ref":"#/$defs/a","$defs":{"a":{"type":"object","additionalProperties":false}}}' | msgcli create --schema - -p x
  {}
  $ echo '{"$ref":"#/$defs/b","$defs":{}}' | msgcli create --schema - -p x
  msgcli: --schema: standard input: $ref #/$defs/b: there is no such place in the schema
  [3]
  $ echo '[' | msgcli create --schema - -p x
  msgcli: --schema: standard input: line 2: expecting value (column 1)
  [3]
  $ msgcli create --schema-mode tool -p x --no-stdin
  msgcli: --schema-mode: there is no --schema that it is for
  [2]
  $ kill %1

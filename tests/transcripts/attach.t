Attachments stand before the text. Content tells what they are, and not the name.

  $ base64 -d >photo <<'END'
  > iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==
  > END
  $ printf '%%PDF-1.4\n%%%%EOF\n' >paper; echo 'Some notes' >notes.png
  $ msgcli create -a photo -a paper -a notes.png -p 'What are these?'
  What are these?
  $ msgcli build -a photo -a paper -a notes.png -p 'What are these?' | jq -c '.messages[].content[] | [.type, .source.media_type, .text]'
  ["image","image/png",null]
  ["document","application/pdf",null]
  ["document","text/plain",null]
  ["text",null,"What are these?"]
  $ msgcli build -a notes.png </dev/null | jq -c .messages[].content
  [{"type":"document","source":{"type":"text","media_type":"text/plain","data":"Some notes\n"}}]

An attachment can come from standard input, which is not the prompt then.

  $ msgcli build -a - -p 'Describe it.' <photo | jq -c '.messages[].content | [.[0].source.media_type, .[1].text]'
  ["image/png","Describe it."]
  $ msgcli build -a photo -p 'Describe it.' | jq -r .messages[].content[0].source.data | base64 -d | cmp - photo

A URL is handed on, not fetched. --attach-as says what something is.

  $ msgcli build -a https://example.org/a.pdf --attach-as image/webp https://example.org/b </dev/null | jq -c .messages[].content[]
  {"type":"document","source":{"type":"url","url":"https://example.org/a.pdf"}}
  {"type":"image","source":{"type":"url","url":"https://example.org/b"}}
  $ msgcli build -a https://example.org/b
  msgcli: --attach: https://example.org/b: its end does not say what it is of; --attach-as TYPE URL does, such as image/png or application/pdf
  [2]
  $ msgcli create --attach-as image/gif photo -p 'What is this?'
  msgcli: 127.0.0.1:\d+: invalid_request_error: .* the data is image/png, not image/gif \(HTTP 400, .* (re)
  [5]

What is none of these is not sent.

  $ printf 'caf\351' >latin; msgcli create -a latin
  msgcli: --attach: latin: not PNG, JPEG, GIF, WebP, PDF or UTF-8 text; --attach-as TYPE sends it as what it is
  [3]
  $ msgcli create -a /dev/null
  msgcli: --attach: /dev/null: it is empty
  [3]
  $ msgcli create photo
  msgcli: photo: invalid UTF-8 at byte 0; -a attaches an image or a PDF
  [3]

# Prosody with Jitsi's token plugins: `app_secret` in a Lua config file (lexical rules: Lua 5.4 manual, section 3.1).

{ source = source $0 "\n" }

END {
  at = 1
  section = 0
  while (next_token()) {
    if (before == "VirtualHost" || before == "Component") {
      if (kind == "string") host[++section] = text
      if (before == "VirtualHost") is_host[section] = 1
    }
    if (awaiting != "") assign()
    if (kind == "symbol") {
      # `name =` begins a setting; `name ==`, `table.name =` and `local name =` do not.
      if (token == "=" && settable && depth == 0 && substr(source, at, 1) != "=") awaiting = before
      if (token ~ /[{([]/) depth++
      if (token ~ /[])}]/) depth--
    }
    settable = (kind == "name" && before != "." && before != ":" && before != "local")
    before = token
  }
  if (!secret_line) problem("app_secret is missing")
  report("app_id")
  report("authentication")
  report("allow_empty_token")
  if (is_host[secret_section]) setting("VirtualHost", host[secret_section])
  found(secret_at, secret_length, secret)
}

# The setting of the section that app_secret stands in, else the global one, as Prosody looks it up.
function report(name) {
  if ((secret_section, name) in values) setting(name, values[secret_section, name])
  else if ((0, name) in values) setting(name, values[0, name])
}

# Takes the token after `name =` as that name's value.
function assign(name) {
  name = awaiting
  awaiting = ""
  if (name != "app_secret") {
    if (kind != "symbol") values[section, name] = text
    return
  }
  if (secret_line) problem("app_secret stands twice, in lines " secret_line " and " line_of(token_at))
  if (kind != "string") problem("app_secret is not a plain string (line " line_of(token_at) ")")
  if (index(text, "\n")) problem("app_secret goes on over a second line (line " line_of(token_at) ")")
  if (!ends_statement(at)) problem("app_secret is an expression (line " line_of(token_at) "): write it as one string")
  secret_line = line_of(token_at)
  secret_section = section
  secret_at = token_at - 1
  secret_length = at - token_at
  secret = text
}

# Whether nothing that could continue an expression follows at `from`.
function ends_statement(from, rest) {
  rest = substr(source, from)
  for (;;) {
    if (match(rest, /^[ \t\r\n]+/)) rest = substr(rest, RLENGTH + 1)
    else if (rest ~ /^--\[=*\[/) return 0
    else if (match(rest, /^--[^\n]*/)) rest = substr(rest, RLENGTH + 1)
    else break
  }
  return rest == "" || rest ~ /^;/ || (rest ~ /^[A-Za-z_]/ && rest !~ /^(and|or)([^A-Za-z0-9_]|$)/)
}

function line_of(position, part) {
  part = substr(source, 1, position - 1)
  return gsub(/\n/, "", part) + 1
}

# Reads one token from `at`: sets `kind` (name, string, number, symbol), `token`, `text` (a string's value) and `token_at`.
function next_token(rest, close_mark, end) {
  for (;;) {
    rest = substr(source, at)
    if (rest == "") return 0
    if (match(rest, /^[ \t\r\n\f\v]+/)) { at += RLENGTH; continue }
    if (match(rest, /^--\[=*\[/)) {
      close_mark = substr(rest, 3, RLENGTH - 2)
      gsub(/\[/, "]", close_mark)
      end = index(rest, close_mark)
      if (!end) problem("the comment in line " line_of(at) " has no end")
      at += end + length(close_mark) - 1
      continue
    }
    if (match(rest, /^--[^\n]*/)) { at += RLENGTH; continue }
    break
  }
  token_at = at
  if (match(rest, /^[A-Za-z_][A-Za-z0-9_]*/)) return take("name")
  if (match(rest, /^[0-9][0-9A-Za-z_.]*/)) return take("number")
  if (match(rest, /^\[=*\[/)) {
    close_mark = substr(rest, 1, RLENGTH)
    gsub(/\[/, "]", close_mark)
    end = index(rest, close_mark)
    if (!end) problem("the string in line " line_of(at) " has no end")
    text = substr(rest, RLENGTH + 1, end - RLENGTH - 1)
    sub(/^\r?\n/, "", text)
    token = "string"
    kind = "string"
    at += end + length(close_mark) - 1
    return 1
  }
  if (rest ~ /^["']/) return take_quoted(rest)
  RLENGTH = 1
  return take("symbol")
}

function take(what) {
  kind = what
  token = substr(source, at, RLENGTH)
  text = token
  at += RLENGTH
  return 1
}

function take_quoted(rest, quote, i, c) {
  quote = substr(rest, 1, 1)
  for (i = 2; (c = substr(rest, i, 1)) != "" && c != quote; i++) {
    if (c == "\\") i++
    else if (c == "\n") break
  }
  if (c != quote) problem("the string in line " line_of(at) " has no end")
  kind = "string"
  token = "string"
  text = substr(rest, 2, i - 2)
  # Only the secret has to be understood to the last escape.
  if (awaiting == "app_secret") text = unescaped(text, "\\\"'", "app_secret")
  at += i
  return 1
}

# rtcstats-server: `jwtSecret` under the top-level `authorization` of its YAML config, in block style.

{
  line = $0
  start = offset
  offset += length(line) + 1
  sub(/\r$/, "", line)
  if (line ~ /^[ ]*(#|$)/) next
  match(line, /^ */)
  indent = RLENGTH

  if (watching && indent > child) problem("authorization.jwtSecret goes on over a second line: write it on one")
  watching = 0

  if (indent == 0) {
    inside = 0
    if (line ~ /^["']?authorization["']?[ \t]*:([ \t]|$)/) {
      if (sections++) problem("authorization stands twice, the second time in line " NR)
      rest = line
      sub(/^[^:]*:[ \t]*/, "", rest)
      if (rest != "" && rest !~ /^#/) problem("authorization is not written in block style (line " NR "): put jwtSecret on a line of its own")
      inside = 1
      child = 0
    }
    next
  }
  if (!inside) next
  if (!child) child = indent
  if (indent != child || line !~ /^ *["']?jwtSecret["']?[ \t]*:([ \t]|$)/) next

  if (secret_line) problem("authorization.jwtSecret stands twice, in lines " secret_line " and " NR)
  secret_line = NR
  watching = 1
  match(line, /^[^:]*:[ \t]*/)
  at = RLENGTH + 1
  read_scalar(substr(line, at))
  secret_at = start + at - 1
}

# Sets `raw` (as written, with quotes) and `text` (as read) from the rest of a line.
function read_scalar(rest, first, i, c, after) {
  first = substr(rest, 1, 1)
  if (rest == "" || first == "#") problem("authorization.jwtSecret has no value (line " NR "): write it as jwtSecret: \"\"")
  if (index("|>&*!{[%@`", first)) problem("authorization.jwtSecret is not a plain string (line " NR ")")
  if (first == "\"" || first == "'") {
    for (i = 2; i <= length(rest); i++) {
      c = substr(rest, i, 1)
      if (first == "\"" && c == "\\") i++
      else if (c == first) {
        if (first == "'" && substr(rest, i + 1, 1) == "'") i++
        else break
      }
    }
    if (i > length(rest)) problem("authorization.jwtSecret has no closing quote (line " NR ")")
    raw = substr(rest, 1, i)
    after = substr(rest, i + 1)
    if (after !~ /^([ \t]*|[ \t]+#.*)$/) problem("authorization.jwtSecret has text after its value (line " NR ")")
      text = substr(raw, 2, i - 2)
    if (first == "\"") text = unescaped(text, "\\\"/", "authorization.jwtSecret")
    else gsub(/''/, "'", text)
    return
  }
  raw = rest
  sub(/[ \t]+#.*$/, "", raw)
  sub(/[ \t]+$/, "", raw)
  text = raw
}

END {
  if (failed) exit
  if (!secret_line) problem("authorization.jwtSecret is missing")
  found(secret_at, length(raw), text)
}

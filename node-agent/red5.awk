# Red5 Pro: `jwt.secret` in WEB-INF/red5-web.properties (grammar: java.util.Properties.load).

{
  line = $0
  start = offset
  offset += length(line) + 1
  sub(/\r$/, "", line)

  if (continued) {
    continued = line ~ /(^|[^\\])(\\\\)*\\$/
    next
  }
  if (line ~ /^[ \t\f]*([#!]|$)/) next
  continued = line ~ /(^|[^\\])(\\\\)*\\$/

  match(line, /^[ \t\f]*/)
  at = RLENGTH + 1
  key = ""
  while (at <= length(line) && (c = substr(line, at, 1)) !~ /[=: \t\f]/) {
    if (c == "\\") c = substr(line, ++at, 1)
    key = key c
    at++
  }
  rest = substr(line, at)
  match(rest, /^[ \t\f]*[=:]?[ \t\f]*/)
  at += RLENGTH
  value = substr(line, at)

  if (key == "jwt.secret") {
    if (secret_line) problem("jwt.secret stands twice, in lines " secret_line " and " NR)
    if (continued) problem("jwt.secret goes on over a second line: write it on one")
    secret_line = NR
    secret_at = start + at - 1
    secret = value
  } else if (key ~ /^(jwt\.ttl\.minutes|jwt\.issuer|auth\.(active|rtmp|rtsp|rtc|srt|mpegts))$/) {
    # The last one counts, as it does for Java.
    if (!(key in values)) names[++count] = key
    values[key] = value
  }
}

END {
  if (failed) exit
  if (!secret_line) problem("jwt.secret is missing")
  for (i = 1; i <= count; i++) setting(names[i], values[names[i]])
  found(secret_at, length(secret), unescaped(secret, "\\=:#! \"'", "jwt.secret"))
}

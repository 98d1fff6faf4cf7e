# A key ring file: a JSON object from kid to secret, an entry a line as this script and the rotation write it. Prints a line
# `KID SECRET` for each entry, or one line "problem TEXT". An empty file is a ring without keys. Run with LC_ALL=C.

/^[ \t\r]*$/ { next }
/^[{][}]?[ \t\r]*$/ && !opened { opened = 1; closed = /[}]/; next }
/^[}][ \t\r]*$/ && opened && !closed { closed = 1; next }
opened && !closed && /^ *"[A-Za-z0-9-]+": "[A-Za-z0-9+\/=_-]+",?[ \t\r]*$/ {
  split($0, part, "\"")
  ring = ring part[2] " " part[4] "\n"
  next
}
{ failed = 1; exit }

END {
  if (failed || opened != closed) print "problem it is no key ring file: {} with an entry a line, \"kid\": \"secret\""
  else printf "%s", ring
}

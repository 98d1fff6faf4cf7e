# What the three readers share: how a finding is printed.
#
# A reader prints three lines and nothing else:
#   OFFSET LENGTH     the bytes of the file that hold the value, with its quotes, counted from 0
#   VALUE             the value as the server reads it
#   SETTINGS          a JSON object of strings
# or one line "problem TEXT". Run with LC_ALL=C: a character is a byte here.

function found(offset, len, value) {
  print offset " " len
  print value
  print "{" settings "}"
}

# Ends the reading. (From a rule awk still runs END, which has to look at `failed` first.)
function problem(text) {
  failed = 1
  print "problem " text
  exit
}

# Adds one setting to the JSON object. Bytes that are not printable ASCII become "?": settings are reported, not written back.
function setting(name, value) {
  settings = settings (settings == "" ? "" : ",") quoted(name) ":" quoted(substr(value, 1, 100))
}

function quoted(text, out, i, c) {
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\\" || c == "\"") out = out "\\" c
    else if (c < " " || c > "~") out = out "?"
    else out = out c
  }
  return "\"" out "\""
}

# Undoes the backslash escapes of text; `plain` lists the characters that stand for themselves after a backslash.
# Any other escape ends the reading: guessing at it would give a fingerprint of something that the server does not hold.
function unescaped(text, plain, where, out, i, c) {
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\\") {
      c = substr(text, ++i, 1)
      if (c == "" || index(plain, c) == 0) problem(where " uses an escape that is not read here: write the character itself")
    }
    out = out c
  }
  return out
}

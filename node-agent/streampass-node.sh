#!/bin/sh
# Brings one media server on this node to a version of its secret, or reports which one it holds.
#
#   streampass-node.sh observe --kind KIND
#   streampass-node.sh apply   --kind KIND --secret-arn ARN --version-id ID
#   streampass-node.sh boot    --kind KIND
#
# KIND is red5, jitsi or rtcstats; its settings stand in /etc/streampass/KIND.conf. README.md beside this file describes
# the modes and the report, one line of JSON at the end of standard output. Exit status: 0 without a problem, 1 with one,
# 2 for a wrong call.
#
# The secret is only ever in this shell's memory, in pipes and in the config file (and the new file that is renamed over
# it): `printf` is built into the shell, so no process has the secret among its arguments, and no variable is exported.
# Run by Linux with a POSIX shell, awk, sed, GNU or BusyBox coreutils, flock, curl and the AWS CLI.

set -eu
set +x # whoever traces this script must not see the secret
unset answer found secret written held ring # a name that came from the environment would be exported again with our value
umask 077
export LC_ALL=C AWS_PAGER=
nl='
'
tab=$(printf '\t')
here=$(cd "$(dirname "$0")" && pwd)
conf_dir=${STREAMPASS_CONF_DIR:-/etc/streampass}
state_dir=${STREAMPASS_STATE_DIR:-/var/lib/streampass}

# As asked for.
mode='' kind='' secret_arn='' version_id=''
# From KIND.conf.
config='' conf_secret='' keyring='' reload='' ready='' reload_seconds=60 ready_seconds=120
# What is found out.
fingerprint='' held_version='' settings='' held_ring='' new_file='' reported=''

main() {
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  parse_arguments "$@"
  read_conf
  lock
  if [ "$keyring" = yes ]; then "ring_$mode"; else "$mode"; fi
  report
}

# However the script ends short of a kill, no half-written file stays and there is a report.
finish() {
  [ -z "$new_file" ] || rm -f -- "$new_file" || :
  [ -n "$reported" ] || report 'the script stopped before it was done'
}

# ---- Arguments and settings

usage() {
  printf 'streampass-node.sh: %s\n' "$1" >&2
  printf '{"problem":"%s"}\n' "$1"
  reported=yes
  exit 2
}

parse_arguments() {
  case ${1-} in
    observe | apply | boot) mode=$1 ;;
    *) usage 'the mode must be observe, apply or boot' ;;
  esac
  shift
  while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage 'an option has no value'
    case $1 in
      --kind) kind=$2 ;;
      --secret-arn) secret_arn=$2 ;;
      --version-id) version_id=$2 ;;
      *) usage 'the options are --kind, --secret-arn and --version-id' ;;
    esac
    shift 2
  done
  case $kind in
    red5 | jitsi | rtcstats) ;;
    *) usage 'the kind must be red5, jitsi or rtcstats' ;;
  esac
  [ -z "$secret_arn" ] || matches "$secret_arn" 'arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+' ||
    usage 'the secret must be named by its full ARN'
  [ -z "$version_id" ] || matches "$version_id" '[A-Za-z0-9-]{32,64}' || usage 'the version id must be 32 to 64 of A-Z a-z 0-9 -'
  [ "$mode" != apply ] || [ -n "$secret_arn" ] || usage 'apply needs --secret-arn'
  [ "$mode" != apply ] || [ -n "$version_id" ] || usage 'apply needs --version-id'
}

# Whether the whole of $1 matches the extended expression $2. A value of several lines never does.
matches() {
  [ "$1" = "${1%%"$nl"*}" ] || return 1
  printf '%s\n' "$1" | grep -Eqx -- "$2"
}

# KIND.conf holds `key=value` lines; it is read, not run.
read_conf() {
  conf=$conf_dir/$kind.conf
  [ -r "$conf" ] || fail "$conf is missing or cannot be read"
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      '' | '#'*) ;;
      secret=*) conf_secret=${line#*=} ;;
      config=*) config=${line#*=} ;;
      keyring=*) keyring=${line#*=} ;;
      reload=*) reload=${line#*=} ;;
      ready=*) ready=${line#*=} ;;
      reload_seconds=*) reload_seconds=${line#*=} ;;
      ready_seconds=*) ready_seconds=${line#*=} ;;
      *) fail "$conf: a line is none of secret=, config=, keyring=, reload=, ready=, reload_seconds=, ready_seconds=" ;;
    esac
  done <"$conf"
  matches "$conf_secret" 'arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+' ||
    fail "$conf: secret= must be the full ARN of the secret"
  matches "$reload_seconds" '[1-9][0-9]{0,3}' || fail "$conf: reload_seconds= must be 1 to 9999"
  matches "$ready_seconds" '[1-9][0-9]{0,3}' || fail "$conf: ready_seconds= must be 1 to 9999"
  case $keyring in
    '') ;;
    yes)
      [ "$kind" != red5 ] || fail "$conf: keyring=yes is for servers that can hold several secrets, and Red5 Pro cannot"
      [ -z "$reload" ] || fail "$conf: keyring=yes needs no reload=: the server reads the file at each connection"
      ;;
    *) fail "$conf: keyring= must be yes or left out" ;;
  esac
  [ "$keyring" = yes ] || [ -n "$reload" ] || fail "$conf: reload= must be the command that makes the server read its config again"
  [ -z "$secret_arn" ] || [ "$secret_arn" = "$conf_secret" ] || fail "the command names another secret than $conf does"
  case $config in
    /*) ;;
    *) fail "$conf: config= must be the absolute path of the server's config file" ;;
  esac
  [ -z "$ready" ] || command -v curl >/dev/null || fail "$conf: ready= needs curl, which is not installed"
  new_file=$(dirname "$config")/.streampass-new-$(basename "$config")
}

# One run at a time for each kind; the lock ends with the process, however it ends.
lock() {
  mkdir -p "$state_dir" 2>/dev/null || fail "$state_dir cannot be made"
  wait_seconds=10
  [ "$mode" = observe ] || wait_seconds=120
  (: >>"$state_dir/$kind.lock") 2>/dev/null || fail "$state_dir cannot be written"
  exec 9>>"$state_dir/$kind.lock"
  flock -w "$wait_seconds" 9 || fail 'another run of this script is at work'
  # What a killed run may have left behind.
  rm -f -- "$new_file" || fail "$new_file is left from a killed run and cannot be removed"
}

# ---- The three modes

observe() {
  read_config
  loaded=$(loaded_fingerprint)
  in_file=$(fingerprint_of "$held")
  if [ -n "$loaded" ] && [ "$loaded" != "$in_file" ]; then
    fingerprint=$loaded
    fail 'the config has changed since the server was last reloaded: a reload is due'
  fi
  fingerprint=$in_file
  [ -n "$held" ] || fail 'the secret in the config is empty: the server accepts anybody'
}

apply() {
  read_config
  fetch --version-id "$version_id" || fail "Secrets Manager did not give version $version_id ($fetch_problem)"
  check_secret
  if [ "$held" = "$secret" ] && [ "$(loaded_fingerprint)" = "$(fingerprint_of "$secret")" ]; then
    took_effect
    return
  fi
  [ "$held" = "$secret" ] || write_secret
  reload_server
  took_effect
}

# Runs before the server starts: retries for as long as it takes, since a server that starts without the version that the
# fleet is meant to hold would turn people away.
boot() {
  if [ -n "$ready" ] && answers; then fail 'the server is running already: apply changes its secret, boot does not'; fi
  read_config
  pause=1
  until fetch --version-stage STREAMPASS_SERVERS; do
    printf 'streampass-node.sh: no version labelled STREAMPASS_SERVERS yet (%s), next try in %s s\n' "$fetch_problem" "$pause" >&2
    sleep "$pause" 9>&-
    pause=$((pause * 2))
    [ "$pause" -le 30 ] || pause=30
  done
  check_secret
  [ "$held" = "$secret" ] || write_secret
  took_effect
}

# ---- The three modes, where KIND.conf says keyring=yes: the file holds every live secret by its kid

ring_observe() {
  read_ring "$config"
}

ring_apply() {
  read_ring "$config"
  fetch_ring || fail "Secrets Manager did not give the live versions ($fetch_problem)"
  case $ring_ids in
    *" $version_id "*) ;;
    *) fail "version $version_id is none of the live ones: nothing was changed" ;;
  esac
  write_ring
  held_version=$version_id
}

ring_boot() {
  if [ -n "$ready" ] && answers; then fail 'the server is running already: apply changes its secrets, boot does not'; fi
  read_ring "$config"
  pause=1
  until fetch_ring; do
    printf 'streampass-node.sh: the live versions cannot be had yet (%s), next try in %s s\n' "$fetch_problem" "$pause" >&2
    sleep "$pause" 9>&-
    pause=$((pause * 2))
    [ "$pause" -le 30 ] || pause=30
  done
  write_ring
}

# Sets ring to a line `KID SECRET` for each live version, and ring_ids to their ids, or fetch_problem. A version that is
# not there, or is too short to be signed with, is left out; one that only could not be read may be in use, so then none
# is taken.
fetch_ring() {
  ring='' ring_ids=' '
  for label in AWSCURRENT AWSPENDING AWSPREVIOUS; do
    if ! fetch --version-stage "$label"; then
      case $label/$fetch_problem in
        AWSCURRENT/*) return 1 ;;
        *ResourceNotFoundException) continue ;;
        *) return 1 ;;
      esac
    fi
    case $ring_ids in *" $fetched_id "*) continue ;; *) ;; esac
    [ "$label" = AWSCURRENT ] || [ "${#secret}" -ge 32 ] || continue
    check_secret
    ring="$ring$(printf '%.8s' "$fetched_id") $secret$nl"
    ring_ids="$ring_ids$fetched_id "
  done
}

# Sets held_ring, in the form of fetch_ring, from the file $1.
read_ring() {
  check_file "$1"
  held_ring=$(awk -f "$here/keyring.awk" "$1" </dev/null) || fail "$1 cannot be read"
  case $held_ring in
    'problem '*) fail "$1: ${held_ring#problem }" ;;
    '') ;;
    *) held_ring=$held_ring$nl ;;
  esac
}

write_ring() {
  [ "$held_ring" != "$ring" ] || return 0
  write_new_file print_ring
  read_ring "$new_file"
  [ "$held_ring" = "$ring" ] || fail "$config would not read back: nothing was changed"
  move_new_file
}

print_ring() {
  printf '{'
  printf '%s' "$ring" | {
    separator=
    while read -r kid secret; do
      printf '%s\n  "%s": "%s"' "$separator" "$kid" "$secret"
      separator=,
    done
  }
  printf '\n}\n'
}

# The held secrets' fingerprints by kid, as members of a JSON object.
ring_report() {
  printf '%s' "$held_ring" | {
    separator=
    while read -r kid secret; do
      printf '%s"%s":"%s"' "$separator" "$kid" "$(fingerprint_of "$secret")"
      separator=,
    done
  }
}

# ---- Secrets Manager

# fetch --version-id ID | --version-stage LABEL: sets fetched_id and secret, or fetch_problem.
fetch() {
  region=${conf_secret#arn:*:secretsmanager:}
  region=${region%%:*}
  errors=$state_dir/$kind.aws-errors
  # The status travels behind the answer, since a pipe keeps only its last command's. A NUL byte would vanish from a
  # variable, so it becomes a control character, which check_secret refuses.
  answer=$(
    {
      status=0
      timeout -k 5 60 aws secretsmanager get-secret-value --region "$region" --secret-id "$conf_secret" "$@" \
        --query '[VersionId,SecretString]' --output text 2>"$errors" </dev/null 9>&- || status=$?
      printf '\n%s' "$status"
    } | tr '\000' '\001'
  )
  status=${answer##*"$nl"}
  answer=${answer%"$nl"*}
  answer=${answer%"$nl"}
  if [ "$status" != 0 ]; then
    fetch_problem="aws exit status $status$(sed -n 's/.*(\([A-Za-z]\{1,64\}\)).*/, \1/p' "$errors" | head -n 1)"
    return 1
  fi
  fetched_id=${answer%%"$tab"*}
  secret=${answer#*"$tab"}
  if ! matches "$fetched_id" '[A-Za-z0-9-]{32,64}' || { [ "$1" = --version-id ] && [ "$fetched_id" != "$2" ]; }; then
    fetch_problem='the answer is of another version'
    return 1
  fi
}

# Refuses what an issuer would not sign with, and every character that a config format would need to escape: the
# rotation makes base64url, `openssl rand -base64 32` the rest of this alphabet.
check_secret() {
  [ "${#secret}" -ge 32 ] || fail "version $fetched_id is shorter than 32 bytes or no text: nothing was changed"
  case $secret in
    *[!A-Za-z0-9+/=_-]*) fail "version $fetched_id holds characters other than A-Z a-z 0-9 + / = _ -: nothing was changed" ;;
    *) ;;
  esac
}

# ---- The config file

# Sets held, offset, length and settings from the file $1 (by default the server's config), or fails.
read_config() {
  file=${1:-$config}
  check_file "$file"
  # </dev/null: awk must not wait for input if the file goes away.
  found=$(awk -f "$here/report.awk" -f "$here/$kind.awk" "$file" </dev/null) || fail "$file cannot be read"
  case $found in
    'problem '*) fail "$file: ${found#problem }" ;;
    *"$nl"*"$nl"*) ;;
    *) fail "$file cannot be read" ;;
  esac
  span=${found%%"$nl"*}
  offset=${span% *}
  length=${span#* }
  found=${found#*"$nl"}
  held=${found%%"$nl"*}
  settings=${found#*"$nl"}
}

check_file() {
  [ ! -L "$1" ] || fail "$1 is a symbolic link: name the file itself in $conf"
  [ -f "$1" ] || fail "$1 is missing or no plain file"
  [ -r "$1" ] || fail "$1 cannot be read"
}

# Puts the secret in place of the held one. Every other byte, the mode and the owner stay; the file is at any moment
# either the old one or the new one, also after a crash.
write_secret() {
  written=$secret
  [ "$kind" = red5 ] || written=\"$secret\"
  write_new_file print_config
  read_config "$new_file"
  [ "$held" = "$secret" ] || fail "$config would not read back with version $fetched_id: nothing was changed"
  move_new_file
}

print_config() {
  head -c "$offset" "$config" && printf '%s' "$written" && tail -c "+$((offset + length + 1))" "$config"
}

# Makes the new file out of what the function $1 prints, with the mode and the owner of the config.
write_new_file() {
  # Root may write whatever the bits say; a file without any write bit was locked on purpose.
  case $(stat -c %A "$config") in
    *w*) ;;
    *) fail "$config is read-only" ;;
  esac
  # Opened once, exclusively; owner and mode are set through the open file, so that nobody who may write to this
  # directory can slip in a link.
  (
    set -C
    exec 3>"$new_file"
    "$1" >&3 &&
      chown "$(stat -c %u:%g "$config")" /proc/self/fd/3 &&
      chmod "$(stat -c %a "$config")" /proc/self/fd/3 &&
      sync /proc/self/fd/3
  ) 2>/dev/null || fail "$(dirname "$config") cannot be written: nothing was changed"
}

move_new_file() {
  mv -f -- "$new_file" "$config" || fail "$config cannot be replaced: nothing was changed"
  sync "$(dirname "$config")" || fail "$(dirname "$config") could not be flushed to disk"
}

# ---- The server

# The reload's own output is dropped: Prosody and others print their settings in it at debug level.
reload_server() {
  status=0
  timeout -k 5 "$reload_seconds" sh -c "$reload" >/dev/null 2>&1 </dev/null 9>&- || status=$?
  case $status in
    0) ;;
    124 | 137) fail "the reload command did not end within $reload_seconds s" ;;
    *) fail "the reload command failed with exit status $status" ;;
  esac
  [ -n "$ready" ] || return 0
  deadline=$(($(date +%s) + ready_seconds))
  until answers; do
    [ "$(date +%s)" -lt "$deadline" ] || fail "the server did not answer at $ready within $ready_seconds s after its reload"
    sleep 1 9>&-
  done
}

# Any HTTP answer will do: whether tokens are accepted is found out by a connection from outside.
answers() {
  curl -s -o /dev/null --max-time 3 -- "$ready" </dev/null 9>&-
}

loaded_fingerprint() {
  [ ! -f "$state_dir/$kind.loaded" ] || head -n 1 "$state_dir/$kind.loaded"
}

# Records and reports that the server holds the secret.
took_effect() {
  fingerprint=$(fingerprint_of "$secret")
  held_version=$fetched_id
  printf '%s\n' "$fingerprint" >"$state_dir/$kind.loaded.new"
  sync "$state_dir/$kind.loaded.new"
  mv -f -- "$state_dir/$kind.loaded.new" "$state_dir/$kind.loaded"
}

fingerprint_of() {
  printf '%s' "$1" | sha256sum | cut -c 1-16
}

# ---- The report

# report [PROBLEM]
report() {
  reported=yes
  problem=$(printf '%s' "${1-}" | tr '\\"\000-\037' "/' " | cut -c 1-300)
  printf '{"mode":"%s","kind":"%s"' "$mode" "$kind"
  [ -z "$held_version" ] || printf ',"versionId":"%s"' "$held_version"
  [ -z "$fingerprint" ] || printf ',"fingerprint":"%s"' "$fingerprint"
  [ -z "$settings" ] || printf ',"settings":%s' "$settings"
  [ "$keyring" != yes ] || printf ',"ring":{%s}' "$(ring_report)"
  [ -z "$problem" ] || printf ',"problem":"%s"' "$problem"
  printf '}\n'
}

fail() {
  printf 'streampass-node.sh: %s\n' "$1" >&2
  report "$1"
  exit 1
}

main "$@"

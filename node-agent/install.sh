#!/bin/sh
# Installs the node's side on this machine for one kind of server:
#
#   install.sh KIND UNIT      for example: install.sh red5 red5pro.service
#
# UNIT is the server's own systemd unit: from now on it starts only after the secret has been fetched. Run as root, from
# the folder that this file is in, with /etc/streampass/KIND.conf in place. Running it again updates the installation.
# DESTDIR installs into another root (for images).

set -eu
[ $# -eq 2 ] || { echo 'usage: install.sh red5|jitsi|rtcstats UNIT.service' >&2; exit 2; }
kind=$1
unit=$2
root=${DESTDIR-}
here=$(cd "$(dirname "$0")" && pwd)

case $kind in
  red5 | jitsi | rtcstats) ;;
  *) echo "install.sh: the kind must be red5, jitsi or rtcstats" >&2; exit 2 ;;
esac
case $unit in
  */* | -* | *[!A-Za-z0-9@._-]*) echo "install.sh: $unit is no name of a unit" >&2; exit 2 ;;
  *.service) ;;
  *) echo "install.sh: the unit must be named with its ending .service" >&2; exit 2 ;;
esac
[ -f "$root/etc/streampass/$kind.conf" ] || {
  echo "install.sh: write $root/etc/streampass/$kind.conf first (a sample is in $here/conf)" >&2
  exit 1
}

mkdir -p "$root/usr/local/lib/streampass" "$root/etc/systemd/system/$unit.d"
# Renamed into place: a run of the old script that is under way keeps the file that it has open.
for file in streampass-node.sh report.awk red5.awk jitsi.awk rtcstats.awk keyring.awk; do
  cp "$here/$file" "$root/usr/local/lib/streampass/.$file.new"
  chmod 755 "$root/usr/local/lib/streampass/.$file.new"
  mv -f "$root/usr/local/lib/streampass/.$file.new" "$root/usr/local/lib/streampass/$file"
done
[ -n "$root" ] || chown 0:0 "/etc/streampass/$kind.conf"
chmod 600 "$root/etc/streampass/$kind.conf"
cp "$here/streampass-secret@.service" "$root/etc/systemd/system/"
cat >"$root/etc/systemd/system/$unit.d/streampass.conf" <<END
[Unit]
Requires=streampass-secret@$kind.service
After=streampass-secret@$kind.service
END
[ -n "$root" ] || systemctl daemon-reload
echo "installed: $unit now starts after streampass-secret@$kind.service"

#!/bin/sh
# Passwords for compose.yaml, made anew: `sudo deploy/secrets.sh FOLDER`. What is there already stays.
# Each file belongs to the account in whose container it is read.
set -eu
umask 077
folder=${1:?give a folder, deploy/secrets for compose.yaml}
mkdir -p "$folder"

new() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { # NAME OWNER: standard input, unless there is such a file
  [ -e "$folder/$1" ] && return 0
  cat >"$folder/$1.new"
  chmod 0400 "$folder/$1.new"
  [ "$(id -u)" -ne 0 ] || chown "$2" "$folder/$1.new"
  mv "$folder/$1.new" "$folder/$1"
}

new | keep database-password 0
printf '*:*:*:wadati:%s\n' "$(cat "$folder/database-password")" | keep pgpass 10001
new | keep bus-password 10001
printf 'password: "%s"\n' "$(cat "$folder/bus-password")" | keep bus.conf 0
new | keep grafana-password 472

#!/bin/sh
# Builds the image as the Containerfile says, on a system made from Debian's packages, and runs it: as its own account,
# with a root file system that cannot be written and without network. Needs root that may
# mount, buildah and mmdebstrap; without them it says what is missing and does nothing.
set -eu
cd "$(dirname "$0")/.."

for reason in buildah mmdebstrap; do
  command -v "$reason" >/dev/null || { echo "skipped: the image is not built, there is no $reason"; exit 0; }
done
[ "$(id -u)" -eq 0 ] || { echo "skipped: the image is not built, this needs root"; exit 0; }
# Root in a container is often not allowed to mount.
unshare --mount --net sh -c 'mount -t tmpfs none /mnt' 2>/dev/null ||
  { echo "skipped: the image is not built, root may not mount here"; exit 0; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
buildah="buildah --root $scratch/images --runroot $scratch/run --storage-driver overlay"
$buildah info >/dev/null 2>&1 || buildah="buildah --root $scratch/images --runroot $scratch/run --storage-driver vfs"
$buildah info >/dev/null 2>&1 || { echo "skipped: the image is not built, buildah does not work here"; exit 0; }
trap '$buildah rm --all >/dev/null 2>&1 || true; rm -rf "$scratch"' EXIT

# What `debian:bookworm-slim` is: the smallest system, without documents.
mmdebstrap --quiet --variant=minbase --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$scratch/base.tar"
printf 'FROM scratch\nADD base.tar /\n' >"$scratch/Base"
$buildah build --quiet --isolation chroot -t base -f "$scratch/Base" "$scratch" >/dev/null

# The registry of this machine may want a certificate that the image does not know.
certificates=${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}
printf '[global]\ncert = /tmp/certificates.crt\n' >"$scratch/pip.conf"
$buildah build --quiet --isolation chroot --format docker -t wadati --build-arg BASE=localhost/base \
  --volume "$certificates:/tmp/certificates.crt:ro" --volume "$scratch/pip.conf:/etc/pip.conf:ro" \
  -f deploy/Containerfile . >/dev/null

root=$($buildah mount "$($buildah from wadati)")
settings=$($buildah inspect --type image --format '{{range .OCIv1.Config.Env}}{{.}} {{end}}' wadati)
[ "$($buildah inspect --type image --format '{{.OCIv1.Config.User}}' wadati)" = 10001:10001 ]
left=$(find "$root" -xdev \( -name 'gcc*' -o -name 'cc1*' -o -path '*/bin/pip*' -o -name 'ld.bfd' \) -type f -perm -1 | head)
[ -z "$left" ] || { echo "left in the image: $left"; exit 1; }
left=$(find "$root/opt/wadati" \( -perm -0002 -a ! -type l \) -o ! -user root | head)
[ -z "$left" ] || { echo "not only root's to write: $left"; exit 1; }
echo "image: $(du -sm "$root" | cut -f1) MB, of it /opt/wadati $(du -sm "$root/opt/wadati" | cut -f1) MB"

inside() {
  unshare --mount --net sh -eu -c '
    root=$1; shift
    mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"
    mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount -t tmpfs -o uid=10001,gid=10001,mode=0750 tmpfs "$root/var/lib/wadati"
    exec chroot --userspec=10001:10001 "$root" setpriv --no-new-privs env -i "$@"' sh "$root" $settings "$@"
}

# shellcheck disable=SC2016 # expanded inside
inside bash -eu -c '
  cd /var/lib/wadati
  [ "$(id -u)" = 10001 ]
  ! touch /opt/wadati/written 2>/dev/null
  TIMEFORMAT="%R s"
  for n in 1 2 3; do echo -n "wadati --help: "; time wadati --help >help; done
  echo -n "import of what a picker needs: "
  time python -c "from wadati import registry; registry.make(\"pickers\", \"wadati\"); import wadati.engine.picking"
  wadati models >models; grep -q wadati models
  python -c "
from pathlib import Path
from wadati.synthetics.scenario import simulate
simulate(3, stations=12, minutes=6).write(Path())"
  echo -n "a catalog of 12 stations: "
  time wadati catalog waveforms --stations stations.xml --output out --workers 2 >words || { cat words; exit 1; }
  [ "$(wc -l <out/events.csv)" -gt 1 ]
  wadati evaluate out/catalog.xml out >words
  python -c "import nats, psycopg, obstore, jwt; from uvicorn.loops import uvloop"
  python -c "
import json, importlib.metadata as m
bill = {c[\"name\"].lower().replace(\"_\", \"-\") for c in json.load(open(\"/opt/wadati/sbom.cdx.json\"))[\"components\"]}
there = {d.metadata[\"Name\"].lower().replace(\"_\", \"-\") for d in m.distributions()} - {\"wadati\"}
assert there == bill, there ^ bill"
'
echo "the image was built and ran"

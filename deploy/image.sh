#!/bin/sh
# What is done inside the image, a stage a word. The Containerfile calls it, and nothing else changes the file system.
#
#   image.sh build SOURCE     Python's packages into /opt/wadati, each known by its digest, and Wadati among them
#   image.sh runtime          the interpreter, the account and the folders of the image that is kept
set -eu

packages() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$@" >/dev/null
  rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/ldconfig/aux-cache /var/log/apt /var/log/*.log
}

install_hashed() {
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-compile \
    --only-binary :all: --require-hashes -r "$2"
}

build() {
  source=$1 place=/opt/wadati tools=/tmp/tools
  packages python3 python3-venv ca-certificates binutils
  python3 -m venv "$tools"
  install_hashed "$tools" "$source/deploy/image-build.lock"
  "$tools/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /tmp "$source"
  python3 -m venv "$place"
  install_hashed "$place" "$source/deploy/image.lock"
  "$place/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index --no-compile /tmp/wadati-*.whl
  slim "$place"
  python3 "$source/deploy/sbom.py" "$source/deploy/image.lock" "$place"/lib/python3.*/site-packages > "$place/sbom.cdx.json"
  find "$place" -depth -type d -name __pycache__ -exec rm -rf {} +
  find "$place/lib" -name direct_url.json -delete
  "$place/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$place/lib"
}

# What no command of Wadati loads: ObsPy's drawing, of pyarrow what is not Parquet on disk, a second copy of ONNX Runtime for
# programs in C, symbols for debuggers, tests, and what only compilers read.
slim() {
  place=$1
  site=$(echo "$place"/lib/python3.*/site-packages)
  "$place/bin/python" -m pip uninstall --quiet --yes --disable-pip-version-check \
    matplotlib contourpy cycler fonttools kiwisolver pillow pyparsing pip setuptools
  rm -rf "$place/include" "$place"/bin/[Aa]ctivate* "$site/pyarrow/include" "$site/pyarrow/src" \
    "$site"/pyarrow/*flight* "$site"/pyarrow/*s3* "$site"/onnxruntime/capi/libonnxruntime.so.*
  # A wheel holds no links, so a library comes once under each of its names.
  for name in "$site"/pyarrow/lib*.so.*.*.*; do
    for other in "${name%.*.*}" "${name%.so.*}.so"; do
      ! cmp -s "$name" "$other" || ln -sf "$(basename "$name")" "$other"
    done
  done
  find "$place/lib" -depth -type d -name tests -exec rm -rf {} +
  find "$place/lib" -type f \( -name '*.pyi' -o -name '*.pxd' -o -name '*.pyx' -o -name '*.[ach]' -o -name '*.cpp' -o -name '*.hpp' \) -delete
  strip --strip-unneeded "$site/llvmlite/binding/libllvmlite.so" "$site"/pyarrow/lib*.so.[0-9]* "$site"/obstore/*.so
}

runtime() {
  packages python3 ca-certificates
  groupadd --gid 10001 wadati
  useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/wadati --shell /usr/sbin/nologin wadati
  install -d -o wadati -g wadati -m 0750 /var/lib/wadati
}

"$@"

#!/bin/sh
# Builds a docker image of an emulator from Debian and PyPI packages, for places that can pull no image:
#
#   ci/image.sh localstack|moto|ministack        prints the tag: sfn-conformance/NAME:local
#   sfn-conformance run --target docker:NAME=sfn-conformance/NAME:local
#
# The base is Debian 13, whose Python is 3.13, made with debootstrap; on top go the packages of ci/emulators/NAME.lock, the
# same versions that ci/emulators.sh installs. Needs docker, debootstrap (elsewhere than on Debian also its
# debian-archive-keyring) and root, or sudo. DEBIAN_MIRROR names another mirror than debootstrap's own.
#
# target/images keeps the base and the wheels between builds. An image whose lock and recipe have not changed is left alone.
set -eu

usage() {
    echo "usage: ci/image.sh localstack|moto|ministack" >&2
    exit 2
}

[ $# -eq 1 ] || usage
name=$1
root=$(cd "$(dirname "$0")/.." && pwd)
lock=$root/ci/emulators/$name.lock
cache=$root/target/images
suite=trixie
base=sfn-conformance/debian:local
image=sfn-conformance/$name:local

# What `docker commit` is told about each image. The settings are those of harness/targets/src/process/recipe.rs, on
# all addresses.
case $name in
    moto)
        set -- --change 'EXPOSE 5000' \
            --change 'CMD ["/opt/emulator/bin/moto_server", "-H", "0.0.0.0", "-p", "5000"]'
        ;;
    ministack)
        set -- --change 'EXPOSE 4566' \
            --change 'ENV BIND_HOST=0.0.0.0 GATEWAY_PORT=4566 LAMBDA_EXECUTOR=local' \
            --change 'CMD ["/opt/emulator/bin/ministack"]'
        ;;
    localstack)
        set -- --change 'EXPOSE 4566' \
            --change 'ENV GATEWAY_SERVER=hypercorn GATEWAY_LISTEN=0.0.0.0:4566 SERVICES=stepfunctions,sqs,sns,iam,sts,lambda,events,cloudformation,logs EAGER_SERVICE_LOADING=0 SKIP_SSL_CERT_DOWNLOAD=1 DISABLE_EVENTS=1 DNS_ADDRESS=0 FILESYSTEM_ROOT=/var/lib/localstack' \
            --change 'CMD ["/opt/emulator/bin/python", "-m", "localstack.runtime.main"]'
        ;;
    *) usage ;;
esac

need() {
    command -v "$1" >/dev/null || {
        echo "ci/image.sh needs $1: $2" >&2
        exit 1
    }
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

sum=$(cat "$lock" "$0" | cksum | tr ' ' '-')
label=sfn-conformance.recipe
need docker "install an engine"
docker version >/dev/null || exit 1
if [ "$(docker image inspect --format "{{ index .Config.Labels \"$label\" }}" "$image" 2>/dev/null)" = "$sum" ]; then
    echo "$image"
    exit 0
fi

mkdir -p "$cache/wheels"
# The base: made once, kept as a file, imported where the engine does not have it.
if ! docker image inspect "$base" >/dev/null 2>&1; then
    if [ ! -f "$cache/$suite.tar" ]; then
        need debootstrap "apt-get install debootstrap"
        echo "making Debian $suite" >&2
        tree=$(mktemp -d)
        trap 'as_root rm -rf "$tree"' EXIT
        as_root debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv \
            "$suite" "$tree" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >&2
        as_root rm -rf "$tree"/var/cache/apt/archives "$tree"/var/lib/apt/lists "$tree"/usr/share/doc "$tree"/usr/share/locale
        as_root tar --create --directory "$tree" --one-file-system . >"$cache/$suite.tar.part"
        mv "$cache/$suite.tar.part" "$cache/$suite.tar"
    fi
    docker import "$cache/$suite.tar" "$base" >&2
fi

# The packages: installed in a container that shares the network and, where pip is told of one, the certificate of this machine.
certificate=${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}
builder=sfn-conformance-image-$name-$$
trap 'docker rm --force "$builder" >/dev/null 2>&1 || true; [ -z "${tree:-}" ] || as_root rm -rf "$tree"' EXIT
echo "installing $name" >&2
docker run --name "$builder" --network host \
    --volume "$lock:/tmp/emulator.lock:ro" --volume "$cache/wheels:/wheels" \
    --volume "$certificate:/tmp/certificates.crt:ro" --env PIP_CERT=/tmp/certificates.crt \
    --env PIP_INDEX_URL --env PIP_EXTRA_INDEX_URL --env HTTP_PROXY --env HTTPS_PROXY --env NO_PROXY \
    "$base" sh -euc '
        python3 -m venv /opt/emulator
        pip() { /opt/emulator/bin/pip "$@" --quiet --no-input --no-deps --no-cache-dir --disable-pip-version-check --requirement /tmp/emulator.lock; }
        pip install --no-index --find-links /wheels 2>/dev/null || {
            pip wheel --wheel-dir /wheels
            pip install --no-index --find-links /wheels
        }
    ' >&2
docker commit "$@" --change "LABEL $label=$sum" "$builder" "$image" >/dev/null
echo "$image"

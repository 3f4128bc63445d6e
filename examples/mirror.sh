#!/bin/sh
# Copies the chart and the image of a release to a registry of your own, with helm and crane.
# Set VERSION, such as 1.0.0, and TO, such as demo-registry.cn-hangzhou.cr.aliyuncs.com/base.

set -eu
: "${CHARTS:=ghcr.io/acr-nopass/charts}" "${IMAGE:=ghcr.io/acr-nopass/acr-nopass}"
helm pull "oci://$CHARTS/acr-nopass" --version "$VERSION"
digest=$(helm show values "acr-nopass-$VERSION.tgz" | sed -n 's/^ *digest: *"\(sha256:[0-9a-f]*\)".*/\1/p')
test -n "$digest"
crane copy "$IMAGE@$digest" "$TO/acr-nopass:$VERSION"
helm push "acr-nopass-$VERSION.tgz" "oci://$TO/charts"

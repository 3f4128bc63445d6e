#!/bin/sh
# Builds the helper's image from a clone and pushes it to a registry of your own, with docker (or podman installed as `docker`).
# Run it in the root of the clone. Set TO, such as demo-registry.cn-hangzhou.cr.aliyuncs.com/base, and log in to it before.
# Where gcr.io is out of reach, set BASE to a copy of the base image that image/Containerfile names.

set -eu
npm ci
npm run build -- helper --out dist/helper.mjs
version=$(sed -n 's/^appVersion: "*\([^"]*\)"*$/\1/p' chart/Chart.yaml)
docker build --platform linux/amd64 ${BASE:+--build-arg "BASE=$BASE"} --file image/Containerfile --tag "$TO/acr-nopass:$version" .
docker push "$TO/acr-nopass:$version"

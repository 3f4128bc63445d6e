#!/bin/sh
# What a build job of any CI runs: log in, build, push and log out.

set -eu
acr_nopass() { npx --yes acr-nopass@1 "$@"; }

token=$(mktemp)
log_out() { rm -f "$token"; acr_nopass logout; }
trap log_out EXIT
trap 'exit 143' HUP INT TERM

if [ -n "${OIDC_TOKEN:-}" ]; then
  printf %s "$OIDC_TOKEN" > "$token"
  export ALIBABA_CLOUD_OIDC_TOKEN_FILE="$token"
fi
acr_nopass login --registry "$REGISTRY" --region "$REGION" --repositories "$REPOSITORY" --push \
  --role-to-assume "$ROLE_ARN" --oidc-provider-arn "${OIDC_PROVIDER_ARN:-}"
docker build --push --tag "$DOMAIN/$REPOSITORY:$TAG" .

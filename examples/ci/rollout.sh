#!/bin/sh
# What a job of any CI runs. MODE: validate, plan or apply.

set -eu
# The image acr-nopass-cli has the command; in any other image npx installs it.
acr_nopass() { npx --yes acr-nopass@1 "$@"; }
if command -v acr-nopass > /dev/null; then acr_nopass() { acr-nopass "$@"; }; fi

acr_nopass validate --clusters-file clusters.yaml -f values.yaml
if [ "${MODE:-validate}" = validate ]; then exit; fi

if [ -n "${OIDC_TOKEN:-}" ]; then
  session=$(node ci/assume-role.mjs)
  eval "$session"
fi
acr_nopass "$MODE" --clusters-file clusters.yaml -f values.yaml

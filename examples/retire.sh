# Takes everything back that the helper wrote, waits for its report, and then removes it.
set -e
helm upgrade acr-nopass ./chart --namespace acr-nopass --reset-then-reuse-values --set retire=true
until kubectl --namespace acr-nopass get configmap acr-nopass-status -o jsonpath='{.data.status\.json}' | grep -q '"retired":true'
do sleep 2; done
helm uninstall acr-nopass --namespace acr-nopass

# Renders plain manifests for a cluster of that version of Kubernetes: sh render.sh 1.36
helm template acr-nopass ./chart --namespace acr-nopass --kube-version "$1" --values examples/gitops/values.yaml

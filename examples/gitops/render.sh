# Renders plain manifests for clusters of that version of Kubernetes and newer.
helm template acr-nopass ./chart --namespace acr-nopass --kube-version 1.30 --values values.yaml > acr-nopass.yaml

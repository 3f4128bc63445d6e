{{/*
`helper.enabled: false` removes the only program that can take back what it wrote. So the cluster must show that it has done so: its
report says that the configuration with `retire: true` is done. Without a cluster (helm template) nothing is looked up.
*/}}
{{- define "acr-nopass.check-helper-off" -}}
{{- range .Values.registries }}
{{- if eq .edition "static" }}
{{- fail (printf "the registry %s has no effect with helper.enabled: false: only a pull secret can hold a static login. Remove the entry, or the line helper.enabled." .name) }}
{{- end }}
{{- end }}
{{- $fullname := include "acr-nopass.fullname" . -}}
{{- if and .Release.IsUpgrade (lookup "apps/v1" "Deployment" .Release.Namespace $fullname) }}
{{- $config := (lookup "v1" "ConfigMap" .Release.Namespace $fullname | default dict).data | default dict -}}
{{- $status := (lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-status" $fullname) | default dict).data | default dict -}}
{{- $report := index $status "status.json" | default "{}" | fromJson -}}
{{- $hash := index $config "config.yaml" | default "" | sha256sum -}}
{{- if or (ne (toString $report.retired) "true") (ne (toString $report.configHash) $hash) }}
{{- fail (printf "helper.enabled: false would remove the helper before it has removed what it wrote. First upgrade with retire: true and helper.enabled: true, and wait until ConfigMap %s-status reports retired: true. Then upgrade with helper.enabled: false. `acr-nopass apply` does both." $fullname) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Entries that the role of a node cannot be bounded to, and keys without effect. The same check is in src/values/checks/check-node.ts. */}}
{{- define "acr-nopass.check-node" -}}
{{- $node := .Values.node -}}
{{- $key := ternary "identity" "fallback" (eq $node.identity "worker-role") -}}
{{- if and (eq (index $node $key) "worker-role") (not $node.unbounded) }}
{{- range .Values.registries }}
{{- $targets := (.targets | default dict).namespaces -}}
{{- if and (ne .edition "static") (or $targets (include "acr-nopass.is-limited" .)) }}
{{- fail (printf "%s of the registry %s bounds nothing on a node with node.%s: worker-role: every Pod of the node may pull what the role of the node may pull. Use node.identity: service-account without a fallback, or accept this with node.unbounded: true." (ternary "limit" "targets" (ne (include "acr-nopass.is-limited" .) "")) .name $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- if eq $node.identity "worker-role" }}
{{- $needless := list -}}
{{- if eq $node.fallback "worker-role" }}{{ $needless = append $needless "fallback" }}{{ end -}}
{{- range $name, $value := $node.serviceAccount }}{{ if $value }}{{ $needless = append $needless (printf "serviceAccount.%s" $name) }}{{ end }}{{ end -}}
{{- if $node.serviceAccounts }}{{ $needless = append $needless "serviceAccounts" }}{{ end -}}
{{- range $needless }}
{{- fail (printf "node.%s has no effect with node.identity: worker-role. Remove it, or write identity: service-account." .) }}
{{- end }}
{{- end }}
{{- include "acr-nopass.check-node-daemon" . }}
{{- end }}

{{/* What the program of the DaemonSet would refuse on each node. */}}
{{- define "acr-nopass.check-node-daemon" -}}
{{- $node := .Values.node -}}
{{- if and $node.remove (not $node.enabled) }}
{{- fail "node.remove has no effect without node.enabled: true, because the DaemonSet removes the program. Keep node.enabled: true until every Pod of the DaemonSet is ready." }}
{{- end }}
{{- if and $node.enabled (not $node.remove) }}
{{- $usable := list -}}
{{- range .Values.registries }}{{ if ne .edition "static" }}{{ $usable = append $usable . }}{{ end }}{{ end -}}
{{- if not $usable }}
{{- fail "node.enabled has no effect: a node can use no entry of registries. A static login needs the pull secret." }}
{{- end }}
{{- $provider := or ($node.serviceAccount | default dict).oidcProviderArn (.Values.identity.rrsa | default dict).oidcProviderArn -}}
{{- if and (eq $node.identity "service-account") (not $provider) }}
{{- fail "node.identity: service-account needs the cluster's OIDC provider. Set node.serviceAccount.oidcProviderArn, or write node.identity: worker-role." }}
{{- end }}
{{- range $usable }}
{{- if and ((.targets | default dict).namespaces | default dict).selector (not $node.unbounded) }}
{{- fail (printf "targets.namespaces.selector of the registry %s needs labels of namespaces, which a node cannot read. List the namespaces in include, or accept every namespace with node.unbounded: true." .name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "acr-nopass.node-name" -}}
{{ printf "%s-node" (include "acr-nopass.fullname" .) }}
{{- end }}

{{/* Labels of their own: no selector of the helper may match the Pods on nodes. */}}
{{- define "acr-nopass.node-selector-labels" -}}
app.kubernetes.io/name: acr-nopass-node
app.kubernetes.io/instance: {{ include "acr-nopass.release" . | quote }}
{{- end }}

{{- define "acr-nopass.node-labels" -}}
{{- merge (include "acr-nopass.node-selector-labels" . | fromYaml) (include "acr-nopass.labels" . | fromYaml) | toYaml }}
{{- end }}

{{/* The values that `acr-nopass node script` reads. */}}
{{- define "acr-nopass.node-values" -}}
{{- pick .Values "registries" "identity" "node" "region" "network" "endpoints" "caBundle" | toYaml }}
{{- end }}

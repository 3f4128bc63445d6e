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
{{- end }}

{{/* Entries that the role of a node cannot be bounded to. The same check is in src/values/checks/check-node.ts. */}}
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
{{- end }}

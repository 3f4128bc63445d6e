{{/* The spread constraints of values; one without a labelSelector gets the Deployment's. */}}
{{- define "acr-nopass.topology-spread" -}}
{{- $selector := dict "matchLabels" (include "acr-nopass.selector-labels" . | fromYaml) -}}
{{- $constraints := list -}}
{{- range .Values.topologySpread }}{{ $constraints = append $constraints (merge (dict) . (dict "labelSelector" $selector)) }}{{ end -}}
{{ toYaml $constraints }}
{{- end }}

{{/* The spread constraints of values; one without a labelSelector gets the Deployment's. */}}
{{- define "acr-nopass.topology-spread" -}}
{{- $constraints := list -}}
{{- range .Values.topologySpread -}}
{{- $constraint := . -}}
{{- if not (hasKey . "labelSelector") -}}
{{- $constraint = set (deepCopy .) "labelSelector" (dict "matchLabels" (include "acr-nopass.selector-labels" $ | fromYaml)) -}}
{{- end -}}
{{- $constraints = append $constraints $constraint -}}
{{- end -}}
{{ toYaml $constraints }}
{{- end }}

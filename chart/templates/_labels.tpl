{{/* Labels of the Deployment's selector: frozen, a selector cannot be changed. */}}
{{- define "acr-nopass.selector-labels" -}}
app.kubernetes.io/name: {{ include "acr-nopass.name" . }}
app.kubernetes.io/instance: {{ include "acr-nopass.release" . | quote }}
{{- end }}

{{- define "acr-nopass.own-labels" -}}
{{ include "acr-nopass.selector-labels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The labels of an object: the chart's own, then those of the object itself (the second of the list), then commonLabels. */}}
{{- define "acr-nopass.labels-with" -}}
{{- $root := index . 0 -}}
{{- $own := include "acr-nopass.own-labels" $root -}}
{{- $more := dict -}}
{{- range $label, $value := merge dict (index . 1 | default dict) ($root.Values.commonLabels | default dict) -}}
{{- if not (hasKey (fromYaml $own) $label) }}{{ $_ := set $more $label $value }}{{ end -}}
{{- end -}}
{{ $own }}
{{- with $more }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "acr-nopass.labels" -}}
{{ include "acr-nopass.labels-with" (list . dict) }}
{{- end }}

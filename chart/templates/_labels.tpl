{{/* Labels of the Deployment's selector: frozen, a selector cannot be changed. */}}
{{- define "acr-nopass.selector-labels" -}}
app.kubernetes.io/name: {{ include "acr-nopass.name" . }}
app.kubernetes.io/instance: {{ include "acr-nopass.release" . | quote }}
{{- end }}

{{- define "acr-nopass.labels" -}}
{{ include "acr-nopass.selector-labels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

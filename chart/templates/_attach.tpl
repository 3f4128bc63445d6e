{{/* How Pods come to reference the pull secret, never "auto": decided here, from the version of the cluster. */}}
{{- define "acr-nopass.attach" -}}
{{- if ne .Values.attach "auto" -}}
{{ .Values.attach }}
{{- else if and (eq .Values.scope "cluster") (semverCompare ">=1.36.0-0" .Capabilities.KubeVersion.Version) -}}
admission
{{- else -}}
serviceAccounts
{{- end }}
{{- end }}

{{/* "true" when the helper itself attaches, by ServiceAccounts. */}}
{{- define "acr-nopass.attaches-service-accounts" -}}
{{- if ne (include "acr-nopass.attach" .) "admission" }}true{{ end }}
{{- end }}

{{/* "true" when the API server attaches, by the Pod policy. Retiring takes everything back. */}}
{{- define "acr-nopass.attaches-pods" -}}
{{- if and (ne (include "acr-nopass.attach" .) "serviceAccounts") (not .Values.retire) .Values.helper.enabled }}true{{ end }}
{{- end }}

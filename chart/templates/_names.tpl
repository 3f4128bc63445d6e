{{/* The chart's name, as it stands in labels. */}}
{{- define "acr-nopass.name" -}}
acr-nopass
{{- end }}

{{/* The base of the names of our objects in the release's namespace; a Service's name has no dots. */}}
{{- define "acr-nopass.fullname" -}}
{{- $release := .Release.Name | replace "." "-" -}}
{{- if contains "acr-nopass" $release -}}
{{ $release }}
{{- else -}}
{{ printf "%s-acr-nopass" ($release | trunc 42 | trimSuffix "-") }}
{{- end }}
{{- end }}

{{/* The release as pull secrets name it in app.kubernetes.io/instance: a Secret with another value is foreign. */}}
{{- define "acr-nopass.instance" -}}
{{ printf "%s.%s" .Release.Namespace .Release.Name }}
{{- end }}

{{/* The name of our objects outside the release's namespace: it carries namespace and release, so no two releases meet. */}}
{{- define "acr-nopass.cluster-name" -}}
{{ printf "acr-nopass.%s" (include "acr-nopass.instance" .) }}
{{- end }}

{{- define "acr-nopass.service-account" -}}
{{ .Values.serviceAccount.name | default (include "acr-nopass.fullname" .) }}
{{- end }}

{{/* The helper, as the API server names it. */}}
{{- define "acr-nopass.username" -}}
{{ printf "system:serviceaccount:%s:%s" .Release.Namespace (include "acr-nopass.service-account" .) }}
{{- end }}

{{/* The cluster's version for people, the same with every Helm: without a vendor's suffix. */}}
{{- define "acr-nopass.kubernetes" -}}
{{ regexFind "[0-9.]+" .Capabilities.KubeVersion.Version }}
{{- end }}

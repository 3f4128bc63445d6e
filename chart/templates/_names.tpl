{{/* The chart's name, as it stands in labels. */}}
{{- define "acr-nopass.name" -}}
acr-nopass
{{- end }}

{{/* The chart as an umbrella chart calls it: `alias` of the dependency, so that two of them do not meet. */}}
{{- define "acr-nopass.alias" -}}
{{ .Chart.Name | lower | replace "_" "-" | trunc 20 | trimAll "-" }}
{{- end }}

{{/* The release as our objects are labelled with it; under an alias the two together. */}}
{{- define "acr-nopass.release" -}}
{{- if eq .Chart.Name "acr-nopass" -}}
{{ .Release.Name }}
{{- else -}}
{{ printf "%s-%s" .Release.Name (include "acr-nopass.alias" .) }}
{{- end }}
{{- end }}

{{/*
The base of the names of our objects in the release's namespace; a Service's name has no dots. src/policy/helper-grants.ts says the same
for those who do not render the chart; test/contract/chart-names.test.ts compares the two.
*/}}
{{- define "acr-nopass.fullname" -}}
{{- $release := .Release.Name | replace "." "-" -}}
{{- $name := .Values.nameOverride | default (include "acr-nopass.alias" .) -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride }}
{{- else if and (eq .Chart.Name "acr-nopass") (contains $name $release) -}}
{{ $release }}
{{- else -}}
{{ printf "%s-%s" ($release | trunc 42 | trimSuffix "-") $name }}
{{- end }}
{{- end }}

{{/* The release as pull secrets name it in app.kubernetes.io/instance: a Secret with another value is foreign. */}}
{{- define "acr-nopass.instance" -}}
{{ printf "%s.%s" .Release.Namespace (include "acr-nopass.release" .) }}
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

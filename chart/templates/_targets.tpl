{{/*
The namespace targets of the registries, as a JSON list without duplicates: a registry's own keys replace the global ones,
key by key. Each is {include, exclude, selector}.
*/}}
{{- define "acr-nopass.namespace-targets" -}}
{{- $targets := list -}}
{{- range .Values.registries -}}
{{- $targets = append $targets (include "acr-nopass.targets-of" (list $ .) | fromJson) -}}
{{- end -}}
{{ $targets | uniq | toJson }}
{{- end }}

{{/* The namespace targets of one registry (a list of the root and the registry), as JSON. */}}
{{- define "acr-nopass.targets-of" -}}
{{- $global := (first .).Values.targets.namespaces -}}
{{- $own := (((last .).targets | default dict).namespaces) | default dict -}}
{{- $target := dict -}}
{{- range $key := list "include" "exclude" "selector" -}}
{{- $_ := set $target $key (ternary (index $own $key) (index $global $key) (hasKey $own $key)) -}}
{{- end -}}
{{ toJson $target }}
{{- end }}

{{/* scope: namespaces: the listed namespaces without the excluded ones, as a sorted JSON list. */}}
{{- define "acr-nopass.listed-namespaces" -}}
{{- $names := list -}}
{{- range include "acr-nopass.namespace-targets" . | fromJsonArray -}}
{{- $exclude := .exclude -}}
{{- range .include -}}
{{- if not (and $exclude (regexMatch (include "acr-nopass.globs" $exclude) .)) }}{{ $names = append $names . }}{{ end -}}
{{- end -}}
{{- end -}}
{{ $names | uniq | sortAlpha | toJson }}
{{- end }}

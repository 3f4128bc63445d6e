{{/* Globs (a list; "*" stands for any characters, also none) as one anchored regular expression. The same as src/values/glob.ts. */}}
{{- define "acr-nopass.globs" -}}
{{- $parts := list -}}
{{- range . }}{{ $parts = append $parts (regexQuoteMeta . | replace "\\*" ".*") }}{{ end -}}
^({{ join "|" $parts }})$
{{- end }}

{{/* CEL that is true when `subject` matches the globs of `target` ({include, exclude}). */}}
{{- define "acr-nopass.globs-cel" -}}
{{- $subject := .subject -}}
{{- $terms := list -}}
{{- if not (has "*" .target.include) }}{{ $terms = append $terms (printf "%s.matches(r'%s')" $subject (include "acr-nopass.globs" .target.include)) }}{{ end -}}
{{- with .target.exclude }}{{ $terms = append $terms (printf "!%s.matches(r'%s')" $subject (include "acr-nopass.globs" .)) }}{{ end -}}
{{ $terms | default (list "true") | join " && " }}
{{- end }}

{{/* CEL: the Pod names an image of ACR, or of a domain in values. */}}
{{- define "acr-nopass.acr-images-cel" -}}
{{- $pattern := include "acr-nopass.acr-images-pattern" . -}}
(object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : []))
  .exists(c, has(c.image) && c.image.matches(r'{{ $pattern }}'))
|| (has(object.spec.volumes) && object.spec.volumes
  .exists(v, has(v.image) && has(v.image.reference) && v.image.reference.matches(r'{{ $pattern }}')))
{{- end }}

{{/* ACR's own domains, and those of values: a host alone may be followed by a port, one with a port or a path stands as it is. */}}
{{- define "acr-nopass.acr-images-pattern" -}}
{{- $hosts := list (include "acr-nopass.acr-domains" .) -}}
{{- $exact := list -}}
{{- range .Values.registries }}{{ range .domains }}
{{- if regexMatch "[:/]" . }}{{ $exact = append $exact (regexQuoteMeta .) }}{{ else }}{{ $hosts = append $hosts (regexQuoteMeta .) }}{{ end -}}
{{- end }}{{ end -}}
^({{ prepend ($exact | uniq | sortAlpha) (printf "(%s)(:[0-9]+)?" (join "|" ($hosts | uniq))) | join "|" }})/
{{- end }}

{{/* CEL: the Pod's namespace matches one of the `targets` ({include, exclude}). */}}
{{- define "acr-nopass.namespaces-cel" -}}
{{- $terms := list -}}
{{- range . }}{{ $terms = append $terms (include "acr-nopass.globs-cel" (dict "subject" "request.namespace" "target" .)) }}{{ end -}}
{{- if has "true" $terms -}}
true
{{- else -}}
({{ $terms | uniq | join ") || (" }})
{{- end }}
{{- end }}

{{/*
The helper's image. `image.registry` gives way to `global.imageRegistry` (a mirror for all charts); a digest stands beside
the tag and decides. An empty registry leaves the repository as it is written.
*/}}
{{- define "acr-nopass.image" -}}
{{- $registry := (.Values.global | default dict).imageRegistry | default .Values.image.registry -}}
{{- $name := list $registry .Values.image.repository | compact | join "/" -}}
{{ $name }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* Pull secrets of the helper's own image, ours and the global ones, as a JSON list. */}}
{{- define "acr-nopass.image-pull-secrets" -}}
{{ concat .Values.imagePullSecrets ((.Values.global | default dict).imagePullSecrets | default list) | uniq | toJson }}
{{- end }}

{{/*
The helper's image. `image.registry` gives way to `global.imageRegistry` (a mirror for all charts); a digest stands beside
the tag and decides. An empty registry leaves the repository as it is written.
*/}}
{{- define "acr-nopass.image" -}}
{{- $registry := (.Values.global).imageRegistry | default .Values.image.registry -}}
{{- list $registry .Values.image.repository | compact | join "/" }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

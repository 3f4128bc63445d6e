{{/* How one endpoint is scraped: the root, the values of the monitor, relabelings of the chart's own. */}}
{{- define "acr-nopass.scrape" -}}
{{- $monitor := index . 1 -}}
port: http
path: /metrics
{{- with $monitor.interval }}
interval: {{ . }}
{{- end }}
{{- with $monitor.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- if $monitor.honorLabels }}
honorLabels: true
{{- end }}
{{- with concat (index . 2) ($monitor.relabelings | default list) }}
relabelings:
{{- include "acr-nopass.relabelings" . | nindent 0 }}
{{- end }}
{{- with $monitor.metricRelabelings }}
metricRelabelings:
{{- include "acr-nopass.relabelings" . | nindent 0 }}
{{- end }}
{{- end }}

{{/* Relabelings with the operator's default: without it Argo CD would never see the monitor in sync. */}}
{{- define "acr-nopass.relabelings" -}}
{{- $all := list -}}
{{- range . }}{{ $all = append $all (merge (dict) . (dict "action" "replace")) }}{{ end -}}
{{ toYaml $all }}
{{- end }}

{{/* What is scraped; the monitor may be in another namespace. */}}
{{- define "acr-nopass.scraped" -}}
namespaceSelector:
  matchNames: [{{ .Release.Namespace | quote }}]
selector:
  matchLabels:
    {{- include "acr-nopass.selector-labels" . | nindent 4 }}
{{- end }}

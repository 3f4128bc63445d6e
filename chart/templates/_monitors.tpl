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
{{- toYaml . | nindent 0 }}
{{- end }}
{{- with $monitor.metricRelabelings }}
metricRelabelings:
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{/* What is scraped; the monitor may be in another namespace. */}}
{{- define "acr-nopass.scraped" -}}
namespaceSelector:
  matchNames: [{{ .Release.Namespace | quote }}]
selector:
  matchLabels:
    {{- include "acr-nopass.selector-labels" . | nindent 4 }}
{{- end }}

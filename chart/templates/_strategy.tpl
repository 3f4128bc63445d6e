{{/*
How an upgrade replaces Pods. In the node's network a port has room for one Pod a node, so there an old Pod leaves before the new
one comes; a surge would wait for a free node, permanently on a cluster without one.
*/}}
{{- define "acr-nopass.strategy" -}}
{{- if .Values.updateStrategy -}}
{{ toYaml .Values.updateStrategy }}
{{- else if not .Values.hostNetwork -}}
# The old Pods leave only when a new one has proven every registry that changed.
type: RollingUpdate
rollingUpdate:
  maxUnavailable: 0
  maxSurge: 1
{{- else if gt (int .Values.replicas) 1 -}}
# One Pod makes room for the new one; the others leave only when that has proven every registry that changed.
type: RollingUpdate
rollingUpdate:
  maxUnavailable: 1
  maxSurge: 0
{{- else -}}
# As maxUnavailable: 1, but `helm --wait` would not wait for the only Pod of a rolling update that may lack one.
type: Recreate
{{- end -}}
{{- end }}

{{/* RBAC rules for what the helper does in target namespaces: the same under both scopes. */}}
{{- define "acr-nopass.target-rules" -}}
# The pull secret, by its name only: lists and watches ask for that name, and a server-side apply creates it under that name.
# Without "get" and never without resourceNames, no other Secret can be read, listed or written.
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ .Values.secretName | quote }}]
  verbs: [list, watch, create, patch]
{{- if include "acr-nopass.attaches-service-accounts" . }}
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [list, watch]
{{- with .Values.targets.serviceAccounts.include }}
- apiGroups: [""]
  resources: [serviceaccounts]
  {{- if not (contains "*" (join "," .)) }}
  resourceNames: {{ . | toJson }}
  {{- end }}
  verbs: [patch]
{{- end }}
{{- end }}
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- if or .Values.watchPods .Values.heal }}
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- end }}
{{- if .Values.heal }}
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
{{- end }}
{{- end }}

{{/* The subject of every binding. */}}
{{- define "acr-nopass.subjects" -}}
- kind: ServiceAccount
  name: {{ include "acr-nopass.service-account" . | quote }}
  namespace: {{ .Release.Namespace | quote }}
{{- end }}

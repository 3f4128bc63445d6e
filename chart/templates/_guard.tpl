{{/* What all policies of the guard share: they bind the helper, and nobody else. */}}
{{- define "acr-nopass.guard-match" -}}
failurePolicy: Fail
matchConditions:
- name: is-helper
  expression: request.userInfo.username == '{{ include "acr-nopass.username" . }}'
{{- end }}

{{/*
The writes of one resource ({group, resource}), with the API server's defaults: a GitOps tool that does not know them would never see
the policy as it is in the repository.
*/}}
{{- define "acr-nopass.guard-constraints" -}}
matchConstraints:
  matchPolicy: Equivalent
  namespaceSelector: {}
  objectSelector: {}
  resourceRules:
  - apiGroups: [{{ .group | quote }}]
    apiVersions: [v1]
    resources: [{{ .resource }}]
    operations: [CREATE, UPDATE]
    scope: "*"
{{- end }}

{{/* CEL: `subject` (object or oldObject) carries the labels of a pull secret of this release (names: src/kube/names.ts). */}}
{{- define "acr-nopass.owned-cel" -}}
has({{ .subject }}.metadata.labels)
&& 'app.kubernetes.io/managed-by' in {{ .subject }}.metadata.labels
&& {{ .subject }}.metadata.labels['app.kubernetes.io/managed-by'] == 'acr-nopass'
&& 'app.kubernetes.io/instance' in {{ .subject }}.metadata.labels
&& {{ .subject }}.metadata.labels['app.kubernetes.io/instance'] == '{{ .instance }}'
{{- end }}

{{- define "acr-nopass.guard-binding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ .name | quote }}
  labels:
    {{- include "acr-nopass.labels" .root | nindent 4 }}
spec:
  policyName: {{ .name | quote }}
  validationActions: [Deny]
{{- end }}

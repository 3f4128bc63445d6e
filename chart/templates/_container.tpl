{{- define "acr-nopass.container" -}}
name: helper
image: {{ include "acr-nopass.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
- --config=/etc/acr-nopass/config.yaml
- --secrets-dir=/etc/acr-nopass/secrets
- --serviceaccount-dir=/var/run/secrets/kubernetes.io/serviceaccount
{{- if eq .Values.identity.type "rrsa" }}
- --oidc-token-file=/var/run/secrets/acr-nopass/oidc/token
{{- end }}
- --http-address=$(POD_IP):{{ .Values.ports.http }}
env:
{{- range $name, $path := dict "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" "POD_UID" "metadata.uid" "POD_IP" "status.podIP" "NODE_NAME" "spec.nodeName" }}
- name: {{ $name }}
  valueFrom:
    fieldRef:
      fieldPath: {{ $path }}
{{- end }}
{{- if .Values.caBundle }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/acr-nopass/ca-bundle.pem
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
ports:
- name: http
  containerPort: {{ .Values.ports.http }}
startupProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet:
    path: /readyz
    port: http
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
- name: config
  mountPath: /etc/acr-nopass
  readOnly: true
- name: token
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- if eq .Values.identity.type "rrsa" }}
- name: oidc
  mountPath: /var/run/secrets/acr-nopass/oidc
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
Everything that the helper reads below /etc/acr-nopass, in one projected volume: its configuration, and the Secrets that hold
logins and keys. They come by mount, so the helper needs no right to read them.
*/}}
{{- define "acr-nopass.config-volume" -}}
- name: config
  projected:
    sources:
    - configMap:
        name: {{ include "acr-nopass.fullname" . | quote }}
    {{- range .Values.registries }}
    {{- if eq .edition "static" }}
    - secret:
        name: {{ .existingSecret | quote }}
        items:
        - key: username
          path: secrets/registries/{{ .name }}/username
        - key: password
          path: secrets/registries/{{ .name }}/password
    {{- end }}
    {{- end }}
    {{- if eq .Values.identity.type "access-key" }}
    - secret:
        name: {{ .Values.identity.accessKey.existingSecret | quote }}
        items:
        - key: accessKeyId
          path: secrets/access-key/accessKeyId
        - key: accessKeySecret
          path: secrets/access-key/accessKeySecret
    {{- end }}
{{- end }}

{{/* The helper's own token, renewed by the kubelet within the hour, and how to reach the API server. */}}
{{- define "acr-nopass.token-volume" -}}
- name: token
  projected:
    sources:
    - serviceAccountToken:
        path: token
        expirationSeconds: 3600
    - configMap:
        name: kube-root-ca.crt
        items:
        - key: ca.crt
          path: ca.crt
    - downwardAPI:
        items:
        - path: namespace
          fieldRef:
            fieldPath: metadata.namespace
{{- end }}

{{/* identity rrsa: a token for Alibaba Cloud STS, which trusts this cluster's issuer. */}}
{{- define "acr-nopass.oidc-volume" -}}
- name: oidc
  projected:
    sources:
    - serviceAccountToken:
        path: token
        audience: sts.aliyuncs.com
        expirationSeconds: 3600
{{- end }}

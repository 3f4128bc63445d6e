{{/* Generated from src/acr/registry-domains.ts: ACR's own domains, as a regular expression. */}}
{{- define "acr-nopass.acr-domains" -}}
([a-z0-9-]+\.)+cr\.aliyuncs\.com|(registry|registry-intl|registry-vpc|registry-intl-vpc|registry-internal|registry-intl-internal)\.[a-z0-9-]+\.aliyuncs\.com
{{- end }}

{{/* Generated from src/acr/registry-domains.ts by scripts/generate-values.ts. Do not edit. */}}
{{- define "acr-nopass.acr-domains" -}}
([a-z0-9-]+\.)+cr\.aliyuncs\.com|(registry|registry-intl|registry-vpc|registry-intl-vpc|registry-internal|registry-intl-internal)\.[a-z0-9-]+\.aliyuncs\.com
{{- end }}

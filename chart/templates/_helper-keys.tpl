{{/* Generated from schemas/values.schema.json by scripts/generate-values.ts. Do not edit. */}}
{{- define "acr-nopass.helper-keys" -}}
["registries","identity","region","targets","admissionImages","guard","scope","secretName","adopt","helper","retire","heal","watchPods","verify","secretLabels","authFormat","network","endpoints","logLevel"]
{{- end }}

{{/* Generated from schemas/values.schema.json: the keys with `x-helper`, which the helper reads. */}}
{{- define "acr-nopass.helper-keys" -}}
["registries","identity","region","targets","admissionImages","guard","scope","secretName","adopt","retire","dryRun","heal","watchPods","verify","refreshRate","secretLabels","authFormat","network","endpoints","logLevel"]
{{- end }}

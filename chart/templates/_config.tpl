{{/* The helper's configuration: the values' own keys, `attach` decided, and the names of the release's objects. */}}
{{- define "acr-nopass.config" -}}
{{- $config := dict -}}
{{- range include "acr-nopass.helper-keys" . | fromJsonArray }}
{{- if hasKey $.Values . }}{{ $_ := set $config . (get $.Values .) }}{{ end }}
{{- end }}
{{- /* A helper that is still ending reads this too, and must write nothing any more. */}}
{{- if not .Values.helper.enabled }}{{ $_ := set $config "retire" true }}{{ end }}
{{- $_ := set $config "attach" (include "acr-nopass.attach" .) -}}
{{- $fullname := include "acr-nopass.fullname" . -}}
{{- $release := dict
  "name" (include "acr-nopass.release" .)
  "namespace" .Release.Namespace
  "fullname" $fullname
  "serviceAccount" (include "acr-nopass.service-account" .)
  "lease" $fullname
  "status" (printf "%s-status" $fullname)
-}}
{{- $_ = set $config "release" $release -}}
{{ toYaml $config }}
{{- end }}

{{/* A hash of what a new Pod has to prove before the old ones leave (registries, identity) and of what is read at start only. */}}
{{- define "acr-nopass.config-checksum" -}}
{{- $registries := list -}}
{{- range .Values.registries }}
{{- $isLimited := ne (include "acr-nopass.is-limited" .) "" }}
{{- $registries = append $registries (ternary (omit . "targets") (omit . "targets" "repositories") $isLimited) }}
{{- end -}}
{{ pick .Values "identity" "region" "network" "endpoints" "caBundle" | merge (dict "registries" $registries) | toJson | sha256sum }}
{{- end }}

{{/* ECI reads its annotation only when the Pod is created; the checksum covers `identity`, so a change creates new Pods. */}}
{{- define "acr-nopass.pod-annotations" -}}
checksum/config: {{ include "acr-nopass.config-checksum" . | quote }}
{{- if eq .Values.identity.type "worker-role" }}
{{- with (.Values.identity.workerRole | default dict).eciRoleName }}
k8s.aliyun.com/eci-ram-role-name: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

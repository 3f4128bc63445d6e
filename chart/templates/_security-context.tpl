{{/*
The Pod's security context. `runAsUser` and `runAsGroup` can also be set at the top: an ID that is null in one of the two places
is left to the cluster, and one that differs from the default in podSecurityContext takes precedence.
*/}}
{{- define "acr-nopass.pod-security-context" -}}
{{- $context := deepCopy .Values.podSecurityContext -}}
{{- range $key := list "runAsUser" "runAsGroup" -}}
{{- $top := index $.Values $key -}}
{{- $own := index $context $key -}}
{{- if or (kindIs "invalid" $top) (kindIs "invalid" $own) -}}
{{- $context = omit $context $key -}}
{{- else -}}
{{- $_ := set $context $key (int64 (ternary $top $own (eq (int64 $own) 65532))) -}}
{{- end -}}
{{- end -}}
{{- if not $context.seccompProfile }}{{ $context = omit $context "seccompProfile" }}{{ end -}}
{{ toYaml $context }}
{{- end }}

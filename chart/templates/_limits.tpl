{{/* Entries with `limit: repositories`, and entries that should have it. The same checks are in src/values/checks. */}}
{{- define "acr-nopass.is-limited" -}}
{{ if eq (.limit | default "role") "repositories" }}true{{ end }}
{{- end }}

{{/* The same text for entries of one instance. Empty for a static login. */}}
{{- define "acr-nopass.instance-of" -}}
{{- if eq .edition "enterprise" }}enterprise {{ .instanceId | default (list .instanceName) }} {{ .region }}{{ end -}}
{{- if eq .edition "personal" }}personal {{ .region }}{{ end -}}
{{- end }}

{{/* The same text for entries of one instance that the helper reaches by the same chain of roles. */}}
{{- define "acr-nopass.family-of" -}}
{{- $chain := list -}}
{{- range .assumeRole }}{{ $chain = append $chain (list .roleArn (.externalId | default "") (.durationSeconds | default 3600 | int)) }}{{ end -}}
{{ include "acr-nopass.instance-of" . }} {{ toJson $chain }}
{{- end }}

{{- define "acr-nopass.check-limits" -}}
{{- $identity := .Values.identity.type -}}
{{- $families := dict -}}
{{- range .Values.registries }}
{{- $name := .name -}}
{{- $isLimited := include "acr-nopass.is-limited" . -}}
{{- if and .probe (not $isLimited) }}
{{- fail (printf "the probe %s of the registry %s has no effect without limit: repositories. Remove probe, or write limit: repositories." .probe $name) }}
{{- end }}
{{- if $isLimited }}
{{- if ne .edition "enterprise" }}
{{- fail (printf "the registry %s has limit: repositories, but only a credential of edition: enterprise can be limited. Remove limit." $name) }}
{{- end }}
{{- if and (ne $identity "rrsa") (not .assumeRole) }}
{{- fail (printf "the registry %s has limit: repositories, but with identity.type: %s and no assumeRole the helper requests no session that can be limited. Add a role: assumeRole: [{ roleArn: \"acs:ram::<account>:role/acr-nopass-pull\" }]. `acr-nopass policy` prints its policy and its trust policy." $name $identity) }}
{{- end }}
{{- if and .probe (not (regexMatch (include "acr-nopass.globs" (.repositories | default (list "*"))) .probe)) }}
{{- fail (printf "the probe %s of the registry %s is none of its repositories. Write a repository that the list includes, or add it to the list." .probe $name) }}
{{- end }}
{{- $shared := dict "domains" (.domains | default list | sortAlpha) "network" (.network | default "all") "apiNetwork" (.apiNetwork | default "auto") "expiresInHours" (.expiresInHours | default 0 | int) -}}
{{- $family := include "acr-nopass.family-of" . -}}
{{- $first := get $families $family | default (dict "name" $name "shared" $shared) -}}
{{- $_ := set $families $family $first -}}
{{- range $key, $value := $shared }}
{{- if ne (toJson $value) (toJson (get $first.shared $key)) }}
{{- fail (printf "%s of the registries %s and %s differ, but limited entries of one instance share their credentials. Write the same %s in both entries." $key $first.name $name $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Unlimited entries whose credential may also pull repositories of another entry, which go to other namespaces: a JSON list of
{name, others}.
*/}}
{{- define "acr-nopass.not-isolated" -}}
{{- $found := list -}}
{{- range $own := .Values.registries }}
{{- $others := list -}}
{{- $ours := include "acr-nopass.globs" ($own.repositories | default (list "*")) -}}
{{- range $other := $.Values.registries }}
{{- $sharesRole := and (include "acr-nopass.instance-of" $own) (eq (include "acr-nopass.role-of" $own) (include "acr-nopass.role-of" $other)) -}}
{{- $goesElsewhere := ne (include "acr-nopass.targets-of" (list $ $own)) (include "acr-nopass.targets-of" (list $ $other)) -}}
{{- if and $sharesRole $goesElsewhere }}
{{- $outside := list -}}
{{- range ($other.repositories | default (list "*")) }}{{ if not (regexMatch $ours .) }}{{ $outside = append $outside . }}{{ end }}{{ end -}}
{{- if $outside }}{{ $others = append $others $other.name }}{{ end -}}
{{- end }}
{{- end }}
{{- if and $others (not (include "acr-nopass.is-limited" $own)) }}{{ $found = append $found (dict "name" $own.name "others" $others) }}{{ end -}}
{{- end -}}
{{ toJson $found }}
{{- end }}

{{/* The instance, and the role whose rights a credential has. Without a chain it is the role of `identity`. */}}
{{- define "acr-nopass.role-of" -}}
{{ include "acr-nopass.instance-of" . }} {{ with .assumeRole }}{{ (last .).roleArn }}{{ end }}
{{- end }}

{{/* Values that contradict each other, or have no effect. The same checks are in src/values/checks. */}}
{{- define "acr-nopass.check-registries" -}}
{{- $lists := include "acr-nopass.lists" . | fromJson -}}
{{- $regions := list .Values.region -}}
{{- $enterprise := list "enterprise" -}}
{{- $byCloud := list "enterprise" "personal" -}}
{{- $editions := dict "instanceId" $enterprise "instanceName" $enterprise "expiresInHours" $enterprise "region" $byCloud "network" $byCloud "apiNetwork" $byCloud "repositories" $byCloud "assumeRole" $byCloud "existingSecret" (list "static") -}}
{{- range $entry := .Values.registries }}
{{- $regions = append $regions (.region | default "") }}
{{- range $key, $of := $editions }}
{{- if and (not (kindIs "invalid" (index $entry $key))) (not (has $entry.edition $of)) }}
{{- fail (printf "%s of the registry %s has no effect with edition: %s. Remove it, or change edition to %s." $key $entry.name $entry.edition (join " or " $of)) }}
{{- end }}
{{- end }}
{{- if and (has "*" (.repositories | default list)) (gt (len .repositories) 1) }}
{{- fail (printf "repositories of the registry %s has *, which allows every repository, so the others have no effect. Remove * to allow only the others, or remove the others." .name) }}
{{- end }}
{{- end }}
{{- if not .Values.endpoints.cr }}
{{- range $regions }}
{{- if and . (not (has . $lists.regions)) }}
{{- fail (printf "Alibaba Cloud has no region %s. Write the id of a region, such as cn-hangzhou. For a cloud with its own regions, set endpoints.cr." .) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $key, $type := dict "rrsa" "rrsa" "workerRole" "worker-role" "accessKey" "access-key" }}
{{- if and (hasKey $.Values.identity $key) (ne $.Values.identity.type $type) }}
{{- fail (printf "identity.%s has no effect with identity.type: %s. Remove it, or write type: %s." $key $.Values.identity.type $type) }}
{{- end }}
{{- end }}
{{- range prepend .Values.registries (.Values.identity.accessKey | default dict) }}
{{- if eq (.existingSecret | default "") $.Values.secretName }}
{{- fail (printf "the Secret %s is read here (existingSecret) and is also the pull secret (secretName), which the helper overwrites. Give one of the two Secrets another name." .existingSecret) }}
{{- end }}
{{- end }}
{{- $accounts := list -}}
{{- range .Values.node.serviceAccounts }}
{{- $account := printf "%s/%s" .namespace .name -}}
{{- if has $account $accounts }}{{ fail (printf "node.serviceAccounts has the ServiceAccount %s twice, which can have one role. Remove one of the two." $account) }}{{ end }}
{{- $accounts = append $accounts $account }}
{{- end }}
{{- end }}

{{/* Globs that match nothing. */}}
{{- define "acr-nopass.check-globs" -}}
{{- $general := .Values.targets.namespaces -}}
{{- $all := list (list "targets.namespaces" $general $general.exclude) (list "targets.serviceAccounts" .Values.targets.serviceAccounts .Values.targets.serviceAccounts.exclude) -}}
{{- range .Values.registries }}
{{- $own := (.targets | default dict).namespaces | default dict -}}
{{- $all = append $all (list (printf "targets.namespaces of the registry %s" .name) $own (ternary $own.exclude $general.exclude (hasKey $own "exclude"))) }}
{{- end }}
{{- range $all }}
{{- $where := index . 0 -}}
{{- $target := index . 1 -}}
{{- $exclude := index . 2 -}}
{{- if hasKey $target "include" }}
{{- if and (not $target.include) (ne $where "targets.serviceAccounts") }}
{{- fail (printf "%s: an empty include has no namespace, so nothing is ever pulled with it. List names or globs, or remove the key to use the default." $where) }}
{{- end }}
{{- range $glob := $target.include }}
{{- range $by := $exclude }}
{{- if regexMatch (include "acr-nopass.globs" (list $by)) $glob }}
{{- fail (printf "%s: %q can never match, because exclude has %q. Remove one of the two; exclude wins over include." $where $glob $by) }}
{{- end }}
{{- end }}
{{- end }}
{{- else if has "*" ($target.exclude | default list) }}
{{- fail (printf "%s: exclude has \"*\", which excludes every namespace. Remove it; exclude wins over include." $where) }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Two registries for one domain in one namespace, whose pull secret holds one credential per domain. And a limited and an
unlimited entry of one instance for one namespace, which would get all rights of the role.
*/}}
{{- define "acr-nopass.check-shared-namespaces" -}}
{{- $seen := list -}}
{{- range $entry := .Values.registries }}
{{- $claims := list -}}
{{- range .domains }}{{ $claims = append $claims (lower .) }}{{ end -}}
{{- $narrowed := contains "/" (join " " $claims) -}}
{{- if and (eq .edition "enterprise") .instanceId (not $narrowed) }}{{ $claims = append $claims (printf "the domains of %s" .instanceId) }}{{ end -}}
{{- if and (eq .edition "personal") .region (not $narrowed) }}{{ $claims = append $claims (printf "the domains of the Personal Edition in %s" .region) }}{{ end -}}
{{- $family := ternary "" (include "acr-nopass.family-of" .) (eq .edition "static") -}}
{{- $limited := include "acr-nopass.is-limited" . -}}
{{- $own := dict "name" .name "claims" $claims "family" $family "limited" $limited "targets" (include "acr-nopass.targets-of" (list $ .) | fromJson) -}}
{{- range $other := $seen }}
{{- $isFamily := and $family (eq $family $other.family) -}}
{{- $mixed := and $isFamily (ne $limited $other.limited) -}}
{{- $shared := list -}}
{{- if not (and $isFamily (or $limited $other.limited)) }}
{{- range $claims }}{{ if has . $other.claims }}{{ $shared = append $shared . }}{{ end }}{{ end -}}
{{- end }}
{{- if and (or $mixed $shared) (include "acr-nopass.targets-overlap" (list $own.targets $other.targets)) }}
{{- if $mixed }}
{{- fail (printf "the registries %s and %s are for the same namespaces, and only one of them has limit: repositories. Write it in both entries, where both apply their lists are united; or give the two entries different target namespaces." $other.name $own.name) }}
{{- end }}
{{- fail (printf "the registries %s and %s both claim %s for the same namespaces; a pull secret holds one login per domain. Give them different target namespaces, or write the domains as host/namespace." $other.name $own.name (first $shared)) }}
{{- end }}
{{- end }}
{{- $seen = append $seen $own }}
{{- end }}
{{- end }}

{{/* True if a namespace can match both of two targets: {include, exclude, selector}. */}}
{{- define "acr-nopass.targets-overlap" -}}
{{- $left := first . -}}
{{- $right := last . -}}
{{- $labels := ($right.selector | default dict).matchLabels | default dict -}}
{{- $apart := false -}}
{{- range $label, $value := ($left.selector | default dict).matchLabels }}
{{- if and (hasKey $labels $label) (ne (get $labels $label) $value) }}{{ $apart = true }}{{ end -}}
{{- end }}
{{- if not $apart }}
{{- $excluded := include "acr-nopass.globs" (concat $left.exclude $right.exclude) -}}
{{- $meets := false -}}
{{- range $a := $left.include }}
{{- range $b := $right.include }}
{{- if not (or (regexMatch $excluded $a) (regexMatch $excluded $b)) }}
{{- if include "acr-nopass.globs-meet" (list $a $b) }}{{ $meets = true }}{{ end -}}
{{- end }}
{{- end }}
{{- end }}
{{- if $meets }}true{{ end -}}
{{- end }}
{{- end }}

{{/*
True if some name matches both of two globs. Two globs with `*` meet unless their beginnings or their ends differ: the text
between can hold the middle parts of both.
*/}}
{{- define "acr-nopass.globs-meet" -}}
{{- $a := first . -}}
{{- $b := last . -}}
{{- if and (contains "*" $a) (contains "*" $b) }}
{{- $beginA := regexFind "^[^*]*" $a -}}
{{- $beginB := regexFind "^[^*]*" $b -}}
{{- $endA := regexFind "[^*]*$" $a -}}
{{- $endB := regexFind "[^*]*$" $b -}}
{{- if and (or (hasPrefix $beginA $beginB) (hasPrefix $beginB $beginA)) (or (hasSuffix $endA $endB) (hasSuffix $endB $endA)) }}true{{ end -}}
{{- else if or (regexMatch (include "acr-nopass.globs" (list $a)) $b) (regexMatch (include "acr-nopass.globs" (list $b)) $a) }}true{{ end -}}
{{- end }}

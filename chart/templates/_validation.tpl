{{/*
What a schema cannot say: refused here with the reason and the fix, before anything is installed. (src/values says the same
with the place in the file; this is for those who use Helm alone.)
*/}}
{{- define "acr-nopass.validation" -}}
{{- $lists := include "acr-nopass.lists" . | fromJson -}}

{{- /* A key that is null has no default any more; these must have a value. */}}
{{- range $lists.neededKeys -}}
{{- $here := $.Values -}}
{{- range $key := splitList "." . }}{{ $here = index ($here | default dict) $key }}{{ end -}}
{{- if kindIs "invalid" $here }}
{{- fail (printf "%s is null, and so has no value. Remove the line to get its default, or give it a value. After `--reuse-values` with a newer chart: use --reset-then-reuse-values." .) }}
{{- end }}
{{- end }}

{{- /* Versions of Kubernetes */}}
{{- $version := .Capabilities.KubeVersion.Version -}}
{{- $render := "A tool that renders without the cluster has to be told its version (helm template --kube-version)." -}}
{{- if and .Values.helper.enabled (eq .Values.guard "enabled") (not (semverCompare ">=1.30.0-0" $version)) }}
{{- $gone := printf "a Secret of type kubernetes.io/service-account-token named %s, and so read the token of any ServiceAccount" .Values.secretName -}}
{{- if include "acr-nopass.attaches-service-accounts" . }}{{ $gone = printf "%s; and it could change any field of a ServiceAccount" $gone }}{{ end -}}
{{- fail (printf "guard: enabled needs Kubernetes 1.30 or newer, and this is %s. Without the guard RBAC still keeps the helper from every Secret of another name, but whoever steals the helper's token could make %s. Upgrade the cluster, or accept that by writing guard: disabled. %s" (include "acr-nopass.kubernetes" .) $gone $render) }}
{{- end }}
{{- if and .Values.helper.enabled (has .Values.attach (list "admission" "both")) (not (semverCompare ">=1.36.0-0" $version)) }}
{{- fail (printf "attach: %s needs MutatingAdmissionPolicy v1 of Kubernetes 1.36 or newer, and this is %s. Write attach: serviceAccounts, or leave it at auto. %s" .Values.attach (include "acr-nopass.kubernetes" .) $render) }}
{{- end }}

{{- /* Registries */}}
{{- $names := list -}}
{{- range .Values.registries }}
{{- if has .name $names }}{{ fail (printf "two registries are named %s: names stand for them in status and metrics. Rename one." .name) }}{{ end }}
{{- $names = append $names .name }}
{{- end }}
{{- include "acr-nopass.check-registries" . }}
{{- include "acr-nopass.check-limits" . }}
{{- include "acr-nopass.check-globs" . }}
{{- include "acr-nopass.check-shared-namespaces" . }}
{{- include "acr-nopass.check-node" . }}
{{- if not .Values.helper.enabled }}{{ include "acr-nopass.check-helper-off" . }}{{ end }}

{{- /* Names */}}
{{- $instance := include "acr-nopass.instance" . -}}
{{- if gt (len $instance) 63 }}
{{- fail (printf "namespace and release together are %d characters long (%s), and a label's value has 63. Choose a shorter name for the release." (len $instance) $instance) }}
{{- end }}
{{- if and (ne .Chart.Name "acr-nopass") (gt (len .Chart.Name) 20) }}
{{- fail (printf "the alias %s has %d characters, and names have room for 20: two aliases that begin alike would be one release. Choose a shorter one." .Chart.Name (len .Chart.Name)) }}
{{- end }}
{{- $fullname := include "acr-nopass.fullname" . -}}
{{- if and .Values.helper.enabled .Values.metrics.enabled (regexMatch "^[0-9]" $fullname) (not (semverCompare ">=1.36.0-0" .Capabilities.KubeVersion.Version)) }}
{{- fail (printf "the Service %s would begin with a digit, which Kubernetes allows from 1.36 on, and this is %s. Set fullnameOverride to a name that begins with a letter, or metrics.enabled to false." $fullname (include "acr-nopass.kubernetes" .)) }}
{{- end }}
{{- range $key, $name := dict "fullnameOverride" .Values.fullnameOverride "serviceAccount.name" .Values.serviceAccount.name }}
{{- if has ($name | default "") $lists.reservedNames }}
{{- fail (printf "%s: %s is the name of something else: every namespace has a ServiceAccount default, and Alibaba's helper has the others. Choose another name." $key $name) }}
{{- end }}
{{- end }}
{{- if and (or (has .Values.secretName $lists.commonSecretNames) (hasPrefix "acr-credential-" .Values.secretName)) (not .Values.adopt) }}
{{- fail (printf "secretName: %s is a name that others commonly use, so a Secret of that name is likely somebody else's. Choose a name of its own, or take such Secrets over with adopt: true." .Values.secretName) }}
{{- end }}

{{- /* Labels and annotations */}}
{{- range $label, $_ := .Values.secretLabels }}
{{- if or (hasPrefix "acr-nopass.io/" $label) (has $label $lists.labelsOfSecrets) }}
{{- fail (printf "the label %s in secretLabels is set by acr-nopass itself: Secrets are told apart by it. Remove it." $label) }}
{{- end }}
{{- end }}
{{- $own := fromYaml (include "acr-nopass.own-labels" .) -}}
{{- range $lists.keysOfLabels -}}
{{- $path := . -}}
{{- $labels := $.Values -}}
{{- range $key := splitList "." . }}{{ $labels = index ($labels | default dict) $key }}{{ end -}}
{{- range $label, $_ := $labels }}
{{- if or (hasPrefix "acr-nopass.io/" $label) (hasKey $own $label) }}{{ fail (printf "the label %s in %s is set by acr-nopass itself. Remove it." $label $path) }}{{ end }}
{{- end }}
{{- end }}
{{- range $label, $_ := .Values.commonLabels }}
{{- if contains "/aggregate-to-" $label }}
{{- fail (printf "the label %s in commonLabels would give the helper's rights, including those on pull secrets, to everyone with that role. Remove it." $label) }}
{{- end }}
{{- end }}
{{- range $key, $_ := .Values.podAnnotations }}
{{- if regexMatch "^(container\\.apparmor|container\\.seccomp|seccomp)\\.security\\." $key }}
{{- fail (printf "the annotation %s in podAnnotations would replace a security default of the Pod. Remove it; podSecurityContext has what can be changed." $key) }}
{{- end }}
{{- if eq $key "k8s.aliyun.com/eci-ram-role-name" }}
{{- fail (printf "the annotation %s in podAnnotations would give the helper another identity. Use identity.workerRole.eciRoleName." $key) }}
{{- end }}
{{- end }}
{{- range $key, $_ := merge (dict) (.Values.podAnnotations | default dict) (.Values.deploymentAnnotations | default dict) }}
{{- if hasPrefix "helm.sh/hook" $key }}{{ fail (printf "the annotation %s would make the helper a hook, which Helm does not keep. Remove it." $key) }}{{ end }}
{{- end }}

{{- /* Variables, volumes and mounts that weaken the helper, or cover what it reads. The API server judges the rest of the Pod. */}}
{{- $refused := dict "NODE_TLS_REJECT_UNAUTHORIZED" "can switch off the verification of certificates. Remove it; caBundle adds authorities to trust." "NODE_DEBUG" "can write credentials into the log. Remove it; logLevel: debug shows more." -}}
{{- range $lists.loadingVariables }}
{{- $refused = set $refused . "can load code into the helper, or open it to a debugger. Remove it." }}
{{- end }}
{{- range concat $lists.ownVariables (ternary (list "NODE_EXTRA_CA_CERTS") list (ne (.Values.caBundle | default "") "")) }}
{{- $refused = set $refused . "is set by the chart itself. Remove it." }}
{{- end }}
{{- range .Values.extraEnv }}
{{- if hasKey $refused .name }}{{ fail (printf "the variable %s in extraEnv %s" .name (index $refused .name)) }}{{ end }}
{{- end }}
{{- range .Values.extraVolumes }}
{{- if has .name $lists.ownVolumes }}{{ fail (printf "the volume %s in extraVolumes has the name of one of the chart's own. Rename it." .name) }}{{ end }}
{{- end }}
{{- range .Values.extraVolumeMounts }}
{{- $path := printf "%s/" (trimSuffix "/" .mountPath) -}}
{{- range $own := $lists.ownPaths }}
{{- if or (hasPrefix $own $path) (hasPrefix $path $own) }}
{{- fail (printf "the mount at %s in extraVolumeMounts would cover what the helper reads from %s. Choose another path." (trimSuffix "/" $path) (trimSuffix "/" $own)) }}
{{- end }}
{{- end }}
{{- end }}

{{- $resources := .Values.resources | default dict }}
{{- range $resource, $request := $resources.requests }}
{{- $limit := index ($resources.limits | default dict) $resource -}}
{{- if and (not (kindIs "invalid" $request)) (not (kindIs "invalid" $limit)) (gt (include "acr-nopass.amount" $request | float64) (include "acr-nopass.amount" $limit | float64)) }}
{{- fail (printf "resources.requests: %s is %v, more than its limit %v. Lower the request, or raise the limit." $resource $request $limit) }}
{{- end }}
{{- end }}

{{- /* Monitors without effect, or that scrape twice */}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) }}
{{- fail "metrics.serviceMonitor.enabled needs the Service of metrics.enabled: set it to true, or use metrics.podMonitor." }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled }}
{{- fail "metrics.serviceMonitor and metrics.podMonitor are both enabled: every sample would be there twice. Keep one of them." }}
{{- end }}
{{- range $name := list "serviceMonitor" "podMonitor" }}
{{- $monitor := index $.Values.metrics $name -}}
{{- if and $monitor.enabled $monitor.interval $monitor.scrapeTimeout (gt (include "acr-nopass.seconds" $monitor.scrapeTimeout | int64) (include "acr-nopass.seconds" $monitor.interval | int64)) }}
{{- fail (printf "metrics.%s.scrapeTimeout (%s) is above its interval (%s), so Prometheus would ignore the monitor. Lower the timeout, or raise the interval." $name $monitor.scrapeTimeout $monitor.interval) }}
{{- end }}
{{- end }}
{{- range $name, $alert := .Values.metrics.prometheusRule.alerts }}
{{- if and (has $name $lists.alertsWithoutThreshold) (hasKey $alert "threshold") }}
{{- fail (printf "the alert %s has no threshold that could be set. Remove its threshold." $name) }}
{{- end }}
{{- end }}

{{- /* Namespaces by name */}}
{{- if eq .Values.scope "namespaces" }}
{{- range include "acr-nopass.namespace-targets" . | fromJsonArray }}
{{- if .selector }}{{ fail "scope: namespaces reads no labels of namespaces, so selectors do not work. List the names in targets.namespaces.include." }}{{ end }}
{{- range .include }}
{{- if contains "*" . }}{{ fail (printf "scope: namespaces gives rights in listed namespaces only, and %q is a glob. List the names in targets.namespaces.include." .) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A time span in seconds. */}}
{{- define "acr-nopass.seconds" -}}
{{ mul (regexFind "^[0-9]+" . | int64) (index (dict "s" 1 "m" 60 "h" 3600) (regexFind "[smh]$" .)) }}
{{- end }}

{{- /* The amount of a quantity such as 96Mi. Call with the quantity. */}}
{{- define "acr-nopass.amount" -}}
{{- $text := toString . -}}
{{- $number := regexFind "^[+]?[0-9.]+" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- $binary := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976 -}}
{{- $decimal := dict "n" "e-9" "u" "e-6" "m" "e-3" "k" "e3" "M" "e6" "G" "e9" "T" "e12" "P" "e15" "E" "e18" -}}
{{- if hasKey $binary $unit }}{{ mulf ($number | float64) (get $binary $unit) }}
{{- else }}{{ printf "%s%s" $number (get $decimal $unit | default $unit) | float64 }}{{ end -}}
{{- end }}

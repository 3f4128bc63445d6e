{{/*
What a schema cannot say: refused here with the reason and the fix, before anything is installed. (src/values says the same
with the place in the file; this is for those who use Helm alone.)
*/}}
{{- define "acr-nopass.validation" -}}
{{- include "acr-nopass.check-nulls" . }}
{{- include "acr-nopass.check-versions" . }}
{{- include "acr-nopass.check-registries" . }}
{{- include "acr-nopass.check-names" . }}
{{- include "acr-nopass.check-labels" . }}
{{- include "acr-nopass.check-pod" . }}
{{- include "acr-nopass.check-volumes" . }}
{{- include "acr-nopass.check-network" . }}
{{- include "acr-nopass.check-monitors" . }}
{{- if eq .Values.scope "namespaces" }}{{ include "acr-nopass.check-listed-namespaces" . }}{{ end }}
{{- if eq (int .Values.ports.http) (int .Values.ports.status) }}
{{- fail "ports.http and ports.status are equal: the helper listens on both. Give them two different ports." }}
{{- end }}
{{- end }}

{{/* A key that is null has no default any more; these must have a value. */}}
{{- define "acr-nopass.check-nulls" -}}
{{- $root := .Values -}}
{{- range list "targets.namespaces.include" "targets.namespaces.exclude" "targets.namespaces.selector" "targets.serviceAccounts.include" "targets.serviceAccounts.exclude" "region" "attach" "admissionImages" "guard" "scope" "secretName" "adopt" "retire" "dryRun" "heal" "watchPods" "verify.enabled" "verify.interval" "refreshRate" "secretLabels" "authFormat" "network" "endpoints" "logLevel" "image.repository" "image.pullPolicy" "serviceAccount" "replicas" "podSecurityContext.runAsNonRoot" "securityContext.allowPrivilegeEscalation" "securityContext.readOnlyRootFilesystem" "securityContext.capabilities.drop" "ports.http" "ports.status" "metrics.enabled" "metrics.service" "metrics.serviceMonitor" "metrics.podMonitor" "metrics.prometheusRule" "metrics.dashboard" "networkPolicy" "networkPolicy.dnsPorts" "podDisruptionBudget.enabled" "podDisruptionBudget.maxUnavailable" -}}
{{- $here := $root -}}
{{- range $key := splitList "." . }}{{ $here = index ($here | default dict) $key }}{{ end -}}
{{- if kindIs "invalid" $here }}
{{- fail (printf "%s is null, and so has no value. Remove the line to get its default, or give it a value. After `--reuse-values` with a newer chart: use --reset-then-reuse-values." .) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "acr-nopass.check-versions" -}}
{{- $version := .Capabilities.KubeVersion.Version -}}
{{- $render := "A tool that renders without the cluster has to be told its version (helm template --kube-version)." -}}
{{- if and (eq .Values.guard "enabled") (not (semverCompare ">=1.30.0-0" $version)) }}
{{- $gone := printf "a Secret of type kubernetes.io/service-account-token named %s, and so read the token of any ServiceAccount" .Values.secretName -}}
{{- if include "acr-nopass.attaches-service-accounts" . }}{{ $gone = printf "%s; and it could change any field of a ServiceAccount" $gone }}{{ end -}}
{{- fail (printf "guard: enabled needs Kubernetes 1.30 or newer, and this is %s. Without the guard RBAC still keeps the helper from every Secret of another name, but whoever steals the helper's token could make %s. Upgrade the cluster, or accept that by writing guard: disabled. %s" (include "acr-nopass.kubernetes" .) $gone $render) }}
{{- end }}
{{- if and (has .Values.attach (list "admission" "both")) (not (semverCompare ">=1.36.0-0" $version)) }}
{{- fail (printf "attach: %s needs MutatingAdmissionPolicy v1 of Kubernetes 1.36 or newer, and this is %s. Write attach: serviceAccounts, or leave it at auto. %s" .Values.attach (include "acr-nopass.kubernetes" .) $render) }}
{{- end }}
{{- end }}

{{- define "acr-nopass.check-registries" -}}
{{- $names := list -}}
{{- range .Values.registries }}
{{- if has .name $names }}
{{- fail (printf "two registries are named %s: names stand for them in status and metrics. Rename one." .name) }}
{{- end }}
{{- $names = append $names .name }}
{{- end }}
{{- end }}

{{- define "acr-nopass.check-names" -}}
{{- $instance := include "acr-nopass.instance" . -}}
{{- if gt (len $instance) 63 }}
{{- fail (printf "namespace and release together are %d characters long (%s), and a label's value has 63. Choose a shorter name for the release." (len $instance) $instance) }}
{{- end }}
{{- if and (ne .Chart.Name "acr-nopass") (gt (len .Chart.Name) 20) }}
{{- fail (printf "the alias %s has %d characters, and names have room for 20: two aliases that begin alike would be one release. Choose a shorter one." .Chart.Name (len .Chart.Name)) }}
{{- end }}
{{- $fullname := include "acr-nopass.fullname" . -}}
{{- if and .Values.metrics.enabled (regexMatch "^[0-9]" $fullname) (not (semverCompare ">=1.36.0-0" .Capabilities.KubeVersion.Version)) }}
{{- fail (printf "the Service %s would begin with a digit, which Kubernetes allows from 1.36 on, and this is %s. Set fullnameOverride to a name that begins with a letter, or metrics.enabled to false." $fullname (include "acr-nopass.kubernetes" .)) }}
{{- end }}
{{- $reserved := list "default" "aliyun-acr-credential-helper" "acr-credential-helper-webhook" -}}
{{- range $key, $name := dict "fullnameOverride" .Values.fullnameOverride "serviceAccount.name" .Values.serviceAccount.name }}
{{- if has ($name | default "") $reserved }}
{{- fail (printf "%s: %s is the name of something else: every namespace has a ServiceAccount default, and Alibaba's helper has the others. Choose another name." $key $name) }}
{{- end }}
{{- end }}
{{- $common := list "acr-credential" "acr-secret" "aliyun-registry" "docker-config" "docker-credentials" "docker-login" "docker-registry" "dockerconfigjson" "dockerhub" "image-pull-secret" "image-pull-secrets" "imagepullsecret" "imagepullsecrets" "pull-secret" "pullsecret" "regcred" "registry-auth" "registry-credentials" "registry-secret" "regsecret" -}}
{{- if and (or (has .Values.secretName $common) (hasPrefix "acr-credential-" .Values.secretName)) (not .Values.adopt) }}
{{- fail (printf "secretName: %s is a name that others commonly use, so a Secret of that name is likely somebody else's. Choose a name of its own, or take such Secrets over with adopt: true." .Values.secretName) }}
{{- end }}
{{- end }}

{{- define "acr-nopass.check-labels" -}}
{{- range $label, $_ := .Values.secretLabels }}
{{- if or (hasPrefix "acr-nopass.io/" $label) (has $label (list "app.kubernetes.io/managed-by" "app.kubernetes.io/instance")) }}
{{- fail (printf "the label %s in secretLabels is set by acr-nopass itself: Secrets are told apart by it. Remove it." $label) }}
{{- end }}
{{- end }}
{{- $own := fromYaml (include "acr-nopass.own-labels" .) -}}
{{- $root := .Values -}}
{{- range list "commonLabels" "podLabels" "serviceAccount.labels" "metrics.service.labels" "metrics.serviceMonitor.labels" "metrics.podMonitor.labels" "metrics.prometheusRule.labels" "metrics.dashboard.labels" -}}
{{- $path := . -}}
{{- $labels := $root -}}
{{- range $key := splitList "." . }}{{ $labels = index ($labels | default dict) $key }}{{ end -}}
{{- range $label, $_ := $labels }}
{{- if or (hasPrefix "acr-nopass.io/" $label) (hasKey $own $label) }}
{{- fail (printf "the label %s in %s is set by acr-nopass itself. Remove it." $label $path) }}
{{- end }}
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
{{- if hasPrefix "helm.sh/hook" $key }}
{{- fail (printf "the annotation %s would make the helper a hook, which Helm does not keep. Remove it." $key) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What the API server refuses in the Pod, or Helm 4 does when it applies it. */}}
{{- define "acr-nopass.check-pod" -}}
{{- $names := list "POD_NAME" "POD_NAMESPACE" "POD_UID" "POD_IP" "NODE_NAME" -}}
{{- if .Values.caBundle }}{{ $names = append $names "NODE_EXTRA_CA_CERTS" }}{{ end -}}
{{- range .Values.extraEnv }}
{{- if has .name (list "NODE_OPTIONS" "NODE_PATH" "NODE_COMPILE_CACHE" "LD_PRELOAD" "LD_LIBRARY_PATH" "LD_AUDIT" "OPENSSL_CONF" "OPENSSL_MODULES" "OPENSSL_ENGINES") }}
{{- fail (printf "the variable %s in extraEnv can load code into the helper, or open it to a debugger. Remove it." .name) }}
{{- end }}
{{- if eq .name "NODE_TLS_REJECT_UNAUTHORIZED" }}
{{- fail "the variable NODE_TLS_REJECT_UNAUTHORIZED in extraEnv can switch off the verification of certificates. Remove it; caBundle adds authorities to trust." }}
{{- end }}
{{- if eq .name "NODE_DEBUG" }}
{{- fail "the variable NODE_DEBUG in extraEnv can write credentials into the log. Remove it; logLevel: debug shows more." }}
{{- end }}
{{- if and .value .valueFrom }}
{{- fail (printf "the variable %s in extraEnv has both value and valueFrom. Keep one of the two." .name) }}
{{- end }}
{{- if has .name $names }}
{{- fail (printf "the variable %s in extraEnv is there twice, or is set by the chart. Remove it." .name) }}
{{- end }}
{{- $names = append $names .name }}
{{- end }}
{{- $keys := list -}}
{{- range .Values.topologySpread }}
{{- $key := printf "%s with %s" .topologyKey .whenUnsatisfiable -}}
{{- if has $key $keys }}
{{- fail (printf "topologySpread has two constraints for %s. Remove one." $key) }}
{{- end }}
{{- $keys = append $keys $key }}
{{- if and (not (kindIs "invalid" .minDomains)) (eq .whenUnsatisfiable "ScheduleAnyway") }}
{{- fail "topologySpread: minDomains needs whenUnsatisfiable: DoNotSchedule. Write that, or remove minDomains." }}
{{- end }}
{{- $selected := list "app.kubernetes.io/name" "app.kubernetes.io/instance" -}}
{{- if hasKey . "labelSelector" }}
{{- $selected = keys (.labelSelector.matchLabels | default dict) -}}
{{- range .labelSelector.matchExpressions }}{{ $selected = append $selected .key }}{{ end -}}
{{- end }}
{{- range .matchLabelKeys }}
{{- if has . $selected }}
{{- fail (printf "topologySpread: matchLabelKeys names %s, which labelSelector has too. Remove it in one of the two." .) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $affinity := list "podAffinity" "podAntiAffinity" }}
{{- $rules := index ($.Values.affinity | default dict) $affinity | default dict -}}
{{- $terms := $rules.requiredDuringSchedulingIgnoredDuringExecution | default list -}}
{{- range $rules.preferredDuringSchedulingIgnoredDuringExecution }}{{ $terms = append $terms .podAffinityTerm }}{{ end -}}
{{- range $term := $terms }}
{{- range .mismatchLabelKeys }}
{{- if has . ($term.matchLabelKeys | default list) }}
{{- fail (printf "affinity.%s: mismatchLabelKeys names %s, which matchLabelKeys has too. Remove it in one of the two." $affinity .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range .Values.tolerations }}
{{- if and (not (kindIs "invalid" .tolerationSeconds)) (ne (.effect | default "") "NoExecute") }}
{{- fail "a toleration with tolerationSeconds needs effect: NoExecute. Add it, or remove tolerationSeconds." }}
{{- end }}
{{- if and .value (eq (.operator | default "") "Exists") }}
{{- fail (printf "a toleration with operator: Exists has the value %s. Remove the value, or write operator: Equal." .value) }}
{{- end }}
{{- if and (not .key) (ne (.operator | default "") "Exists") }}
{{- fail "a toleration without key needs operator: Exists. Add the key of the taint, or the operator for all taints." }}
{{- end }}
{{- end }}
{{- range $list, $key := dict "hostAliases" "ip" "imagePullSecrets" "name" }}
{{- $seen := list -}}
{{- range index $.Values $list }}
{{- $value := index . $key -}}
{{- if has $value $seen }}
{{- fail (printf "%s has %s twice. Remove one of the two." $list $value) }}
{{- end }}
{{- $seen = append $seen $value }}
{{- end }}
{{- end }}
{{- $seccomp := .Values.podSecurityContext.seccompProfile | default dict -}}
{{- if and (eq ($seccomp.type | default "") "Localhost") (not $seccomp.localhostProfile) }}
{{- fail "podSecurityContext.seccompProfile: type: Localhost needs localhostProfile. Add the file of the profile." }}
{{- end }}
{{- if and $seccomp.localhostProfile (ne ($seccomp.type | default "") "Localhost") }}
{{- fail "podSecurityContext.seccompProfile: localhostProfile needs type: Localhost. Write that type, or remove the file." }}
{{- end }}
{{- $limits := (.Values.resources | default dict).limits | default dict -}}
{{- range $amounts := list $limits ((.Values.resources | default dict).requests | default dict) }}
{{- range $resource, $amount := $amounts }}
{{- if and (contains "/" $resource) (not (contains "kubernetes.io/" $resource)) (not (kindIs "invalid" $amount)) }}
{{- $whole := include "acr-nopass.quantity" $amount | float64 -}}
{{- if ne (mulf (floor (divf $whole 1000)) 1000) $whole }}
{{- fail (printf "resources: %s is counted in whole numbers, and %v is none. Write a whole number." $resource $amount) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $resource, $request := (.Values.resources | default dict).requests }}
{{- $limit := index $limits $resource -}}
{{- if and (contains "/" $resource) (not (contains "kubernetes.io/" $resource)) (not (kindIs "invalid" $request)) }}
{{- if ne (include "acr-nopass.quantity" $request | float64) (include "acr-nopass.quantity" (ternary "-1" $limit (kindIs "invalid" $limit)) | float64) }}
{{- fail (printf "resources: the request and the limit of %s must be equal. Write the same amount in both, or the limit alone." $resource) }}
{{- end }}
{{- end }}
{{- if and (not (kindIs "invalid" $limit)) (not (kindIs "invalid" $request)) }}
{{- if gt (include "acr-nopass.quantity" $request | float64) (include "acr-nopass.quantity" $limit | float64) }}
{{- fail (printf "resources.requests.%s (%v) is above resources.limits.%s (%v). Raise the limit, or lower the request." $resource $request $resource $limit) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Volumes and mounts that the API server refuses, or that cover what the helper reads. */}}
{{- define "acr-nopass.check-volumes" -}}
{{- $taken := list "config" "token" "oidc" -}}
{{- $volumes := list -}}
{{- range .Values.extraVolumes }}
{{- if has .name (concat $taken $volumes) }}
{{- fail (printf "the volume %s in extraVolumes is there twice, or is one of the chart's own. Rename it." .name) }}
{{- end }}
{{- if ne (len (omit . "name")) 1 }}
{{- fail (printf "the volume %s in extraVolumes needs exactly one source, such as configMap or secret." .name) }}
{{- end }}
{{- $volumes = append $volumes .name }}
{{- $volume := .name -}}
{{- $files := list -}}
{{- range (.projected | default dict).sources }}
{{- if gt (len .) 1 }}
{{- fail (printf "a source of the projected volume %s in extraVolumes has several kinds. Write one source for each." $volume) }}
{{- end }}
{{- $bundle := .clusterTrustBundle | default dict -}}
{{- if and $bundle.name (hasKey $bundle "labelSelector") }}
{{- fail (printf "a bundle of certificates in the projected volume %s in extraVolumes has a name and a labelSelector. Remove one of the two." $volume) }}
{{- end }}
{{- $certificate := .podCertificate | default dict -}}
{{- if and (hasPrefix "kubernetes.io/" ($certificate.signerName | default "")) (gt (int64 $certificate.maxExpirationSeconds) 86400) }}
{{- fail (printf "a certificate in the projected volume %s in extraVolumes: a signer of kubernetes.io issues it for a day at most. Write at most 86400 as maxExpirationSeconds." $volume) }}
{{- end }}
{{- range $kind, $source := . }}
{{- range $item := prepend ($source.items | default list) $source }}
{{- range $file := list $item.path $item.credentialBundlePath $item.keyPath $item.certificateChainPath }}
{{- if and $file (ne $kind "serviceAccountToken") }}
{{- if has $file $files }}
{{- fail (printf "two sources of the projected volume %s in extraVolumes write the file %s. Give one of them another path." $volume $file) }}
{{- end }}
{{- $files = append $files $file }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- $paths := list -}}
{{- range .Values.extraVolumeMounts }}
{{- if not (has .name $volumes) }}
{{- fail (printf "extraVolumeMounts names the volume %s, and extraVolumes has none of that name. Add it there." .name) }}
{{- end }}
{{- $path := printf "%s/" (trimSuffix "/" .mountPath) -}}
{{- range $own := list "/etc/acr-nopass/" "/var/run/secrets/kubernetes.io/serviceaccount/" "/var/run/secrets/acr-nopass/oidc/" "/app/" "/nodejs/" "/proc/" "/sys/" "/dev/" }}
{{- if or (hasPrefix $own $path) (hasPrefix $path $own) }}
{{- fail (printf "the mount at %s in extraVolumeMounts would cover what the helper reads from %s. Choose another path." (trimSuffix "/" $path) (trimSuffix "/" $own)) }}
{{- end }}
{{- end }}
{{- if has $path $paths }}
{{- fail (printf "extraVolumeMounts has two mounts at %s. Remove one." (trimSuffix "/" $path)) }}
{{- end }}
{{- $paths = append $paths $path }}
{{- end }}
{{- if and (eq (.Values.dnsPolicy | default "") "None") (not (.Values.dnsConfig | default dict).nameservers) }}
{{- fail "dnsPolicy: None needs dnsConfig.nameservers: nothing else configures how names are resolved. Add one, or choose another policy." }}
{{- end }}
{{- if gt (len (join " " ((.Values.dnsConfig | default dict).searches | default list))) 2048 }}
{{- fail "dnsConfig.searches has more than 2048 characters in all. Remove some of them." }}
{{- end }}
{{- $strategy := .Values.updateStrategy | default dict -}}
{{- $rolling := $strategy.rollingUpdate | default dict -}}
{{- if and (hasKey $strategy "rollingUpdate") (ne ($strategy.type | default "RollingUpdate") "RollingUpdate") }}
{{- fail "updateStrategy.rollingUpdate needs type: RollingUpdate. Remove one of the two." }}
{{- end }}
{{- if and (regexMatch "^-?0+%?$" (toString $rolling.maxUnavailable)) (regexMatch "^-?0+%?$" (toString $rolling.maxSurge)) }}
{{- fail "updateStrategy.rollingUpdate could replace no Pod: maxSurge and maxUnavailable are both 0. Raise one of them." }}
{{- end }}
{{- end }}

{{/* Peers and ports that the API server refuses. */}}
{{- define "acr-nopass.check-network" -}}
{{- if .Values.networkPolicy.enabled }}
{{- $peers := .Values.networkPolicy.metricsFrom | default list -}}
{{- range .Values.networkPolicy.egress }}
{{- $peers = concat $peers (.to | default list) }}
{{- range .ports }}
{{- if and .endPort (or (has (kindOf .port) (list "string" "invalid")) (lt (int .endPort) (int .port))) }}
{{- fail "networkPolicy.egress: endPort needs a number as port that is not above it. Correct one of the two." }}
{{- end }}
{{- end }}
{{- end }}
{{- range $peers }}
{{- if or (not .) (and (hasKey . "ipBlock") (gt (len .) 1)) }}
{{- fail "networkPolicy: a peer is empty, or has ipBlock together with a selector. Write one peer for each." }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Monitors without effect, or that scrape twice. */}}
{{- define "acr-nopass.check-monitors" -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) }}
{{- fail "metrics.serviceMonitor.enabled needs the Service of metrics.enabled: set it to true, or use metrics.podMonitor." }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled }}
{{- fail "metrics.serviceMonitor and metrics.podMonitor are both enabled: every sample would be there twice. Keep one of them." }}
{{- end }}
{{- range $name := list "serviceMonitor" "podMonitor" }}
{{- $monitor := index $.Values.metrics $name -}}
{{- if $monitor.enabled }}
{{- if and $monitor.interval $monitor.scrapeTimeout }}
{{- if gt (include "acr-nopass.seconds" $monitor.scrapeTimeout | int64) (include "acr-nopass.seconds" $monitor.interval | int64) }}
{{- fail (printf "metrics.%s.scrapeTimeout (%s) is above its interval (%s), so Prometheus would ignore the monitor. Lower the timeout, or raise the interval." $name $monitor.scrapeTimeout $monitor.interval) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $alert := .Values.metrics.prometheusRule.alerts }}
{{- if and (has $name (list "AcrNopassDown" "AcrNopassWithoutLeader")) (hasKey $alert "threshold") }}
{{- fail (printf "the alert %s has no threshold that could be set. Remove its threshold." $name) }}
{{- end }}
{{- end }}
{{- end }}

{{/* A time span in seconds. */}}
{{- define "acr-nopass.seconds" -}}
{{ mul (regexFind "^[0-9]+" . | int64) (index (dict "s" 1 "m" 60 "h" 3600) (regexFind "[smh]$" .)) }}
{{- end }}

{{/* A quantity in thousandths, as a number. */}}
{{- define "acr-nopass.quantity" -}}
{{- $text := toString . -}}
{{- $factors := dict "n" 0.000001 "u" 0.001 "m" 1 "" 1000 "k" 1000000 "M" 1000000000 "G" 1000000000000 "T" 1000000000000000 "P" 1e18 "E" 1e21 "Ki" 1024000 "Mi" 1048576000 "Gi" 1073741824000 "Ti" 1099511627776000 "Pi" 1125899906842624000.0 "Ei" 1152921504606846976000.0 -}}
{{- $unit := regexFind "([numkMGTPE]|[KMGTPE]i)?$" $text -}}
{{ mulf (trimSuffix $unit $text | float64) (index $factors $unit | float64) }}
{{- end }}

{{- define "acr-nopass.check-listed-namespaces" -}}
{{- range include "acr-nopass.namespace-targets" . | fromJsonArray }}
{{- if .selector }}
{{- fail "scope: namespaces reads no labels of namespaces, so selectors do not work. List the names in targets.namespaces.include." }}
{{- end }}
{{- range .include }}
{{- if contains "*" . }}
{{- fail (printf "scope: namespaces gives rights in listed namespaces only, and %q is a glob. List the names in targets.namespaces.include." .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

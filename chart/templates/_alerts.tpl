{{/* The number that an alert compares with: the root, the alert's name, the number without values. */}}
{{- define "acr-nopass.threshold" -}}
{{- $alert := index ((index . 0).Values.metrics.prometheusRule.alerts | default dict) (index . 1) | default dict -}}
{{ ternary $alert.threshold (index . 2) (hasKey $alert "threshold") }}
{{- end }}

{{/* The alerts with cause and fix, as a YAML list. */}}
{{- define "acr-nopass.alerts" -}}
{{- $fullname := include "acr-nopass.fullname" . }}
{{- $ours := printf "namespace=%q, job=%q" .Release.Namespace $fullname }}
{{- $status := printf "kubectl -n %s get configmap %s-status -o jsonpath='{.data.status\\.json}'" .Release.Namespace $fullname }}
{{- $logs := printf "kubectl -n %s logs deployment/%s" .Release.Namespace $fullname }}
- alert: AcrNopassCredentialExpires
  expr: min by (registry) (acr_nopass_token_expiry_timestamp_seconds{ {{- $ours -}} }) - time() < {{ include "acr-nopass.threshold" (list . "AcrNopassCredentialExpires" 600) }}
  for: 1m
  labels:
    severity: critical
  annotations:
    summary: {{ `The credential of registry {{ $labels.registry }} expires in {{ $value | humanizeDuration }}` | quote }}
    cause: >-
      The helper replaces a credential long before it expires, so all recent attempts have failed. After the expiry, new Pods with images of
      that registry do not start.
    fix: >-
      The status shows the code of the failure and the fix: {{ $status }}
- alert: AcrNopassRefreshFails
  expr: |-
    sum by (registry) (increase(acr_nopass_token_refresh_total{ {{- $ours }}, result="failed"}[10m])) > {{ include "acr-nopass.threshold" (list . "AcrNopassRefreshFails" 0) }}
    unless sum by (registry) (increase(acr_nopass_token_refresh_total{ {{- $ours }}, result=~"refreshed|unchanged"}[10m])) > 0
  for: 5m
  labels:
    severity: warning
  annotations:
    summary: {{ `Registry {{ $labels.registry }} issues no new credential` | quote }}
    cause: >-
      All attempts of the last minutes failed: the identity lacks a right, the API is not reachable, or the registry refuses
      the credential that the cloud issued. Pulls continue with the credential in use until it expires.
    fix: >-
      The status shows the code of the failure and the fix: {{ $status }}
- alert: AcrNopassLoginRefused
  expr: max by (registry) (acr_nopass_login_refused{ {{- $ours -}} }) > {{ include "acr-nopass.threshold" (list . "AcrNopassLoginRefused" 0) }}
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: {{ `Registry {{ $labels.registry }} rejects the login` | quote }}
    cause: >-
      The registry itself rejects a credential that Alibaba Cloud issued: the credential in use, or its replacement. New Pods
      with images of that registry do not start, at the latest when the credential in use expires.
    fix: >-
      Check that the instance runs and that its access control allows this cluster. The status names the code and what to do:
      {{ $status }}
- alert: AcrNopassCredentialTooWide
  expr: max by (registry) (acr_nopass_credential_too_wide{ {{- $ours -}} }) > {{ include "acr-nopass.threshold" (list . "AcrNopassCredentialTooWide" 0) }}
  for: 5m
  labels:
    severity: warning
  annotations:
    summary: {{ `The credential {{ $labels.registry }} pulls more than its limit allows` | quote }}
    cause: >-
      The registry lets this limited credential pull a repository of another list. So limit: repositories does not protect the
      repositories of other teams there. Pulls continue.
    fix: >-
      Do not rely on limit: repositories for this instance: give each team a RAM role of its own (assumeRole), or an instance of its own.
      The status names the repository: {{ $status }}
- alert: AcrNopassDown
  expr: absent(acr_nopass_build_info{ {{- $ours -}} })
  for: 10m
  labels:
    severity: critical
  annotations:
    summary: No helper of acr-nopass is scraped
    cause: >-
      No Pod of the helper runs, or Prometheus cannot reach the Pods. Pulls continue until the credentials in use expire.
    fix: >-
      Find the reason: kubectl -n {{ .Release.Namespace }} describe deployment {{ $fullname }}. If Pods run, check the targets of
      Prometheus and the network policies.
- alert: AcrNopassWithoutLeader
  expr: sum(leader_election_master_status{ {{- $ours -}} }) < 1
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: No helper of acr-nopass is the leader, so nothing is refreshed
    cause: >-
      Helpers run, but none can acquire the Lease {{ $fullname }}: the right to update it, or to create it where it does not exist, was removed.
    fix: >-
      Their logs show the response of the API server: {{ $logs }}. A helm upgrade restores the Lease and the Role.
- alert: AcrNopassPending
  expr: max(acr_nopass_secrets{ {{- $ours }}, state="pending"}) > {{ include "acr-nopass.threshold" (list . "AcrNopassPending" 0) }}
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: {{ `{{ $value }} namespaces wait for their pull secret` | quote }}
    cause: >-
      There is no credential for these namespaces yet, or the API server rejects the write (a quota, a webhook, a Secret that is immutable
      or of another type).
    fix: >-
      The status names these namespaces with cause and fix: {{ $status }}
{{- if include "acr-nopass.attaches-service-accounts" . }}
- alert: AcrNopassUnattached
  expr: max(acr_nopass_service_accounts{ {{- $ours }}, state="pending"}) > {{ include "acr-nopass.threshold" (list . "AcrNopassUnattached" 0) }}
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: {{ `{{ $value }} ServiceAccounts wait for the reference to the pull secret` | quote }}
    cause: >-
      The API server rejects the change (a webhook, a policy), so Pods that use these ServiceAccounts cannot pull.
    fix: >-
      The status names these ServiceAccounts with cause and fix: {{ $status }}
{{- end }}
- alert: AcrNopassLogUnwritable
  expr: max(acr_nopass_log_unwritable{ {{- $ours -}} }) > {{ include "acr-nopass.threshold" (list . "AcrNopassLogUnwritable" 0) }}
  for: 10m
  labels:
    severity: warning
  annotations:
    summary: The helper's own copy of its credentials cannot be written
    cause: >-
      The API server rejects the pull secret in the helper's own namespace (a quota, a webhook, a Secret that is immutable or of another
      owner). Pulls continue, but a new leader has to request every credential again.
    fix: >-
      The status names what rejects it: {{ $status }}
- alert: AcrNopassConflictingWriter
  expr: sum(increase(acr_nopass_fights_total{ {{- $ours -}} }[1h])) > {{ include "acr-nopass.threshold" (list . "AcrNopassConflictingWriter" 0) }}
  labels:
    severity: warning
  annotations:
    summary: Another writer keeps changing a pull secret, or removing the reference to it from a ServiceAccount
    cause: >-
      A tool that applies its own version of Secrets or ServiceAccounts, such as a GitOps controller, keeps reverting them.
    fix: >-
      An Event on the Namespace or the ServiceAccount names the writer. Configure that writer not to change the pull secret and to keep
      the reference, or exclude the namespace or the ServiceAccount in targets.
{{- if or .Values.watchPods .Values.heal }}
- alert: AcrNopassPodsCannotPull
  expr: max(acr_nopass_pods_without_reference{ {{- $ours -}} }) > {{ include "acr-nopass.threshold" (list . "AcrNopassPodsCannotPull" 0) }}
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: {{ `{{ $value }} Pods cannot pull because they lack the reference to the pull secret` | quote }}
    cause: >-
      The Pods were admitted before the reference existed, or have imagePullSecrets of their own. The imagePullSecrets of a Pod never change.
    fix: >-
      An Event on each Pod shows the fix, usually to delete the Pod. With heal: true, the helper evicts Pods that a controller recreates. The status
      names the Pods: {{ $status }}
{{- end }}
- alert: AcrNopassWatchStalled
  expr: max by (resource) (acr_nopass_watch_last_progress_seconds{ {{- $ours -}} }) > {{ include "acr-nopass.threshold" (list . "AcrNopassWatchStalled" 900) }}
  for: 5m
  labels:
    severity: warning
  annotations:
    summary: {{ `A helper has received nothing about {{ $labels.resource }} for {{ $value | humanizeDuration }}` | quote }}
    cause: >-
      The helper cannot reach the API server, or lacks the right to watch these objects. New objects are therefore not processed.
    fix: >-
      Its log shows the response of the API server: {{ $logs }}
{{- end }}

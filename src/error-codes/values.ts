/**
 * Codes of values and clusters files. YAML_: how a file is read; SCHEMA_: what the schema (and so
 * Helm) refuses; VALUES_ and CLUSTERS_: what is checked beyond the schema.
 */
export const VALUES_CODES = {
  YAML_SYNTAX: { what: 'The file is not valid YAML.', fix: 'Fix the line that the message names.' },
  YAML_AMBIGUOUS: {
    what: 'An unquoted word means different things in YAML 1.1 and 1.2, or to Helm.',
    fix: 'Put the word in quotes if you mean text. Otherwise write true, false, null, or a decimal number.',
  },
  YAML_DUPLICATE_KEY: {
    what: 'A key occurs twice in one map; Helm would silently use the last one.',
    fix: 'Remove one of the two keys.',
  },
  YAML_DOCUMENTS: {
    what: 'The file contains several documents: Helm 3 reads only the first, Helm 4 merges all of them.',
    fix: 'Write each document into its own file.',
  },
  YAML_TAG: {
    what: 'The file uses a tag or a directive, which programs interpret differently.',
    fix: 'Remove the tag or directive; put text in quotes.',
  },
  YAML_KEY: { what: 'A key is not plain text.', fix: 'Put the key in quotes.' },
  YAML_ALIAS: {
    what: 'The file uses an anchor, an alias or a merge key, which programs interpret differently.',
    fix: 'Write the values out in place of the alias.',
  },
  YAML_ROOT: {
    what: 'The top level of the file has the wrong type.',
    fix: 'Write a map in a values file, and a list in a clusters file.',
  },
  SCHEMA_UNKNOWN_KEY: {
    what: 'This key does not exist.',
    fix: 'Remove the key, or spell it as in the reference of values.',
  },
  SCHEMA_MISSING: { what: 'A required key is missing.', fix: 'Add the key.' },
  SCHEMA_TYPE: {
    what: 'A value has the wrong type.',
    fix: 'Write a value of the type that the message names.',
  },
  SCHEMA_CHOICE: {
    what: 'A value is not one of the choices of its key.',
    fix: 'Use one of the values that the message lists.',
  },
  SCHEMA_FORM: {
    what: 'A text does not have the required form.',
    fix: 'Write it in the form that the message shows.',
  },
  SCHEMA_RANGE: {
    what: 'A number is too small or too large.',
    fix: 'Write a number in the range that the message names.',
  },
  SCHEMA_LIST: {
    what: 'A list is too short, too long, or has duplicate items.',
    fix: 'Fix the list as the message says.',
  },
  SCHEMA_EXACTLY_ONE: {
    what: 'Exactly one of several keys must be set.',
    fix: 'Keep one of the keys that the message names.',
  },
  VALUES_REGION: {
    what: 'There is no such region of Alibaba Cloud.',
    fix: 'Write the id of a region, such as cn-hangzhou.',
  },
  VALUES_NAME_TWICE: { what: 'Two registries have the same name.', fix: 'Give each registry its own name.' },
  VALUES_DOMAIN_TWICE: {
    what: 'Two registries claim the same domain for the same namespace; a pull secret holds one login per domain.',
    fix: 'Give the two registries different target namespaces, or write the domains as host/namespace.',
  },
  VALUES_LIMIT: {
    what: 'A registry has `limit: repositories`, but no credential can be limited for it.',
    fix: 'Use an Enterprise Edition instance with `identity.type: rrsa`, or add a role to `assumeRole`. Otherwise remove `limit`.',
  },
  VALUES_LIMIT_CONFLICT: {
    what: 'Two entries of one instance contradict each other about the credential that they share.',
    fix: 'Write the same in both entries, or give them different target namespaces.',
  },
  VALUES_PROBE: {
    what: 'The `probe` of a registry is none of its `repositories`.',
    fix: 'Write a repository that the list includes, or add it to the list.',
  },
  VALUES_NOT_ISOLATED: {
    what: 'The credential of an entry may also pull the `repositories` of another entry, because both share a role. This is a warning.',
    fix: "Write `limit: repositories` in both entries if their namespaces must not pull each other's images.",
  },
  VALUES_NODE_UNBOUNDED: {
    what: 'A registry has a `limit` or `targets` of its own, but nodes pull with their own role, which neither key limits.',
    fix: 'Use `node.identity: service-account` without a fallback, or accept it with `node.unbounded: true`.',
  },
  VALUES_NO_EFFECT: { what: 'A value is set that has no effect with the other settings.', fix: 'Remove the value.' },
  VALUES_SCOPE: {
    what: 'With `scope: namespaces`, the targets must be the exact names of existing namespaces.',
    fix: 'List the namespaces by name, or use `scope: cluster`.',
  },
  VALUES_GLOB: {
    what: 'A pattern can never match, or excludes everything.',
    fix: 'Write the pattern so that it matches what you mean.',
  },
  VALUES_SECRET_NAME: {
    what: 'Other tools commonly use this name of the pull secret.',
    fix: 'Use another name, or set `adopt: true` to take over Secrets of that name.',
  },
  VALUES_SECRET_INSIDE: {
    what: 'The values contain a secret in plain text.',
    fix: 'Treat the secret as disclosed: remove it from the values and renew it. Keep the new one in a Kubernetes Secret, and write the name of that Secret here.',
  },
  VALUES_COLLISION: { what: 'Two values exclude each other.', fix: 'Change one of the two.' },
  VALUES_UNKNOWN_FIELD: {
    what: "Kubernetes has no such field in the helper's Pod or NetworkPolicy, or has it only in a newer version. This is a warning.",
    fix: 'Correct its name. Keep it only if the Kubernetes of your cluster has the field.',
  },
  VALUES_NULL: {
    what: 'The value null removes a default that the chart needs.',
    fix: 'Remove the line to use the default, or write a value.',
  },
  CLUSTERS_NAME_TWICE: {
    what: 'Two clusters of the list have the same name.',
    fix: 'Give each cluster its own name.',
  },
  CLUSTERS_SAME_RELEASE: {
    what: 'Two entries of the list name the same release in the same cluster.',
    fix: 'Remove one of the two entries, or give one of them another release or namespace.',
  },
} as const

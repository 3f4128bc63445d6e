/**
 * Codes of values and clusters files. YAML_: how a file is read; SCHEMA_: what the schema (and so
 * Helm) refuses; VALUES_ and CLUSTERS_: what is checked beyond the schema.
 */
export const VALUES_CODES = {
  YAML_SYNTAX: { what: 'The file is not valid YAML.', fix: 'Fix the line that the message names.' },
  YAML_AMBIGUOUS: {
    what: 'An unquoted word means different things in YAML 1.1 and 1.2, or to Helm.',
    fix: 'Put it in quotes if text is meant; else write it plainly: true, false, null, or a decimal number.',
  },
  YAML_DUPLICATE_KEY: {
    what: 'A key occurs twice in one map; Helm would silently use the last one.',
    fix: 'Remove one of the two.',
  },
  YAML_DOCUMENTS: {
    what: 'The file holds several documents; Helm 3 reads the first and Helm 4 merges all.',
    fix: 'Split it into one file per document.',
  },
  YAML_TAG: {
    what: 'The file uses a tag or a directive, which readers treat differently.',
    fix: 'Remove it; put text in quotes.',
  },
  YAML_KEY: { what: 'A key is not plain text.', fix: 'Put the key in quotes.' },
  YAML_ALIAS: {
    what: 'Readers interpret an anchor, an alias or a merge key differently.',
    fix: 'Write the values out in place of the alias.',
  },
  YAML_ROOT: {
    what: 'The top level of the file is not of the expected kind.',
    fix: 'Write a map in a values file, and a list in a clusters file.',
  },
  SCHEMA_UNKNOWN_KEY: {
    what: 'This key does not exist.',
    fix: 'Remove it, or spell it as in the reference of values.',
  },
  SCHEMA_MISSING: { what: 'A required key is missing.', fix: 'Add the key.' },
  SCHEMA_TYPE: {
    what: 'A value has the wrong type.',
    fix: 'Write a value of the type that the message names.',
  },
  SCHEMA_CHOICE: {
    what: 'A value is not one of those that the key allows.',
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
    what: 'Exactly one of several keys has to be set.',
    fix: 'Keep one of the keys that the message names.',
  },
  VALUES_REGION: {
    what: 'There is no such region of Alibaba Cloud.',
    fix: 'Write the id of a region, such as cn-hangzhou.',
  },
  VALUES_NAME_TWICE: { what: 'Two registries have the same name.', fix: 'Give each registry its own name.' },
  VALUES_DOMAIN_TWICE: {
    what: 'Two registries claim the same domain for the same namespace; a pull secret holds one login per domain.',
    fix: 'Give the targets of the two registries no namespace in common, or write the domains as host/namespace.',
  },
  VALUES_NO_EFFECT: { what: 'A value is set that has no effect here.', fix: 'Remove it.' },
  VALUES_SCOPE: {
    what: 'With `scope: namespaces` the targets are plain names of namespaces that exist.',
    fix: 'List the namespaces by name, or use `scope: cluster`.',
  },
  VALUES_GLOB: {
    what: 'A pattern can never match, or excludes everything.',
    fix: 'Write the pattern so that it matches what you mean.',
  },
  VALUES_SECRET_NAME: {
    what: 'The name of the pull secret is commonly used by other tools.',
    fix: 'Use another name, or set `adopt: true` to take over Secrets of that name.',
  },
  VALUES_SECRET_INSIDE: {
    what: 'The values contain a secret.',
    fix: 'Remove it, treat it as disclosed and renew it; keep it in a Secret and name that Secret here.',
  },
  VALUES_COLLISION: { what: 'Two values that must differ are equal.', fix: 'Change one of the two.' },
  VALUES_UNKNOWN_FIELD: {
    what: "Kubernetes has no such field in the helper's Pod or NetworkPolicy, or has it only in a newer version. This is a warning.",
    fix: 'Correct its name. Leave it only if the Kubernetes of your cluster has the field.',
  },
  VALUES_NULL: {
    what: 'null removes a default that the chart needs.',
    fix: 'Remove the line to get the default, or give it a value.',
  },
  CLUSTERS_NAME_TWICE: {
    what: 'Two clusters of the list have the same name.',
    fix: 'Give each cluster its own name.',
  },
  CLUSTERS_SAME_RELEASE: {
    what: 'Two entries of the list are the same release in the same cluster.',
    fix: 'Remove one of the two, or give it another release or namespace.',
  },
} as const

/** Codes of values and clusters files. YAML_: how a file is read; SCHEMA_: what the schema (and so Helm) refuses; VALUES_ and CLUSTERS_: what is checked beyond the schema. */
export const VALUES_CODES = {
  YAML_SYNTAX: { what: 'The file is no YAML that Helm could read.', cure: 'Mend the line that the message names.' },
  YAML_AMBIGUOUS: {
    what: 'An unquoted word means different things in YAML 1.1 and 1.2, or to Helm.',
    cure: 'Put it in quotes if text is meant; else write it plainly: true, false, null, or a decimal number.',
  },
  YAML_DUPLICATE_KEY: {
    what: 'A key stands twice in one map; Helm would silently take the last.',
    cure: 'Remove one of the two.',
  },
  YAML_DOCUMENTS: {
    what: 'The file holds several documents; Helm 3 reads the first and Helm 4 merges all.',
    cure: 'Make one file of each document.',
  },
  YAML_TAG: {
    what: 'The file uses a tag or a directive, which readers treat differently.',
    cure: 'Remove it; put text in quotes.',
  },
  YAML_KEY: { what: 'A key is not plain text.', cure: 'Put the key in quotes.' },
  YAML_ALIAS: {
    what: 'An anchor, an alias or a merge key does not mean one thing to every reader.',
    cure: 'Write the values out where the alias stands.',
  },
  YAML_ROOT: {
    what: 'The file does not hold what it should at its top.',
    cure: 'Write keys at the top of a values file, and a list in a clusters file.',
  },
  SCHEMA_UNKNOWN_KEY: {
    what: 'There is no such key.',
    cure: 'Remove it, or write it as the reference of values has it.',
  },
  SCHEMA_MISSING: { what: 'A key that is needed is not there.', cure: 'Add the key.' },
  SCHEMA_TYPE: {
    what: 'A value is of another type than the key takes.',
    cure: 'Write a value of the type that the message names.',
  },
  SCHEMA_CHOICE: {
    what: 'A value is none of those that the key takes.',
    cure: 'Take one of the values that the message lists.',
  },
  SCHEMA_FORM: {
    what: 'A text has not the form that the key takes.',
    cure: 'Write it in the form that the message shows.',
  },
  SCHEMA_RANGE: {
    what: 'A number is too small or too large.',
    cure: 'Write a number in the range that the message names.',
  },
  SCHEMA_LIST: {
    what: 'A list is too short, too long, or holds an item twice.',
    cure: 'Mend the list as the message says.',
  },
  SCHEMA_EXACTLY_ONE: {
    what: 'Exactly one of several keys has to be set.',
    cure: 'Keep one of the keys that the message names.',
  },
  VALUES_REGION: {
    what: 'There is no such region of Alibaba Cloud.',
    cure: 'Write the id of a region, such as cn-hangzhou.',
  },
  VALUES_NAME_TWICE: { what: 'Two registries have one name.', cure: 'Give each registry a name of its own.' },
  VALUES_DOMAIN_TWICE: {
    what: 'Two registries claim one domain for one namespace; a pull secret can hold one login for a domain.',
    cure: 'Give the targets of the two registries no namespace in common, or write the domains as host/namespace.',
  },
  VALUES_NO_EFFECT: { what: 'A value is set that has no effect here.', cure: 'Remove it.' },
  VALUES_SCOPE: {
    what: 'With `scope: namespaces` the targets are plain names of namespaces that exist.',
    cure: 'List the namespaces by name, or take `scope: cluster`.',
  },
  VALUES_GLOB: {
    what: 'A pattern can never fit, or leaves nothing over.',
    cure: 'Write the pattern so that it fits what you mean.',
  },
  VALUES_SECRET_NAME: {
    what: 'The name of the pull secret is one that others commonly use.',
    cure: 'Take another name, or write `adopt: true` to take over Secrets of that name.',
  },
  VALUES_SECRET_INSIDE: {
    what: 'Something secret stands in the values.',
    cure: 'Take it out, treat it as disclosed and renew it; keep it in a Secret and name that Secret here.',
  },
  VALUES_COLLISION: { what: 'Two values that must differ are equal.', cure: 'Change one of the two.' },
  VALUES_NULL: {
    what: 'null takes away a default that the chart needs.',
    cure: 'Remove the line to get the default, or give it a value.',
  },
  CLUSTERS_NAME_TWICE: {
    what: 'Two clusters of the list have one name.',
    cure: 'Give each cluster a name of its own.',
  },
  CLUSTERS_SAME_RELEASE: {
    what: 'Two entries of the list are one release in one cluster.',
    cure: 'Remove one of the two, or give it another release or namespace.',
  },
} as const

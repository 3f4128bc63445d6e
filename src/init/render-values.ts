import { stringify } from 'yaml'
import { printable } from '../printable.ts'
import { type Draft, type DraftRegistry, identityValues } from './draft.ts'

/** The folder of the schemas of this major version, for completion in editors. */
const SCHEMAS = 'https://raw.githubusercontent.com/acr-nopass/acr-nopass/v1'

/** Renders `values.yaml`. Each line that a person may change has a comment. */
export function renderValues(draft: Draft): string {
  const { registries, repositories, identity, region, clusters } = draft
  return renderBlocks([
    [
      `# yaml-language-server: $schema=${SCHEMAS}/chart/values.schema.json`,
      comment(`Values of acr-nopass for ${of(clusters)}, written by acr-nopass init. All keys: docs/en/values.md.`),
    ],
    [
      '# The instances that Pods may pull from, in every namespace.',
      'registries:',
      ...registries.flatMap((registry, index) => [
        ...(index === 0 ? [] : ['']),
        ...renderRegistry(registry, repositories).map((line) => `  ${line}`),
      ]),
    ],
    [
      comment(`How the helper authenticates: ${identity.why}.`),
      ...(identity.todo === undefined ? [] : [comment(`Before the first plan: ${identity.todo}.`)]),
      ...(identity.type === 'worker-role' ? [comment(PREFER_RRSA)] : []),
      ...yaml({ identity: identityValues(identity.type) }),
    ],
    ...(region === undefined
      ? []
      : [['# Region of the cluster: the helper calls the APIs there inside the VPC.', ...yaml({ region })]]),
  ])
}

const PREFER_RRSA =
  'Where ACK offers RRSA, enable it and write `type: rrsa`: every Pod on a node can use the role of the node.'

function renderRegistry({ name, instanceId, region, domains }: DraftRegistry, repositories: readonly string[]) {
  return [
    ...(domains === undefined || domains.length === 0 ? [] : [comment(`Images begin with ${domains.join(', ')}.`)]),
    `- ${scalar('name', name)} # your name for it, in reports and metrics`,
    '  edition: enterprise',
    `  ${scalar('instanceId', instanceId)}`,
    `  ${scalar('region', region)} # region of the instance`,
    `  repositories: [${repositories.map((one) => JSON.stringify(one)).join(', ')}] # what may be pulled, such as "shop/*"`,
  ]
}

/** Renders `clusters.yaml`. */
export function renderClusters({ clusters, region: common }: Draft): string {
  return renderBlocks([
    [
      `# yaml-language-server: $schema=${SCHEMAS}/schemas/clusters.schema.json`,
      comment('The clusters of a rollout, written by acr-nopass init. All keys: docs/en/clusters.md.'),
      comment('Clusters of one wave are rolled out together, lower waves first; the very first cluster goes alone.'),
    ],
    ...clusters.map(({ name, clusterId, region, identity, ownIdentity, isPrivate, addon }) => {
      const values = {
        ...(common === undefined && { region }),
        ...(ownIdentity && { identity: identityValues(identity.type) }),
      }
      return [
        `- ${scalar('name', name)} # your name for it, in reports`,
        '  wave: 0 # a higher number waits for all lower ones',
        `  ack: { ${scalar('clusterId', clusterId)}, ${scalar('region', region)}${isPrivate ? ', privateEndpoint: true' : ''} }`,
        ...(addon === undefined
          ? []
          : [`  coexist: true ${comment(`remove after the migration from ${addon}: docs/en/migrate.md`)}`]),
        ...(ownIdentity ? [`  ${comment(`${identity.why}.`)}`] : []),
        ...(Object.keys(values).length === 0 ? [] : yaml({ values }).map((line) => `  ${line}`)),
      ]
    }),
  ])
}

function of(clusters: Draft['clusters']): string {
  const [first] = clusters
  return clusters.length === 1 && first ? `cluster ${first.name}` : `${clusters.length} clusters`
}

function renderBlocks(blocks: readonly (readonly string[])[]): string {
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

/** Renders a comment of one line. A line feed in a foreign text cannot end it. */
function comment(text: string): string {
  return `# ${printable(text)}`
}

/** Renders `key: value`, with quotes where any YAML parser would read the text as another type. */
function scalar(key: string, value: string): string {
  return yaml({ [key]: value }).join(' ')
}

function yaml(value: unknown): readonly string[] {
  // YAML version 1.1 quotes every text that an older parser would read as another type.
  return stringify(value, { version: '1.1', lineWidth: 0 }).trimEnd().split('\n')
}

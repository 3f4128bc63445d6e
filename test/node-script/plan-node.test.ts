import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { flagWords } from '../../src/node/script/kubelet-flags.ts'
import type { NodeFiles, ObservedNode, Step } from '../../src/node/script/observed-node.ts'
import { flagPath, type PlanInput, planNode } from '../../src/node/script/plan-node.ts'
import { OUR_PATHS, PROFILES, RANCHER_PATHS } from '../../src/node/script/profiles.ts'

const OURS = JSON.stringify({
  apiVersion: 'kubelet.config.k8s.io/v1',
  kind: 'CredentialProviderConfig',
  providers: [{ name: 'acr-nopass-provider' }],
})
const ECR = OURS.replace('acr-nopass-provider', 'ecr-credential-provider')
const FLAGS = flagWords(OUR_PATHS).join(' ')
const ECR_PATHS = { config: '/etc/eks/config.json', programs: '/etc/eks/bin' }
const ECR_FLAGS = flagWords(ECR_PATHS).join(' ')
const ACK_FILE = '/etc/kubernetes/kubelet-customized-args.conf'
const ARCHIVE = ['bin/node', 'bin/acr-nopass-provider', 'lib/provider.mjs']

/** Files in memory: a text, a program, or a link to a target. */
type Content = string | { readonly program: true } | { readonly link: string }

function memory(content: Readonly<Record<string, Content>>): NodeFiles {
  const textOf = (path: string): string | undefined => {
    const found = content[path]
    return typeof found === 'string' ? found : undefined
  }
  return {
    readText: textOf,
    realPath(path) {
      const found = content[path]
      return typeof found === 'object' && 'link' in found ? found.link : path
    },
    readConfig(path) {
      const text = textOf(path)
      return text === undefined ? undefined : [{ path, text }]
    },
    readLink(path) {
      const found = content[path]
      return typeof found === 'object' && 'link' in found ? found.link : undefined
    },
    isExecutable(path) {
      const found = content[path]
      return typeof found === 'object' && 'program' in found
    },
  }
}

const NODE: ObservedNode = { flagFile: undefined, units: [], commandLine: undefined, settings: [], isRpm: false }

function input(
  profile: PlanInput['profile'],
  node: Partial<ObservedNode>,
  files: Readonly<Record<string, Content>> = {},
): PlanInput {
  const rest = { config: OURS, nodeConfig: '{}', archive: ARCHIVE }
  return { profile, node: { ...NODE, ...node }, files: memory(files), ...rest }
}

const outline = (steps: readonly Step[]): readonly string[] =>
  steps.map((step) => `${step.kind} ${'path' in step ? step.path : ''}`.trim())
const textOf = (steps: readonly Step[], path: string): string =>
  steps.flatMap((step) => ('text' in step && step.path === path ? [step.text] : [])).join()

test('files come first, then the check of their labels, and the flags last', () => {
  const plan = planNode(input('ack', {}))
  assert.deepEqual(outline(plan.steps), [
    'program /opt/acr-nopass/bin/node',
    'program /opt/acr-nopass/bin/acr-nopass-provider',
    'program /opt/acr-nopass/lib/provider.mjs',
    'file /opt/acr-nopass/node.json',
    'label',
    'file /opt/acr-nopass/config.yaml',
    `flags ${ACK_FILE}`,
  ])
  assert.match(textOf(plan.steps, ACK_FILE), new RegExp(`^# .*\\nKUBELET_CUSTOMIZED_ARGS="${FLAGS}"\\n$`))
  assert.deepEqual([plan.restart, plan.expected], [true, OUR_PATHS])
})

test('only programs are executable', () => {
  const { steps } = planNode(input('ack', {}))
  const modes = steps.flatMap((step) => (step.kind === 'program' ? [`${step.from} ${step.mode}`] : []))
  assert.deepEqual(modes, ['bin/node 755', 'bin/acr-nopass-provider 755', 'lib/provider.mjs 644'])
})

/** A node of ACK on which the script has run. */
const DONE = {
  node: { flagFile: { path: ACK_FILE, text: `KUBELET_CUSTOMIZED_ARGS="${FLAGS}"\n` } },
  files: {
    '/opt/acr-nopass/node.json': '{}',
    '/opt/acr-nopass/config.yaml': textOf(planNode(input('ack', {})).steps, OUR_PATHS.config),
  },
} as const

test('on a node that has everything, nothing changes and the kubelet is not restarted', () => {
  const done = { ...input('ack', DONE.node, DONE.files), archive: [] }
  const commandLine = ['--v=4', ...flagWords(OUR_PATHS)]
  for (const node of [done.node, { ...done.node, commandLine }]) {
    assert.deepEqual(planNode({ ...done, node }), {
      steps: [],
      restart: false,
      expected: OUR_PATHS,
      kept: [],
      notes: [],
    })
  }
})

test('a kubelet that runs without the flags is restarted although all files are right', () => {
  const done = { ...input('ack', { ...DONE.node, commandLine: ['--v=4'] }, DONE.files), archive: [] }
  const { steps, restart } = planNode(done)
  assert.deepEqual([steps, restart], [[], true])
})

test('new programs alone do not restart the kubelet, which starts them for each image', () => {
  const { steps, restart } = planNode(input('ack', DONE.node, DONE.files))
  assert.deepEqual([steps.map(({ kind }) => kind), restart], [['program', 'program', 'program', 'label'], false])
})

const WITH_ECR = {
  [ECR_PATHS.config]: ECR,
  [`${ECR_PATHS.programs}/ecr-credential-provider`]: { program: true },
} as const

const places: readonly (readonly [where: string, node: Partial<ObservedNode>])[] = [
  [
    'in the same variable',
    { flagFile: { path: '/etc/default/kubelet', text: `KUBELET_EXTRA_ARGS="--v=2 ${ECR_FLAGS}"\n` } },
  ],
  [
    'in a drop-in of the unit',
    { units: [{ path: '/d/10.conf', text: `Environment="KUBELET_CONFIG_ARGS=${ECR_FLAGS}"\n` }] },
  ],
  [
    "in kubeadm's own file",
    { units: [{ path: '/var/lib/kubelet/kubeadm-flags.env', text: `KUBELET_KUBEADM_ARGS="${ECR_FLAGS}"\n` }] },
  ],
  ['in the running kubelet', { commandLine: ['--v=2', ...flagWords(ECR_PATHS)] }],
  [
    'with `_` in the names of its flags, which the kubelet takes for `-`',
    {
      commandLine: flagWords(ECR_PATHS).map((word) =>
        word.replace(/^--[^=]*/, (name) => `--${name.slice(2).replaceAll('-', '_')}`),
      ),
    },
  ],
  ['with its value in the next word', { commandLine: flagWords(ECR_PATHS).flatMap((word) => word.split('=')) }],
]
for (const [where, node] of places) {
  test(`another provider is merged and its program linked: ${where}`, () => {
    const { steps, notes, expected } = planNode(input('kubeadm', node, WITH_ECR))
    const link = steps.find(({ kind }) => kind === 'link')
    assert.deepEqual(link, {
      kind: 'link',
      path: '/opt/acr-nopass/bin/ecr-credential-provider',
      target: '/etc/eks/bin/ecr-credential-provider',
    })
    const { providers } = parse(textOf(steps, OUR_PATHS.config)) as { providers: readonly { name: string }[] }
    assert.deepEqual(
      providers.map(({ name }) => name),
      ['ecr-credential-provider', 'acr-nopass-provider'],
    )
    assert.deepEqual(notes, ['kept the provider ecr-credential-provider of /etc/eks/config.json'])
    assert.deepEqual(expected, OUR_PATHS)
    // Nothing of the other provider's own files changes, so removing ours leaves it in effect.
    assert.deepEqual(
      outline(steps).filter((step) => step.includes('/etc/eks')),
      [],
    )
  })
}

const DROP_IN = '/etc/systemd/system/kubelet.service.d/20-node-ip.conf'
const DEFAULT = '/etc/default/kubelet'
/** The unit of kubeadm, and a drop-in of an administrator with these lines. */
const withDropIn = (...lines: readonly string[]): ObservedNode['units'] => [
  { path: '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf', text: `EnvironmentFile=-${DEFAULT}\n` },
  { path: DROP_IN, text: ['[Service]', ...lines, ''].join('\n') },
]
const NODE_FLAGS = '--node-ip=10.1.2.3 --provider-id=alicloud://i-abc'

const copied: Readonly<Record<string, readonly string[]>> = {
  'in double quotes': [`Environment="KUBELET_EXTRA_ARGS=${NODE_FLAGS}"`],
  'in single quotes': [`Environment = 'KUBELET_EXTRA_ARGS=${NODE_FLAGS}'`],
  'beside another variable': [`Environment=GOGC=50 "KUBELET_EXTRA_ARGS=${NODE_FLAGS}"`],
  'on a second line, with a comment between': [
    'Environment=GOGC=50 \\',
    '# Environment="KUBELET_EXTRA_ARGS=--old"',
    `  "KUBELET_EXTRA_ARGS=${NODE_FLAGS}"`,
  ],
  'beside a variable with a longer name': [
    `Environment="KUBELET_EXTRA_ARGS=${NODE_FLAGS}"`,
    'Environment="MY_KUBELET_EXTRA_ARGS=--v=9"',
  ],
}
for (const [form, lines] of Object.entries(copied)) {
  test(`flags that only a drop-in sets are copied before ours, because a line in the file replaces them: ${form}`, () => {
    const commandLine = ['--config=/c', ...NODE_FLAGS.split(' '), '--v=2']
    for (const node of [
      { units: withDropIn(...lines) },
      { units: withDropIn(...lines), commandLine },
      { units: withDropIn(...lines), flagFile: { path: DEFAULT, text: 'OTHER=1\n' } },
    ]) {
      const { steps, notes, kept } = planNode(input('kubeadm', node))
      const text = textOf(steps, DEFAULT)
      assert.match(text, new RegExp(`^KUBELET_EXTRA_ARGS="${NODE_FLAGS} ${FLAGS}"$`, 'm'))
      assert.deepEqual(notes, [`copied KUBELET_EXTRA_ARGS of ${DROP_IN} to ${DEFAULT}, where later changes belong`])
      assert.deepEqual(kept, 'commandLine' in node ? ['config', 'node-ip', 'provider-id', 'v'] : [])

      const flagFile = { path: DEFAULT, text }
      const units = [...node.units, flagFile]
      assert.deepEqual(
        outline(planNode(input('kubeadm', { units, flagFile })).steps).includes(`flags ${DEFAULT}`),
        false,
      )
      const removed = planNode({ ...input('kubeadm', { units, flagFile }), config: undefined })
      const back =
        'flagFile' in node ? { kind: 'flags', path: DEFAULT, text: 'OTHER=1\n' } : { kind: 'delete', path: DEFAULT }
      assert.deepEqual([removed.steps, removed.restart], [[back], true])
    }
  })
}

test('a drop-in of ACK is copied too, and an empty one needs no word', () => {
  const text = '[Service]\nEnvironment="KUBELET_CUSTOMIZED_ARGS=--max-pods=64"\n'
  const { steps } = planNode(input('ack', { units: [{ path: DROP_IN, text }] }))
  assert.match(textOf(steps, ACK_FILE), new RegExp(`^KUBELET_CUSTOMIZED_ARGS="--max-pods=64 ${FLAGS}"$`, 'm'))
  const empty = planNode(input('kubeadm', { units: withDropIn('Environment=KUBELET_EXTRA_ARGS=') }))
  assert.match(textOf(empty.steps, DEFAULT), new RegExp(`^KUBELET_EXTRA_ARGS="${FLAGS}"$`, 'm'))
  assert.deepEqual(empty.notes, [])
})

const unclear: Readonly<Record<string, readonly string[]>> = {
  'it is set twice': ['Environment=KUBELET_EXTRA_ARGS=--a', 'Environment=KUBELET_EXTRA_ARGS=--b'],
  'it is set twice on a line': ['Environment=KUBELET_EXTRA_ARGS=--a KUBELET_EXTRA_ARGS=--b'],
  'a specifier': ['Environment="KUBELET_EXTRA_ARGS=--hostname-override=%H"'],
  'a variable': ['Environment="KUBELET_EXTRA_ARGS=--node-ip=$IP"'],
  'an escape': ['Environment="KUBELET_EXTRA_ARGS=--a=\\x20"'],
  'a quote in the value': [`Environment="KUBELET_EXTRA_ARGS=--a='b c'"`],
  'a quote within a word': ['Environment=KUBELET_EXTRA_ARGS="--a"'],
  'no ASCII': ['Environment="KUBELET_EXTRA_ARGS=--a=é"'],
  'a reset': ['Environment=', 'Environment="KUBELET_EXTRA_ARGS=--a"'],
  'it is unset': ['UnsetEnvironment=A KUBELET_EXTRA_ARGS'],
  'it is passed on': ['PassEnvironment=KUBELET_EXTRA_ARGS'],
}
for (const [why, lines] of Object.entries(unclear)) {
  test(`a value of a drop-in that is not clear stops the script, and the drop-in is named: ${why}`, () => {
    const units = withDropIn(...lines)
    assert.throws(() => planNode(input('kubeadm', { units })), {
      code: 'NODE_FLAG_FILE',
      place: { file: DROP_IN },
      message: /^sets KUBELET_EXTRA_ARGS, and a line in \/etc\/default\/kubelet would replace its flags$/,
    })
    // The file replaces the value already.
    const flagFile = { path: DEFAULT, text: 'KUBELET_EXTRA_ARGS="--v=2"\n' }
    const { steps, kept } = planNode(input('kubeadm', { units, flagFile, commandLine: ['--v=2', '--a'] }))
    assert.equal(textOf(steps, DEFAULT), `KUBELET_EXTRA_ARGS="--v=2 ${FLAGS}"\n`)
    assert.deepEqual(kept, [])
  })
}

test('the variable in another file of the unit, or with which the kubelet does not run, stops the script', () => {
  const path = '/etc/kubelet-extra.env'
  const units = [...withDropIn(`EnvironmentFile=${path}`), { path, text: 'KUBELET_EXTRA_ARGS=--node-ip=10.1.2.3\n' }]
  assert.throws(() => planNode(input('kubeadm', { units })), { code: 'NODE_FLAG_FILE', place: { file: path } })
  const stale = { units: withDropIn(`Environment="KUBELET_EXTRA_ARGS=${NODE_FLAGS}"`), commandLine: ['--v=2'] }
  assert.throws(() => planNode(input('kubeadm', stale)), { code: 'NODE_FLAG_FILE', place: { file: DROP_IN } })
})

test('a removal keeps the copied flags if the drop-in has others now, because the kubelet runs with them', () => {
  const { steps } = planNode(input('kubeadm', { units: withDropIn(`Environment="KUBELET_EXTRA_ARGS=${NODE_FLAGS}"`) }))
  const flagFile = { path: DEFAULT, text: textOf(steps, DEFAULT) }
  const units = withDropIn('Environment=KUBELET_EXTRA_ARGS=--node-ip=10.1.2.4')
  const removed = planNode({ ...input('kubeadm', { units, flagFile }), config: undefined })
  assert.match(textOf(removed.steps, DEFAULT), new RegExp(`^KUBELET_EXTRA_ARGS="${NODE_FLAGS}"$`, 'm'))
})

test('the flags of the other provider stay in the variable, before ours', () => {
  const flagFile = { path: '/etc/default/kubelet', text: `KUBELET_EXTRA_ARGS="--v=2 ${ECR_FLAGS}"\n` }
  const { steps } = planNode(input('kubeadm', { flagFile }, WITH_ECR))
  assert.equal(textOf(steps, flagFile.path), `KUBELET_EXTRA_ARGS="--v=2 ${ECR_FLAGS} ${FLAGS}"\n`)
})

/** Files of a provider at these paths. */
const providerAt = (config: string, programs: string): Readonly<Record<string, Content>> => {
  return { [config]: ECR, [`${programs}/ecr-credential-provider`]: { program: true } }
}
const RELATIVE = { config: 'a.json', programs: 'bin' }
const SECOND = { config: '/a', programs: '/b' }

interface Conflict {
  readonly node: Partial<ObservedNode>
  readonly files: Readonly<Record<string, Content>>
  readonly message: RegExp
}

const conflicts: Readonly<Record<string, Conflict>> = {
  'its file is missing': {
    node: { commandLine: flagWords(ECR_PATHS) },
    files: {},
    message: /^the kubelet is configured with credential providers, but the file is missing$/,
  },
  'its program is missing': {
    node: { commandLine: flagWords(ECR_PATHS) },
    files: { [ECR_PATHS.config]: ECR },
    message: /^the provider ecr-credential-provider has no program \/etc\/eks\/bin\/ecr-credential-provider, /,
  },
  'only one of the two flags is set': {
    node: { commandLine: [`--image-credential-provider-config=${ECR_PATHS.config}`] },
    files: WITH_ECR,
    message: / are incomplete: \/etc\/eks\/config\.json with no folder$/,
  },
  'a relative path': {
    node: { commandLine: flagWords(RELATIVE) },
    files: providerAt(RELATIVE.config, RELATIVE.programs),
    message: / name an unusual path: a\.json$/,
  },
  'two configurations': {
    node: { commandLine: flagWords(ECR_PATHS), units: [{ path: '/d/10.conf', text: flagWords(SECOND).join(' ') }] },
    files: { ...WITH_ECR, ...providerAt(SECOND.config, SECOND.programs) },
    message: / differ: \/a with \/b, and \/etc\/eks\/config\.json with \/etc\/eks\/bin$/,
  },
}
for (const [situation, { node, files, message }] of Object.entries(conflicts)) {
  test(`with another provider that cannot be merged nothing is planned: ${situation}`, () => {
    assert.throws(() => planNode(input('kubeadm', node, files)), { code: 'NODE_PROVIDERS', message })
  })
}

test('removing takes back the flags, and the other provider must be in effect again', () => {
  const flagFile = { path: '/etc/default/kubelet', text: `KUBELET_EXTRA_ARGS="--v=2 ${ECR_FLAGS} ${FLAGS}"\n` }
  const commandLine = [...flagWords(ECR_PATHS), ...flagWords(OUR_PATHS)]
  const plan = planNode({ ...input('kubeadm', { flagFile, commandLine }), config: undefined })
  assert.deepEqual(plan, {
    steps: [{ kind: 'flags', path: flagFile.path, text: `KUBELET_EXTRA_ARGS="--v=2 ${ECR_FLAGS}"\n` }],
    restart: true,
    expected: ECR_PATHS,
    kept: [],
    notes: [],
  })
})

test('our flags in a form that the script did not write stop the removal, because the files would go', () => {
  const flagFile = { path: '/etc/default/kubelet', text: `KUBELET_EXTRA_ARGS="${FLAGS.replace(' ', ' --v=4 ')}"\n` }
  assert.throws(() => planNode({ ...input('kubeadm', { flagFile }), config: undefined }), { code: 'NODE_FLAG_FILE' })
})

test('our flags in another file of the unit stop the removal, because the files would go', () => {
  const units = [{ path: '/var/lib/kubelet/kubeadm-flags.env', text: `KUBELET_KUBEADM_ARGS="--v=2 ${FLAGS}"\n` }]
  assert.throws(() => planNode({ ...input('kubeadm', { units }), config: undefined }), {
    code: 'NODE_FLAG_FILE',
    place: { file: '/var/lib/kubelet/kubeadm-flags.env' },
  })
  const comment = [{ path: '/d/10.conf', text: `# ${FLAGS}\n` }]
  assert.deepEqual(planNode({ ...input('kubeadm', { units: comment }), config: undefined }).steps, [])
})

test('a file of flags that is a link is written where it leads, because the undo restores that file', () => {
  const path = '/etc/default/kubelet'
  const files = { [path]: { link: '/etc/sysconfig/kubelet' } } as const
  const flagFile = { path, text: 'KUBELET_EXTRA_ARGS="--v=2"\n' }
  const added = planNode(input('kubeadm', { flagFile }, files)).steps.at(-1)
  assert.deepEqual(added, {
    kind: 'flags',
    path: '/etc/sysconfig/kubelet',
    text: `KUBELET_EXTRA_ARGS="--v=2 ${FLAGS}"\n`,
  })
  const installed = { flagFile: { path, text: `KUBELET_EXTRA_ARGS="--v=2 ${FLAGS}"\n` } }
  const removed = planNode({ ...input('kubeadm', installed, files), config: undefined }).steps
  assert.deepEqual(removed, [{ kind: 'flags', path: '/etc/sysconfig/kubelet', text: flagFile.text }])
})

// The defaults of image-credential-provider-config and -bin-dir in pkg/cli/cmds/agent.go of k3s and
// in https://docs.rke2.io/reference/linux_agent_config. Both must exist: ImageCredProvAvailable.
for (const profile of ['k3s', 'rke2'] as const) {
  test(`${profile} gets the files of the default folder and no flag`, () => {
    const { steps, expected } = planNode(input(profile, {}))
    assert.deepEqual(outline(steps).slice(3), [
      'file /opt/acr-nopass/node.json',
      'link /var/lib/rancher/credentialprovider/bin/acr-nopass-provider',
      'label',
      'file /var/lib/rancher/credentialprovider/config.yaml',
    ])
    assert.deepEqual(expected, RANCHER_PATHS)
  })

  test(`${profile} keeps another provider in the default folder, also when ours is removed`, () => {
    const files = {
      [RANCHER_PATHS.config]: ECR,
      [`${RANCHER_PATHS.programs}/ecr-credential-provider`]: { program: true },
    } as const
    const merged = textOf(planNode(input(profile, {}, files)).steps, RANCHER_PATHS.config)
    assert.deepEqual(
      parse(merged).providers.map(({ name }: { name: string }) => name),
      ['ecr-credential-provider', 'acr-nopass-provider'],
    )
    const installed = {
      ...files,
      [RANCHER_PATHS.config]: merged,
      [`${RANCHER_PATHS.programs}/acr-nopass-provider`]: { link: '/opt/acr-nopass/bin/acr-nopass-provider' },
    }
    const { steps } = planNode({ ...input(profile, {}, installed), config: undefined })
    assert.deepEqual(outline(steps), [
      'file /var/lib/rancher/credentialprovider/config.yaml',
      'delete /var/lib/rancher/credentialprovider/bin/acr-nopass-provider',
    ])
    assert.deepEqual(parse(textOf(steps, RANCHER_PATHS.config)), parse(ECR))
  })

  test(`${profile} without another provider loses the whole configuration, because an empty one stops the kubelet`, () => {
    const { steps, restart } = planNode({ ...input(profile, {}, { [RANCHER_PATHS.config]: OURS }), config: undefined })
    assert.deepEqual([outline(steps), restart], [['delete /var/lib/rancher/credentialprovider/config.yaml'], true])
  })

  test(`a removal on ${profile} leaves a configuration without our provider as it is`, () => {
    const { steps, restart } = planNode({ ...input(profile, {}, { [RANCHER_PATHS.config]: ECR }), config: undefined })
    assert.deepEqual([steps, restart], [[], false])
  })
}

for (const text of [
  'image-credential-provider-config: /etc/other.yaml\n',
  'kubelet-arg:\n  - "image-credential-provider-bin-dir=/opt/bin"\n',
  "ExecStart=/usr/local/bin/k3s agent '--image-credential-provider-config' '/etc/other.yaml'\n",
]) {
  test(`k3s with another folder is left alone: ${text.trim().split('\n').at(-1)}`, () => {
    const settings = [{ path: '/etc/rancher/k3s/config.yaml', text }]
    assert.throws(() => planNode(input('k3s', { settings })), {
      code: 'NODE_PROVIDERS',
      place: { file: settings[0]?.path },
    })
  })
}

test('k3s whose default file is a folder of files is left alone, because one file cannot replace it', () => {
  for (const config of [undefined, OURS]) {
    for (const found of [[], [{ path: `${RANCHER_PATHS.config}/ecr.yaml`, text: ECR }]]) {
      const given = input('k3s', {})
      const files = { ...given.files, readConfig: () => found }
      assert.throws(() => planNode({ ...given, files, config }), {
        code: 'NODE_PROVIDERS',
        place: { file: RANCHER_PATHS.config },
      })
    }
  }
})

test('k3s that names the default folder itself is fine', () => {
  const text = `# image-credential-provider-config: /x\nimage-credential-provider-config: ${RANCHER_PATHS.config}\n`
  assert.ok(planNode(input('k3s', { settings: [{ path: 'f', text }] })).restart)
})

test("the flags go into the file that the kubelet's unit reads, else into the file of the host's packages", () => {
  const profile = PROFILES.kubeadm
  assert.ok(profile.kind === 'flags')
  // kubelet/10-kubeadm.conf of https://github.com/kubernetes/release, for deb and for rpm
  const unit = (path: string) => [{ path: '10-kubeadm.conf', text: `EnvironmentFile=-${path}\nExecStart=\n` }]
  assert.equal(flagPath({ units: unit('/etc/default/kubelet'), isRpm: true }, profile), '/etc/default/kubelet')
  assert.equal(flagPath({ units: unit('/etc/sysconfig/kubelet'), isRpm: false }, profile), '/etc/sysconfig/kubelet')
  const comment = [{ path: '10-kubeadm.conf', text: '#EnvironmentFile=-/etc/sysconfig/kubelet\n' }]
  assert.equal(flagPath({ units: comment, isRpm: false }, profile), '/etc/default/kubelet')
  assert.equal(flagPath({ units: [], isRpm: false }, profile), '/etc/default/kubelet')
  assert.equal(flagPath({ units: [], isRpm: true }, profile), '/etc/sysconfig/kubelet')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addWords, readVariable, removeWords } from '../../src/node/script/environment-file.ts'
import { flagWords } from '../../src/node/script/kubelet-flags.ts'
import { OUR_PATHS } from '../../src/node/script/profiles.ts'

const WORDS = flagWords(OUR_PATHS)
const OURS = WORDS.join(' ')
const NAME = 'KUBELET_CUSTOMIZED_ARGS'
const add = (text: string | undefined, inherited = ''): string => addWords(text, NAME, WORDS, '/etc/file', inherited)
const remove = (text: string, inherited = ''): string | undefined =>
  removeWords(text, NAME, WORDS, '/etc/file', inherited)
const CREATED = '# acr-nopass created this file. Its variable replaces that of the unit and its drop-ins.\n'
const ADDED = '# acr-nopass added the next line. Its variable replaces that of the unit and its drop-ins.\n'

test('the flags are the two of the kubelet', () => {
  // k8s.io/kubernetes v1.37.2, cmd/kubelet/app/options/options.go, AddFlags
  assert.equal(
    OURS,
    '--image-credential-provider-config=/opt/acr-nopass/config.yaml --image-credential-provider-bin-dir=/opt/acr-nopass/bin',
  )
})

// The form on a node of ACK, with ACK's own reservations.
const ACK = `${NAME}=" --eviction-hard=imagefs.available<15%,memory.available<300Mi --system-reserved=cpu=50m,memory=1272Mi --kube-reserved=pid=1000 "\n`

const appended: readonly (readonly [situation: string, before: string, after: string])[] = [
  ['an empty file', '', `${ADDED}${NAME}="${OURS}"\n`],
  ['a file without the variable', '# a comment\nOTHER=1', `${ADDED}${NAME}="${OURS}"\n# a comment\nOTHER=1`],
  ['a file whose last line continues', 'A=1\nB=x \\', `${ADDED}${NAME}="${OURS}"\nA=1\nB=x \\`],
  ["ACK's own flags stay in front", ACK, ACK.replace('pid=1000 "', `pid=1000 ${OURS}"`)],
  ["the empty variable of Debian's package", `${NAME}=\n`, `${NAME}="${OURS}"\n`],
  ['an empty quoted variable', `${NAME}=""\n`, `${NAME}="${OURS}"\n`],
  ['single quotes', `${NAME}='--v=4'\n`, `${NAME}='--v=4 ${OURS}'\n`],
  ['no quotes', `${NAME}=--v=4 --x=y\n`, `${NAME}="--v=4 --x=y ${OURS}"\n`],
  ['an escaped quote', `${NAME}="--x=\\"a b\\""\n`, `${NAME}="--x=\\"a b\\" ${OURS}"\n`],
  ['export, and lines around', `A=1\nexport ${NAME}="--v=4"\nB=2\n`, `A=1\nexport ${NAME}="--v=4 ${OURS}"\nB=2\n`],
  ['a variable with a longer name', `X_${NAME}="--v=1"\n`, `${ADDED}${NAME}="${OURS}"\nX_${NAME}="--v=1"\n`],
  ['a file with CRLF', `A=1\r\n${NAME}="--v=4"\r\n`, `A=1\r\n${NAME}="--v=4 ${OURS}"\r\n`],
  ['a file with CRLF and an empty variable', `${NAME}=\r\n`, `${NAME}="${OURS}"\r\n`],
  ['blanks around the equals sign', `${NAME} = "--v=4"\n`, `${NAME} = "--v=4 ${OURS}"\n`],
  ['a separator of Unicode', `${NAME}="--v=\u2028"\n`, `${NAME}="--v=\u2028 ${OURS}"\n`],
  ['a byte that looks like a blank', `${NAME}=--v=\u00c3\u00a0\n`, `${NAME}="--v=\u00c3\u00a0 ${OURS}"\n`],
  ['our flags before others move to the end, where they win', `${NAME}="${OURS} --v=4"\n`, `${NAME}="--v=4 ${OURS}"\n`],
]
for (const [situation, before, after] of appended) {
  test(`flags are appended: ${situation}`, () => {
    assert.equal(add(before), after)
    assert.equal(add(after), after)
  })
}

const refused: readonly (readonly [situation: string, text: string, line: number])[] = [
  ['the variable is set twice', `${NAME}="--a"\n${NAME}="--b"\n`, 2],
  ['the value continues on the next line', `A=1\n${NAME}="--a \\\n --b"\n`, 2],
  ['two quoted parts', `${NAME}="--a" "--b"\n`, 1],
  ['an escaped quote at the end', `${NAME}="--a\\"\n`, 1],
  ['an unclosed quote', `${NAME}="--a\n`, 1],
  ['a shell expression', `${NAME}=$(cat x)\n`, 1],
  ['a line before that continues', `B="x \\\n${NAME}="--a"\n`, 1],
  ['a comment before that continues', `# x \\\r\n${NAME}="--a"\r\n`, 1],
  ['a comment behind the value', `${NAME}="--a" # why\n`, 1],
]
for (const [situation, text, line] of refused) {
  test(`flags are not appended, and the line is named: ${situation}`, () => {
    assert.throws(() => add(text), { code: 'NODE_FLAG_FILE', place: { file: '/etc/file', line } })
  })
}

test('removing leaves every other flag and line as it was', () => {
  assert.equal(remove(add(ACK)), ACK.replace('pid=1000 "', 'pid=1000"'))
  assert.equal(remove(`A=1\n${NAME}="--a ${OURS} --b"\n`), `A=1\n${NAME}="--a --b"\n`)
  const untouched = `${NAME}="--a" "--b"\n`
  assert.equal(remove(untouched), untouched)
  assert.equal(remove(`# ${OURS}\n${NAME}="--a"\n`), `# ${OURS}\n${NAME}="--a"\n`)
})

test('a line that did not exist goes as a whole, and all other bytes stay', () => {
  assert.equal(add(undefined), `${CREATED}${NAME}="${OURS}"\n`)
  assert.equal(remove(add(undefined)), undefined)
  for (const text of ['', '\n', '# a comment\nOTHER=1', 'A=1\r\n', 'A=x \\\n']) assert.equal(remove(add(text)), text)
  // Others wrote into the file that was created.
  assert.equal(remove(`${add(undefined)}A=1\n`), 'A=1\n')
})

test("a new line begins with the value of the unit, and goes with it, unless others changed the line's value", () => {
  const added = add('A=1\n', '--node-ip=10.0.0.1 --v=3')
  assert.equal(added, `${ADDED}${NAME}="--node-ip=10.0.0.1 --v=3 ${OURS}"\nA=1\n`)
  assert.equal(add(added, '--other'), added)
  assert.equal(remove(added, '--node-ip=10.0.0.1 --v=3'), 'A=1\n')
  // The kubelet keeps the flags that it has.
  for (const inherited of ['--node-ip=10.0.0.2 --v=3', ''])
    assert.equal(remove(added, inherited), `${ADDED}${NAME}="--node-ip=10.0.0.1 --v=3"\nA=1\n`)
})

test('an empty variable that was there before stays', () => {
  assert.equal(remove(add(`${NAME}=\n`)), `${NAME}=""\n`)
  assert.equal(remove(add(`# a comment\n${NAME}=""\n`)), `# a comment\n${NAME}=""\n`)
})

test('adding twice is adding once, and removing restores the words, for any flags', () => {
  const word = fc.stringMatching(/^--[a-z-]{1,12}=[a-z0-9<%,.:/=]{0,12}$/)
  const line = fc.stringMatching(/^[A-Z_]{1,8}=[a-z0-9]{0,8}$/)
  const quote = fc.constantFrom('"', "'")
  fc.assert(
    fc.property(fc.array(word), fc.array(line), fc.array(line), quote, (words, above, below, mark) => {
      const text = [...above, `${NAME}=${mark}${words.join(' ')}${mark}`, ...below, ''].join('\n')
      const added = add(text)
      assert.equal(add(added), added)
      assert.equal(readVariable(added, NAME, 'f'), [...words, OURS].join(' '))
      assert.equal(remove(added), text)
    }),
    { seed: 1 },
  )
})

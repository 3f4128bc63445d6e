import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The side of a credential helper in the protocol of docker-credential-helpers, as `Serve` and
 * `HandleCommand` implement it:
 * https://github.com/docker/docker-credential-helpers/blob/v0.9.5/credentials/credentials.go#L61
 */
const PROGRAM = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
const [file, behaviour] = [FILE, BEHAVIOUR]
const action = process.argv[2]
const input = readFileSync(0, 'utf8').trim()
appendFileSync(file + '.calls', process.argv.slice(2).join(' ') + '\\n')
const logins = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
const save = () => writeFileSync(file, JSON.stringify(logins))
const fail = (reason) => { process.stdout.write(reason + '\\n'); process.exit(1) }
if (action === 'store') {
  const { ServerURL, Username, Secret } = JSON.parse(input)
  if (behaviour === 'refuses') fail('cannot keep ' + Username + ' with ' + Secret)
  if (behaviour === 'ignores') process.exit(0)
  if (behaviour === 'refuses the second' && ServerURL.startsWith('second')) fail('no room')
  if (behaviour === 'forgets and refuses once' && !existsSync(file + '.once')) {
    writeFileSync(file + '.once', '')
    delete logins[ServerURL]
    save()
    fail('no room')
  }
  logins[ServerURL] = { Username, Secret }
  save()
  if (behaviour === 'hangs after the first store') {
    appendFileSync(file + '.calls', 'hanging\\n')
    setInterval(() => undefined, 1e6)
  }
} else if (action === 'get') {
  if (behaviour === 'locked') fail('the key chain is locked')
  if (behaviour === 'fails with the login') fail(JSON.stringify({ ServerURL: input, ...logins[input] }))
  if (behaviour === 'makes its own') logins[input] = { Username: 'cr_temp_user', Secret: 'ITS-OWN' }
  if (behaviour === 'hangs') setInterval(() => undefined, 1e6)
  else if (behaviour === 'says nonsense') process.stdout.write('S3CR3T-token')
  else if (behaviour === 'knows nobody') process.stdout.write('{"ServerURL":"","Username":"","Secret":""}')
  else if (!Object.hasOwn(logins, input)) fail('credentials not found in native keychain')
  else process.stdout.write(JSON.stringify({ ServerURL: input, ...logins[input] }) + '\\n')
} else if (action === 'erase') {
  if (behaviour === 'never forgets') process.exit(0)
  delete logins[input]
  save()
} else fail('unknown action: ' + action)
`

export type HelperBehaviour =
  | 'keeps'
  | 'ignores'
  | 'refuses'
  | 'refuses the second'
  | 'forgets and refuses once'
  | 'hangs after the first store'
  | 'locked'
  | 'fails with the login'
  | 'never forgets'
  | 'makes its own'
  | 'hangs'
  | 'says nonsense'
  | 'knows nobody'

/** Installs `docker-credential-<suffix>` into a folder of its own, for the PATH of a client. */
export function installHelper(root: string, suffix: string) {
  const bin = join(root, 'bin')
  mkdirSync(bin, { recursive: true })
  const [program, file] = [join(bin, `docker-credential-${suffix}`), join(root, `${suffix}.json`)]
  const behave = (behaviour: HelperBehaviour): void => {
    const source = PROGRAM.replace('FILE', JSON.stringify(file)).replace('BEHAVIOUR', JSON.stringify(behaviour))
    writeFileSync(`${program}.mjs`, source)
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${program}.mjs" "$@"\n`)
    chmodSync(program, 0o755)
  }
  behave('keeps')
  return {
    bin,
    behave,
    logins: (): unknown => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}),
    put: (logins: object) => writeFileSync(file, JSON.stringify(logins)),
    /** The arguments of all calls. */
    calls: () => readFileSync(`${file}.calls`, 'utf8').trim().split('\n'),
  }
}

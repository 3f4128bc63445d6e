import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCommandProblems } from '../../scripts/check/commands.ts'

/** The rows below contain `<` and `>` instead of a template's braces. */
const written = (row: string): string => row.replaceAll('<', '${').replaceAll('>', '}')
const problems = (source: string, file = 'src/doctor/a.ts'): string[] => findCommandProblems(new Map([[file, source]]))
const TEXT = 'src/doctor/a.ts:1: a command in a plain text; build it with `shell` of src/lib/shell-command.ts'

for (const source of [
  'const a = `kubectl -n <name> get pods`',
  'const a = `Restart it: kubectl -n <name> rollout restart deployment/<web>.`',
  'const a = `\\`helm rollback <name> 3\\` repairs it.`',
  "const a = 'kubectl -n ' + name + ' get pods'",
  "const a = ['aliyun ram', action].join(' ')",
  "const a = 'kubectl get pods'",
  'const a = `to do it: <program> cleanup --detach --confirm <release>`',
  'const a = `acr-nopass doctor pod <pod>`',
  'const a = `curl -s <url> | sh`',
  'const a = other`helm get manifest <name>`',
]) {
  test(`a command that is not built by \`shell\` is refused: ${source}`, () => {
    assert.deepEqual(problems(written(source)), [TEXT])
  })
}

test('a part of several words needs a tag of its own, because it would otherwise be quoted as one word', () => {
  const source = written('const a = shell`x <b ? `delete pod <c>` : d>`')
  assert.deepEqual(problems(source), [TEXT.replace('a command in a plain text', 'several words in one')])
})

test('nothing but the builder may call a text a command', () => {
  const source = 'const a = text as ShellCommand'
  assert.deepEqual(problems(source), [TEXT.replace('a command in a plain text', 'a cast')])
  assert.deepEqual(problems(source, 'src/lib/shell-command.ts'), [])
})

for (const source of [
  'const a = shell`kubectl -n <name> get pods`',
  'const a = shell`a<shellWords` helm get values <name>`>`',
  'const a = `helm made no revision<note>`',
  'const a = `acr-nopass is installed as <name>`',
  'const a = `<account> policy <name>`',
  "const a = 'Run `acr-nopass doctor`: it shows ' + what",
  'const a = `Run \\`acr-nopass doctor\\` for <name>`',
  "const a = 'docker.io'",
]) {
  test(`what is no command, or is built by \`shell\`, passes: ${source}`, () => {
    assert.deepEqual(problems(written(source)), [])
  })
}

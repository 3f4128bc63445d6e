import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aimCommands } from '../../../src/cli/doctor/aim-commands.ts'
import { createStatusLine } from '../../../src/cli/program/terminal.ts'
import type { Finding } from '../../../src/doctor/finding.ts'
import { quoted, type ShellCommand, shell } from '../../../src/lib/shell-command.ts'

const aimed = (
  command: ShellCommand,
  flags: Parameters<typeof aimCommands>[1],
  program = 'acr-nopass',
): string | undefined => {
  const finding: Finding = {
    id: 'RETIRING',
    severity: 'warning',
    subject: 's',
    message: 'm',
    cause: 'c',
    fix: 'c',
    command,
  }
  return aimCommands([finding], flags, program)[0]?.command
}

test('commands that doctor prints target the cluster that it checked, each program with its own flag', () => {
  const flags = { kubeconfig: '/home/me/my config', context: 'prod' }
  assert.equal(
    aimed(shell`helm -n a get manifest a | kubectl -n a apply -f -`, flags),
    "helm --kubeconfig '/home/me/my config' --kube-context prod -n a get manifest a | kubectl --kubeconfig '/home/me/my config' --context prod -n a apply -f -",
  )
  assert.equal(
    aimed(shell`kubectl delete x && helm -n a list`, { kubeContext: 'prod' }),
    'kubectl --context prod delete x && helm --kube-context prod -n a list',
  )
  assert.equal(
    aimed(shell`acr-nopass refresh`, flags, 'kubectl acr-nopass'),
    `kubectl acr-nopass refresh --kubeconfig '/home/me/my config' --context prod`,
  )
})

test('if a cluster has several releases, `refresh` names the release of the finding', () => {
  const finding: Finding = {
    id: 'SECRET_EXPIRED',
    severity: 'error',
    subject: '',
    message: '',
    cause: '',
    fix: '',
    command: shell`acr-nopass refresh`,
  }
  const [aimed] = aimCommands([finding], {}, 'acr-nopass', { namespace: 'acr', name: 'one' })
  assert.equal(aimed?.command, 'acr-nopass refresh --namespace acr --release one')
})

test('commands that reach no cluster, and those of other programs, are unchanged', () => {
  const flags = { context: 'prod' }
  assert.equal(aimed(shell`acr-nopass policy -f values.yaml`, flags), 'acr-nopass policy -f values.yaml')
  assert.equal(aimed(shell`aliyun cr ListInstance --region r`, flags), 'aliyun cr ListInstance --region r')
  assert.equal(aimed(shell`kubectl get pods`, {}), 'kubectl get pods')
})

test('a flag is never put inside a quoted word, whatever that word says', () => {
  const flags = { kubeconfig: '/home/me/my config' }
  const command = shell`aliyun ram GetRole --RoleName ${quoted('a && kubectl get b | helm c')} && kubectl get d`
  assert.ok(command)
  assert.equal(
    aimed(command, flags),
    "aliyun ram GetRole --RoleName 'a && kubectl get b | helm c' && kubectl --kubeconfig '/home/me/my config' get d",
  )
})

test('a cluster that cannot be named in a command leaves no command', () => {
  assert.equal(aimed(shell`kubectl get pods`, { context: '--as=root' }), undefined)
})

test('the progress of reads is one line on a terminal, is erased at the end, and is not printed elsewhere', () => {
  const written = (isTTY: boolean): string => {
    let text = ''
    const progress = createStatusLine({ stderr: { isTTY, columns: 24, write: (part: string) => (text += part) } })
    progress.say('Pods of all namespaces', 0)
    progress.say('Pods of all namespaces', 500)
    progress.end()
    progress.end()
    return text
  }
  assert.equal(written(false), '')
  assert.equal(written(true), '\r\u001b[Kreading Pods of all nam\r\u001b[Kreading Pods of all nam\r\u001b[K')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aimCommands } from '../../../src/cli/doctor/doctor.ts'
import { createStatusLine } from '../../../src/cli/program/terminal.ts'
import type { Finding } from '../../../src/doctor/finding.ts'

const aimed = (
  command: string,
  flags: Parameters<typeof aimCommands>[1],
  program = 'acr-nopass',
): string | undefined => {
  const finding: Finding = {
    id: 'DRY_RUN',
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
  const flags = { kubeconfig: '/home/me/my config', kubeContext: 'prod' }
  assert.equal(
    aimed('helm -n a get manifest a | kubectl -n a apply -f -', flags),
    "helm --kubeconfig '/home/me/my config' --kube-context prod -n a get manifest a | kubectl --kubeconfig '/home/me/my config' --context prod -n a apply -f -",
  )
  assert.equal(
    aimed('kubectl delete x && helm -n a list', { context: 'prod' }),
    'kubectl --context prod delete x && helm --kube-context prod -n a list',
  )
  assert.equal(
    aimed('acr-nopass refresh', flags, 'kubectl acr-nopass'),
    `kubectl acr-nopass refresh --kubeconfig '/home/me/my config' --kube-context prod`,
  )
})

test('if a cluster has several releases, `refresh` names the one that the finding is about', () => {
  const finding: Finding = {
    id: 'SECRET_EXPIRED',
    severity: 'error',
    subject: '',
    message: '',
    cause: '',
    fix: '',
    command: 'acr-nopass refresh',
  }
  const [aimed] = aimCommands([finding], {}, 'acr-nopass', { namespace: 'acr', name: 'one' })
  assert.equal(aimed?.command, 'acr-nopass refresh --namespace acr --release one')
})

test('commands that reach no cluster, and those of other programs, are unchanged', () => {
  const flags = { kubeContext: 'prod' }
  assert.equal(aimed('acr-nopass policy -f values.yaml', flags), 'acr-nopass policy -f values.yaml')
  assert.equal(aimed('aliyun cr ListInstance --region r', flags), 'aliyun cr ListInstance --region r')
  assert.equal(aimed('kubectl get pods', {}), 'kubectl get pods')
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

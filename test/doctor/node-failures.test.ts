import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeFailureFindings } from '../../src/doctor/checks/node-failures.ts'
import type { NodeFailure, PluginNode } from '../../src/doctor/observed.ts'
import { ERROR_CODES } from '../../src/error-codes.ts'

const node = (name: string, failures?: readonly NodeFailure[], calls = 9, errors = 2): PluginNode => {
  return { name, version: 'v1.37.2', pool: 'p', config: 'ours', calls, errors, ...(failures && { failures }) }
}
const code = 'IDENTITY_UNAVAILABLE' as const
const refused = (change: Partial<NodeFailure> = {}): NodeFailure => ({ kind: code, message: 'no RAM role', ...change })

test('the same failure on two nodes is one finding, with every Pod once and the newest reason', () => {
  const findings = nodeFailureFindings([
    node('n1', [refused({ pod: 'shop/web' }), refused({ pod: 'shop/web', image: 'x/y' })]),
    node('n2', [refused({ image: 'host/team/app', message: 'HTTP 503', fix: 'Wait.' })]),
  ])
  assert.deepEqual(findings, [
    {
      id: 'NODE_LOGIN_FAILED',
      severity: 'warning',
      subject: '2 nodes',
      objects: ['n1', 'n2'],
      message: `the program got no login for shop/web, host/team/app: ${code}`,
      cause: 'HTTP 503. The program on the node advised: Wait.',
      fix: ERROR_CODES[code].fix,
      command: 'kubectl describe node n2',
    },
  ])
})

test('each kind of failure is a finding of its own, and only a missing program is known to fail each pull', () => {
  const findings = nodeFailureFindings([
    node('n1', [
      refused(),
      { kind: 'other', message: 'signal: killed', pod: 'shop/web' },
      { kind: 'program', message: 'no such file', image: 'host/a' },
      { kind: 'audience', message: 'not allowed' },
    ]),
  ])
  assert.deepEqual(
    findings.map(({ id, health, subject, message, cause, command, objects }) => [
      [id, health, subject, message, cause],
      [command, objects],
    ]),
    [
      [
        ['NODE_LOGIN_FAILED', undefined, 'node n1', `the program got no login: ${code}`, 'no RAM role.'],
        ['kubectl describe node n1', ['n1']],
      ],
      [
        ['NODE_LOGIN_FAILED', undefined, 'node n1', 'the program failed for shop/web', 'signal: killed.'],
        ['kubectl describe node n1', ['n1']],
      ],
      [
        [
          'NODE_PROGRAM_MISSING',
          'failing',
          'node n1',
          'the kubelet cannot start the program for host/a',
          'no such file. When this kubelet restarts, it will not start.',
        ],
        ['kubectl describe node n1', ['n1']],
      ],
    ],
  )
})

test('without a log, a node is reported by its number of failures, and a log without failures is good', () => {
  const findings = nodeFailureFindings([
    node('n1', undefined, 1, 1),
    node('n2', undefined, 9, 4),
    node('n3', undefined, 9, 0),
    node('n4', []),
  ])
  assert.deepEqual(
    findings.map(({ id, severity, health, subject, message, command, objects }) => [
      [id, severity, health, subject, message],
      [command, objects],
    ]),
    [
      [
        [
          'NODE_LOGIN_FAILED',
          'warning',
          'unknown',
          'node n1',
          'the program failed in 1 of 1 call since the kubelet started',
        ],
        ['kubectl describe node n1', ['n1']],
      ],
      [
        [
          'NODE_LOGIN_FAILED',
          'info',
          undefined,
          'node n2',
          'the program failed in 4 of 9 calls since the kubelet started',
        ],
        ['kubectl describe node n2', ['n2']],
      ],
    ],
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildFailure } from '../../../tools/build/build-tool.ts'

// Output of `go build` with the error code and the reported part.
const CASES: Record<string, [code: string, reported: string]> = {
  'go: github.com/x/y@v1.0.0: Get "https://goproxy.example/x": dial tcp: lookup goproxy.example: no such host': [
    'TOOL_DOWNLOAD_FAILED',
    'no such host',
  ],
  'go: x@v1: reading https://goproxy.example/x/@v/v1.mod: 404 Not Found': ['TOOL_DOWNLOAD_FAILED', '404 Not Found'],
  'go: download go1.26.6 for linux/amd64: toolchain not available': ['TOOL_DOWNLOAD_FAILED', 'toolchain not available'],
  'go: x@v1: module lookup disabled by GOPROXY=off': ['TOOL_DOWNLOAD_FAILED', 'GOPROXY=off'],
  'compile: writing output: write $WORK/b1/_pkg_.a: no space left on device': ['NO_DISK_SPACE', 'no space left'],
  'verifying x@v1: checksum mismatch': ['TOOL_CHECKSUM', 'checksum mismatch'],
  'runtime/cgo: cgo: C compiler "gcc" not found: exec: "gcc": executable file not found in $PATH': [
    'NO_C_COMPILER',
    'gcc',
  ],
  './main.go:3:1: syntax error: unexpected {': ['TOOL_BUILD_FAILED', 'syntax error'],
}

test('a failed build is reported with the line of its cause, the error code of that cause, and the log', () => {
  for (const [output, [code, reported]] of Object.entries(CASES)) {
    const error = buildFailure('etcd', `some/package\n${output}\n`, '/logs/etcd.log')
    assert.equal(error.code, code, output)
    assert.match(error.message, /^etcd cannot be built: /)
    assert.ok(error.message.includes(reported), error.message)
    assert.ok(error.message.endsWith('(log: /logs/etcd.log)'), error.message)
    assert.equal(error.message.split('\n').length, 1)
  }
})

test('a full disk is reported as the cause, even if downloads failed as well', () => {
  const output = 'go: x@v1: unexpected EOF\nwrite /x: no space left on device'
  assert.equal(buildFailure('etcd', output, 'l').code, 'NO_DISK_SPACE')
})

test('a build that fails without output is also reported in one line', () => {
  assert.equal(buildFailure('etcd', '', 'l').message, 'etcd cannot be built: go build failed without output (log: l)')
})

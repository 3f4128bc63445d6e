import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { policyOf } from '../../src/policy/document.ts'
import { diffDocuments, unifiedDiff } from '../../src/policy/text-diff.ts'

const pull = (...Resource: string[]) => policyOf([{ Effect: 'Allow', Action: 'cr:PullRepository', Resource }])

test('a change is shown as unified lines of both normal forms', () => {
  assert.equal(
    diffDocuments(pull('a', 'b'), pull('b', 'c'), 'policy acr-nopass-c1'),
    `--- policy acr-nopass-c1
+++ policy acr-nopass-c1
@@ -7,8 +7,8 @@
         "cr:PullRepository"
       ],
       "Resource": [
-        "a",
-        "b"
+        "b",
+        "c"
       ]
     }
   ]
`,
  )
})

test('what is new or goes away says so, and what is equal shows nothing', () => {
  assert.match(diffDocuments(undefined, pull('a'), 'p'), /^--- \(absent\)\n\+\+\+ p\n@@ -0,0 \+1,14 @@\n\+\{/)
  assert.match(diffDocuments(pull('a'), undefined, 'p'), /^--- p\n\+\+\+ \(absent\)\n@@ -1,14 \+0,0 @@\n-\{/)
  assert.equal(diffDocuments(pull('a', 'b'), pull('b', 'a'), 'p'), '')
})

test('applying a difference to the old lines gives the new ones', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', '{', '}'), { maxLength: 30 })
  fc.assert(
    fc.property(lines, lines, (before, after) => assert.deepEqual(patch(before, unifiedDiff(before, after)), after)),
  )
})

/** An independent reader of unified hunks. */
function patch(before: readonly string[], diff: string): string[] {
  const result: string[] = []
  let next = 0
  for (const line of diff.split('\n').slice(0, -1)) {
    const header = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@$/.exec(line)
    if (header) {
      const start = Number(header[1]) - (header[2] === '0' ? 0 : 1)
      result.push(...before.slice(next, start))
      next = start
      assert.equal(result.length, Number(header[3]) - (header[4] === '0' ? 0 : 1))
    } else if (line[0] === '+') result.push(line.slice(1))
    else {
      assert.equal(before[next], line.slice(1))
      if (line[0] === ' ') result.push(line.slice(1))
      next++
    }
  }
  return [...result, ...before.slice(next)]
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyOf } from '../../src/policy/normal-form.ts'
import { diffDocuments } from '../../src/policy/steps.ts'

const pull = (...Resource: string[]) => policyOf([{ Effect: 'Allow', Action: 'cr:PullRepository', Resource }])

test('a change is shown as a unified diff of both normal forms', () => {
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

test('a new or removed document is marked as such, and an equal one shows nothing', () => {
  assert.match(diffDocuments(undefined, pull('a'), 'p'), /^--- \(absent\)\n\+\+\+ p\n@@ -0,0 \+1,14 @@\n\+\{/)
  assert.match(diffDocuments(pull('a'), undefined, 'p'), /^--- p\n\+\+\+ \(absent\)\n@@ -1,14 \+0,0 @@\n-\{/)
  assert.equal(diffDocuments(pull('a', 'b'), pull('b', 'a'), 'p'), '')
})

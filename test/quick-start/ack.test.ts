import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followQuickStart } from './support/quick-start.ts'

test('the quick start on ACK does what it says when it is followed word for word', () =>
  followQuickStart(
    {
      page: 'quick-start-ack',
      clusters: { staging: 'c8f3d0a61b7e94c25a0d3f86e12b47c90', production: 'c2e9b75f4d0a813c6f72a4d5098e1b36f' },
      image: 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/hello',
    },
    async ({ bed, reader, writes, printed }) => {
      const [install = '', valid = '', plan = '', apply = '', pull = ''] = printed
      console.log(JSON.stringify([...writes]), reader.summaries, install.length, valid, plan.length, apply, pull)
      assert.ok(bed)
    },
  ))

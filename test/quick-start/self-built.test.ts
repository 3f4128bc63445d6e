import { test } from 'node:test'
import { followQuickStart } from './support/quick-start.ts'

test('the quick start on a self-built cluster does what it says when it is followed word for word', () =>
  followQuickStart(
    {
      page: 'quick-start-self-built',
      clusters: { datacenter: 'c0b1d7e92f4a836c5f72a4d5098e1b360' },
      image: 'demo-registry.cn-hangzhou.cr.aliyuncs.com/shop/hello',
    },
    async ({ writes, printed }) => {
      console.log(JSON.stringify([...writes]), printed.join('\n'))
    },
  ))

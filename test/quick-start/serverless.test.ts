import { test } from 'node:test'
import { followQuickStart } from './support/quick-start.ts'

test('the quick start on ACK Serverless does what it says when it is followed word for word', () =>
  followQuickStart(
    {
      page: 'quick-start-serverless',
      clusters: { serverless: 'c1d7b2e94f0a836c5f72a4d5098e1b360' },
      kind: 'serverless',
      image: 'images.example.com/shop/hello',
      role: 'acr-nopass-eci',
    },
    async ({ writes, printed }) => {
      console.log(JSON.stringify([...writes]), printed.join('\n'))
    },
  ))

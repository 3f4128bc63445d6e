import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCloudClock } from '../../src/alibaba/transport/cloud-clock.ts'
import { fakeTime, START } from './fake-time.ts'

const httpDate = (at: number): string => new Date(at).toUTCString()

test('the clock starts with the machine’s time and follows it', () => {
  const time = fakeTime()
  const clock = createCloudClock(time)
  time.advance(5000)
  assert.equal(clock.now(), START + 5000)
  assert.equal(clock.skew(), 0)
})

test('a response with another time sets the clock, and the skew is known', () => {
  const time = fakeTime()
  const clock = createCloudClock(time)
  const sentAt = clock.monotonic()
  time.advance(200)
  clock.observe(httpDate(START - 3_600_000), sentAt)
  assert.equal(clock.now(), START - 3_600_000 + 500 + 100)
  assert.equal(clock.skew(), 3_600_000 - 400)
})

test('a difference within a header’s resolution and the latency changes nothing', () => {
  const time = fakeTime()
  const clock = createCloudClock(time)
  const sentAt = clock.monotonic()
  time.advance(1000)
  for (const late of [-1000, 0, 1000]) clock.observe(httpDate(START + late), sentAt)
  assert.equal(clock.now(), START + 1000)
})

test('a wall clock that is set while we run moves no deadline', () => {
  const time = fakeTime()
  const clock = createCloudClock(time)
  clock.observe(httpDate(START), clock.monotonic())
  time.jump(86_400_000)
  time.advance(1000)
  assert.equal(clock.now(), START + 1000)
  assert.equal(clock.skew(), 86_400_000)
})

test('a response without a date, or with an invalid one, changes nothing', () => {
  const clock = createCloudClock(fakeTime())
  clock.observe(undefined, 0)
  clock.observe('yesterday', 0)
  assert.equal(clock.now(), START)
  assert.equal(clock.skew(), 0)
})

const HOUR = 3_600_000

test('after this machine slept for hours, the later of its clock and the API server’s counts, until the cloud responds again', () => {
  const time = fakeTime()
  const clock = createCloudClock(time)
  clock.observe(httpDate(START), clock.monotonic())
  time.jump(2 * HOUR)
  clock.observeServer(httpDate(START - HOUR), clock.monotonic())
  assert.equal(clock.now(), START + 2 * HOUR)
  clock.observeServer(httpDate(START + 3 * HOUR), clock.monotonic())
  assert.equal(clock.now(), START + 3 * HOUR + 500)
  assert.equal(clock.skew(), 0)
  clock.observe(httpDate(START + HOUR), clock.monotonic())
  assert.equal(clock.now(), START + HOUR + 500)
})

for (const [what, moved] of [
  ['a minute', 60_000],
  ['back', -2 * HOUR],
] as const) {
  test(`a wall clock that is set ${what} does not let the API server’s clock replace the cloud’s`, () => {
    const time = fakeTime()
    const clock = createCloudClock(time)
    clock.observe(httpDate(START), clock.monotonic())
    time.jump(moved)
    clock.observeServer(httpDate(START + HOUR), clock.monotonic())
    assert.equal(clock.now(), START)
  })
}

for (const [whose, machine, server] of [
  ['this machine’s clock', -HOUR, 0],
  ['the API server’s clock', 0, -HOUR],
] as const) {
  test(`until the cloud responds, a due refresh is not late because ${whose} is behind, and no skew of the cloud is known`, () => {
    const time = fakeTime(START + machine)
    const clock = createCloudClock(time)
    clock.observeServer(httpDate(START + server), clock.monotonic())
    time.advance(5000)
    assert.ok(Math.abs(clock.now() - (START + 5000)) <= 500)
    assert.equal(clock.skew(), 0)
  })

  test(`from its first response on only the cloud’s time counts, although ${whose} is behind`, () => {
    const time = fakeTime(START + machine)
    const clock = createCloudClock(time)
    clock.observeServer(httpDate(START + server), clock.monotonic())
    clock.observe(httpDate(START - 2 * HOUR), clock.monotonic())
    clock.observeServer(httpDate(START + 2 * HOUR), clock.monotonic())
    assert.equal(clock.now(), START - 2 * HOUR + 500)
    assert.equal(clock.skew(), machine + 2 * HOUR - 500)
  })
}

test('a response of the API server with no date, or an invalid one, changes nothing', () => {
  const clock = createCloudClock(fakeTime())
  for (const header of [undefined, 'tomorrow', 'Fri, 01 Jan 2300 00:00:00 GMT']) clock.observeServer(header, 0)
  assert.equal(clock.now(), START)
})

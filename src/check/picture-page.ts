// What the picture's page looks like and does. One file, no network: it is opened from a disk, or from a test's artefacts.

export const STYLE: string = `
:root { color-scheme: light dark; --ink: #1c2733; --paper: #fff; --quiet: #66727f; --line: #d8dee4;
  --placed: #cfe3f7; --placed-edge: #4a86bd; --open: #ececec; --open-edge: #9aa4ae; --wrong: #ffd0cc; --wrong-edge: #c4281a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --paper: #14191f; --quiet: #94a1ad; --line: #313a44;
  --placed: #1d3d5c; --placed-edge: #5a9bd5; --open: #2a3037; --open-edge: #6d7883; --wrong: #5c1f1a; --wrong-edge: #ff7566; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 16px 20px 130px; font: 14px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 20px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 28px 0 4px; } p { margin: 4px 0; max-width: 90ch; }
.quiet { color: var(--quiet); }
.frame { display: flex; border: 1px solid var(--line); margin-top: 8px; }
.names { flex: none; padding: 4px 8px; text-align: right; color: var(--quiet); border-right: 1px solid var(--line); font-size: 12px; }
.names div { height: 26px; line-height: 22px; white-space: nowrap; max-width: 12em; overflow: hidden; text-overflow: ellipsis; }
.time { overflow-x: auto; flex: auto; padding: 4px 0 10px; }
.field { position: relative; }
.field svg { position: absolute; inset: 0; pointer-events: none; overflow: visible; z-index: 2; }
.field polyline { fill: none; stroke: var(--placed-edge); stroke-width: 1; opacity: .55; }
.field circle { fill: var(--placed-edge); }
.cut { position: absolute; top: -4px; bottom: -10px; width: 0; border-left: 2px dashed var(--wrong-edge); }
.bar { position: absolute; height: 22px; padding: 0 3px; margin: 0; font: 11px/20px ui-monospace, monospace; text-align: left;
  color: inherit; border: 1px solid; border-radius: 3px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; cursor: default; }
.bar:focus, .bar:hover { z-index: 3; outline: 2px solid var(--ink); outline-offset: 1px; }
.placed { background: var(--placed); border-color: var(--placed-edge); }
.open { background: var(--open); border-color: var(--open-edge); border-style: dashed; }
.breaking { background: var(--wrong); border: 2px solid var(--wrong-edge); font-weight: 700; z-index: 1; }
.endless { border-right-style: none; border-top-right-radius: 0; border-bottom-right-radius: 0; }
#more { position: fixed; left: 0; right: 0; bottom: 0; min-height: 92px; max-height: 40vh; overflow: auto; margin: 0; padding: 10px 20px;
  white-space: pre-wrap; overflow-wrap: anywhere; border-top: 1px solid var(--line); background: var(--paper);
  font: 13px/1.5 ui-monospace, monospace; z-index: 5; }
`

/** Hovering or focusing a bar shows what its title says; arrows go on in time, or in the order. */
export const SCRIPT: string = `
const more = document.getElementById('more')
const show = (bar) => { more.textContent = bar.title }
const orders = new Map()
for (const field of document.querySelectorAll('.field')) {
  const bars = [...field.querySelectorAll('.bar')]
  const order = bars.filter((bar) => bar.dataset.place).sort((a, b) => a.dataset.place - b.dataset.place)
  bars.forEach((bar, i) => orders.set(bar, { ArrowRight: bars[i + 1], ArrowLeft: bars[i - 1] }))
  order.forEach((bar, i) => Object.assign(orders.get(bar), { ArrowDown: order[i + 1], ArrowUp: order[i - 1] }))
  const wrong = field.querySelector('.breaking')
  const time = field.parentElement
  if (wrong) time.scrollLeft = wrong.offsetLeft + wrong.offsetWidth - time.clientWidth * 0.7
}
document.addEventListener('focusin', ({ target }) => { if (orders.has(target)) show(target) })
document.addEventListener('mouseover', ({ target }) => { if (orders.has(target)) show(target) })
document.addEventListener('keydown', (event) => {
  const next = event.key === 'b' ? document.querySelector('.breaking') : orders.get(event.target)?.[event.key]
  if (!next) return
  event.preventDefault()
  next.focus()
  next.scrollIntoView({ block: 'nearest', inline: 'center' })
})
const first = document.querySelector('.breaking')
if (first) show(first)
`

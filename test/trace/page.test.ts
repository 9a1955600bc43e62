// The page of a recorded run, in a real browser, as somebody uses it.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deflateSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeTrace, type Trace, TraceRecorder, tracePage } from '../../src/trace/index.ts'
import { randomRun } from '../../src/trace/testing/random-run.ts'
import { openBrowser, openFile } from './browser.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-trace-'))
let browser: Browser

beforeAll(async () => {
  browser = await openBrowser()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true })
})

/** @returns the file, and the status that the command ended with */
function labRun(...args: string[]): { file: string; status: number | null; errors: string } {
  const file = join(folder, `${args.join('-').replaceAll(/[^\w-]/g, '')}.html`)
  const command = ['bin/quorate.js', 'lab', '--trace', file, ...args]
  const { status, stderr } = spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' })
  return { file, status, errors: stderr }
}

function written(name: string, trace: Trace): string {
  const template = readFileSync(join(ROOT, 'dist/trace/page.html'), 'utf8')
  const packed = deflateSync(encodeTrace(trace)).toString('base64')
  const file = join(folder, name)
  writeFileSync(file, tracePage(template, packed, trace.header))
  return file
}

function text(page: Page, id: string): Promise<string | null> {
  return page.textContent(`#${id}`)
}

async function shownEvents(page: Page): Promise<number> {
  return Number((await text(page, 'count'))?.split(' ')[0])
}

describe('a run of the lab', () => {
  let file = ''
  beforeAll(() => {
    file = labRun('--run', 'TestBackup2B', '--seed', '3').file
  })

  test('is shown from the file alone, and nothing is complained of', async () => {
    const { page, complaints } = await openFile(browser, file)
    expect(await text(page, 'title')).toBe('Test (2B): leader backs up quickly over incorrect follower logs')
    expect(await text(page, 'facts')).toContain('outcome passed')
    expect(await page.isVisible('#pin')).toBe(false)
    expect(complaints).toEqual([])
  })

  test('a click on a moment shows that server then', async () => {
    const { page } = await openFile(browser, file)
    const lanes = await page.locator('#overlay').boundingBox()
    await page.mouse.click((lanes?.x ?? 0) + (lanes?.width ?? 0) * 0.45, (lanes?.y ?? 0) + 150)
    const state = await text(page, 'state')
    expect(await page.textContent('#tabs [aria-selected=true]')).toBe('S1 ★')
    expect(state).toContain('roleleader')
    expect(state).toContain('term2')
    expect(state).toContain('networkS3 down, S4 down')
  })

  test('keys step through the events, and from one of a kind to the next', async () => {
    const { page } = await openFile(browser, file)
    await page.keyboard.press('Home')
    expect(await text(page, 'event')).toBe('S0 starts')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    expect(await text(page, 'event')).toBe('S2 starts')
    await page.keyboard.press('p')
    expect(await text(page, 'event')).toBe('S1 starts')
    await page.keyboard.press('e')
    expect(await text(page, 'event')).toBe('S3 is leader in term 1, voted for S3')
    await page.locator('#events').focus()
    await page.keyboard.press('ArrowDown')
    expect(await text(page, 'event')).not.toBe('S3 is leader in term 1, voted for S3')
    await page.keyboard.press('ArrowUp')
    expect(await text(page, 'event')).toBe('S3 is leader in term 1, voted for S3')
    await page.keyboard.press('End')
    expect(await text(page, 'moment')).toMatch(/event (\d+) of \1$/)
  })

  test('what is filtered out is stepped over, and comes back', async () => {
    const { page } = await openFile(browser, file)
    const all = await shownEvents(page)
    await page.keyboard.press('f')
    await page.getByLabel('messages', { exact: true }).uncheck()
    await page.keyboard.press('Escape')
    expect(await shownEvents(page)).toBeLessThan(all)
    await page.keyboard.press('Home')
    for (let i = 0; i < 12; i++) await page.keyboard.press('PageDown')
    expect(await page.locator('.row.logs').count()).toBeGreaterThan(0)
    expect(await page.locator('.row.messages').count()).toBe(0)
    await page.keyboard.press('f')
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByRole('button', { name: 'Done' }).click()
    expect(await shownEvents(page)).toBe(all)
  })

  test('a search leaves the events whose words have it', async () => {
    const { page } = await openFile(browser, file)
    await page.keyboard.press('/')
    await page.keyboard.type('is leader')
    await page.waitForFunction(() => document.getElementById('count')?.textContent?.startsWith('3 of'))
    await page.keyboard.press('Enter')
    await page.locator('.row').first().click()
    expect(await text(page, 'event')).toBe('S3 is leader in term 1, voted for S3')
  })

  test('pointing at a message says what it is', async () => {
    const { page } = await openFile(browser, file)
    await page.keyboard.press('Home')
    await page.keyboard.press('e')
    for (let i = 0; i < 14; i++) await page.keyboard.press('+')
    const at = await page.evaluate(
      '(({ x1, y1, x2, y2 }) => ({ x: (x1 + x2) / 2, y: (y1 + y2) / 2 }))(quorate.scene.arrows[0])',
    )
    const { x, y } = at as { x: number; y: number }
    const lanes = await page.locator('#overlay').boundingBox()
    await page.mouse.move((lanes?.x ?? 0) + x, (lanes?.y ?? 0) + y)
    expect(await text(page, 'tip')).toMatch(/^S\d sends \w+ to S\d, term 1.*\n(arrived after|\w+ to S\d is lost)/)
  })

  test('fits a telephone, without scrolling sideways', async () => {
    const { page } = await openFile(browser, file, [390, 844])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    expect(await page.locator('.row[aria-selected=true]').textContent()).toContain('is at index 102')
    expect(await page.locator('.row').count()).toBeLessThan(60)
  })
})

describe('--trace', () => {
  test('shows one run: where several tests match, it says how to choose one', () => {
    const { status, errors } = labRun('--run', '2A')
    expect(status).toBe(2)
    expect(errors).toBe('--trace shows one run, and 3 tests match: choose one, as --run TestInitialElection2A\n')
  })

  test('says in one line where it cannot write', () => {
    const { status, errors } = labRun('--run', 'TestInitialElection2A', '--trace', folder)
    expect({ status, errors }).toEqual({ status: 2, errors: `--trace ${folder} cannot be written: EISDIR\n` })
  })
})

describe('a run that failed', () => {
  test('opens with what failed, and v returns to it', async () => {
    const { file, status } = labRun(
      '--run',
      'TestInitialElection2A',
      '--seed',
      '1',
      '--raft',
      'examples/my-raft/my-raft.js',
    )
    expect(status).toBe(1)
    const { page, complaints } = await openFile(browser, file)
    const words = "the test's expectation: expected one leader, saw none in 10 rounds of half a second"
    expect(await text(page, 'pin')).toContain(words)
    expect(await text(page, 'event')).toBe(words)
    await page.keyboard.press('Home')
    expect(await text(page, 'event')).not.toBe(words)
    await page.keyboard.press('v')
    expect(await text(page, 'event')).toBe(words)
    expect(complaints).toEqual([])
  })

  test('no text of a run becomes part of the page', async () => {
    const evil = '</script><img src=x onerror="document.title=1"><script>document.title=2</script>'
    const run = new TraceRecorder({
      title: evil,
      command: evil,
      seed: evil,
      servers: [evil],
      clients: [evil],
      settings: {},
    })
    run.start(0, evil)
    run.invoke(1, evil, 1, evil)
    run.violation(2, evil, evil, evil)
    const { page, complaints } = await openFile(browser, written('evil.html', run.trace()))
    expect(await page.title()).toBe(evil)
    expect(await text(page, 'event')).toContain(evil)
    expect(await page.locator('img').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('a run without any event is shown, too', async () => {
    const run = new TraceRecorder({ title: 'nothing', command: '', seed: '1', servers: [], clients: [], settings: {} })
    const { page, complaints } = await openFile(browser, written('empty.html', run.trace()))
    expect(await text(page, 'event')).toBe('nothing was recorded')
    expect(complaints).toEqual([])
  })
})

/** In the page: moves the window on, frame by frame. @returns the median time of drawing, in milliseconds */
const MEDIAN_DRAW = `async (share) => {
  const { scene } = quorate
  const { view } = scene
  view.show(view.end * 0.4, view.end * (0.4 + share))
  const times = []
  for (let frame = 0; frame < 31; frame++) {
    await new Promise(requestAnimationFrame)
    view.pan(view.span / 200)
    scene.redraw()
    const begun = performance.now()
    scene.draw()
    times.push(performance.now() - begun)
  }
  return times.sort((a, b) => a - b)[15]
}`

/** 60 frames a second leave 16.7 ms for each. */
const FRAME_MS = 16.7

describe('with 100,000 events', () => {
  let page: Page
  beforeAll(async () => {
    const trace = randomRun(5, 8000)
    expect(trace.events.at.length).toBeGreaterThan(100_000)
    const opened = await openFile(browser, written('big.html', trace))
    page = opened.page
  })

  test.each([0.9, 0.3, 0.03, 0.003])('a frame that shows %d of the run is drawn in time', async (share) => {
    expect(await page.evaluate(`(${MEDIAN_DRAW})(${share})`)).toBeLessThan(FRAME_MS)
  })

  test('only the rows in sight are there', async () => {
    expect(await page.locator('.row').count()).toBeLessThan(60)
    await page.keyboard.press('Home')
    expect(await page.locator('.row').first().textContent()).toContain('s1')
  })
})

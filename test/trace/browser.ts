// A real browser for the tests, out of an npm package: nothing has to be installed on the machine, and nothing is
// downloaded but by `npm ci`. The package is made for another place, so it is told here where to unpack itself, and its
// browser where its libraries and fonts are.

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium as launcher, type Page } from 'playwright-core'

const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/quorate-browser', import.meta.url))
/** Written last: without it, somebody was interrupted while he unpacked. */
const COMPLETE = join(FOLDER, 'complete')
const FONTS = join(FOLDER, 'fonts.conf')

/** @throws Error on a machine that the package has no browser for, unless CHROME says where one is */
export async function openBrowser(): Promise<Browser> {
  const args = ['--no-sandbox', '--no-zygote', '--disable-gpu', '--font-render-hinting=none']
  const own = process.env['CHROME']
  if (own !== undefined) return launcher.launch({ executablePath: own, args })
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `no browser comes along for ${process.platform} on ${process.arch}: set CHROME to the path of a Chrome or Chromium`,
    )
  }
  const executablePath = await unpack()
  const env = { ...process.env, LD_LIBRARY_PATH: join(FOLDER, 'al2023/lib'), FONTCONFIG_FILE: FONTS }
  return launcher.launch({ executablePath, args, env: env as Record<string, string> })
}

/** Two seconds the first time. */
async function unpack(): Promise<string> {
  const executable = join(FOLDER, 'chromium')
  if (existsSync(COMPLETE)) return executable
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const before = { ...process.env }
  // It unpacks into the folder for temporary files, and the libraries only where it believes to be at home.
  Object.assign(process.env, { TMPDIR: FOLDER, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' })
  try {
    const { default: packed } = await import('@sparticuz/chromium')
    packed.setGraphicsMode = false
    await packed.executablePath()
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
  }
  writeFileSync(
    FONTS,
    `<?xml version="1.0"?><fontconfig>${directory(FOLDER)}${directory('/usr/share/fonts')}</fontconfig>`,
  )
  writeFileSync(COMPLETE, '')
  return executable
}

function directory(path: string): string {
  return `<dir>${path}</dir>`
}

/** A page and what it complained of, which should be nothing. */
export interface Opened {
  readonly page: Page
  readonly complaints: string[]
}

/** Opens a file without any network, and waits until the run is shown. */
export async function openFile(browser: Browser, file: string, [width, height] = [1440, 900]): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: width ?? 0, height: height ?? 0 }, offline: true })
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) complaints.push(`asks for ${request.url()}`)
  })
  await page.goto(`file://${file}`)
  await page.waitForSelector('body.ready')
  return { page, complaints }
}

/**
 * A user's project in a fresh folder, with the built library installed by its name. Snippets are checked and run there,
 * each in a folder of its own, so that a snippet needs all that it shows and nothing else.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformWithOxc } from 'vite'
import type { Snippet } from './snippet.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LIMIT_MS = 30_000

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2023',
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules', '@types')],
  },
  include: ['*/snippet.ts'],
}

export interface Outcome {
  /** Null when it did not end by itself. */
  readonly code: number | null
  readonly printed: string
  readonly errors: string
}

export class Workshop {
  private readonly folder = mkdtempSync(join(tmpdir(), 'quorate-docs-'))

  constructor() {
    mkdirSync(join(this.folder, 'node_modules', '.bin'), { recursive: true })
    symlinkSync(ROOT, join(this.folder, 'node_modules', 'quorate'), 'junction')
    symlinkSync(join(ROOT, 'bin', 'quorate.js'), join(this.folder, 'node_modules', '.bin', 'quorate'))
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module", "private": true }')
    writeFileSync(join(this.folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  }

  /** What the compiler says of the snippets in TypeScript, all at once; empty when nothing. */
  async check(snippets: readonly Snippet[]): Promise<string> {
    snippets.forEach((snippet, i) => {
      if (snippet.language === 'ts') this.write(i, 'snippet.ts', snippet.code)
    })
    return (await this.execute(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', '.'], this.folder)).printed
  }

  /** @param place a number for its folder, not used before */
  async run({ language, code, files }: Snippet, place: number): Promise<Outcome> {
    for (const [name, text] of Object.entries(files)) this.write(place, name, text)
    if (language === 'sh') {
      const script = this.write(place, 'snippet.sh', `set -euo pipefail\n${code}`)
      return this.execute('bash', [script], join(this.folder, String(place)))
    }
    const { code: javascript } = await transformWithOxc(code, `snippet.${language}`, { sourceType: 'module' })
    const file = this.write(place, 'snippet.mjs', javascript)
    return this.execute(process.execPath, [file], join(this.folder, String(place)))
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  private write(place: number, name: string, text: string): string {
    mkdirSync(join(this.folder, String(place)), { recursive: true })
    const file = join(this.folder, String(place), name)
    writeFileSync(file, text)
    return file
  }

  private execute(program: string, args: readonly string[], cwd: string): Promise<Outcome> {
    const path = [join(this.folder, 'node_modules', '.bin'), process.env['PATH']].join(delimiter)
    const env = { ...process.env, PATH: path, NO_COLOR: '1', FORCE_COLOR: undefined }
    return new Promise((resolve) => {
      execFile(program, args, { cwd, env, timeout: LIMIT_MS, killSignal: 'SIGKILL' }, (error, printed, errors) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
        resolve({ code, printed, errors })
      })
    })
  }
}

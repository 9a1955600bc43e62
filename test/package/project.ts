/** Somebody's project, which has installed the package from its tarball and nothing else. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const LIMIT_MS = 60_000

export interface Outcome {
  /** Null when it did not end by itself. */
  readonly code: number | null
  readonly printed: string
  readonly errors: string
}

export class Project {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    this.write('package.json', '{ "name": "empty", "version": "0.0.0", "private": true, "type": "module" }')
  }

  write(name: string, text: string): void {
    const file = join(this.folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  /** From the cache or the disk where that will do: a tarball without dependencies needs no registry. */
  async install(...packages: readonly string[]): Promise<void> {
    const { code, errors } = await this.run(
      'npm',
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      ...packages,
    )
    if (code !== 0) throw new Error(`npm install ${packages.join(' ')} failed: ${errors}`)
  }

  /** Runs a program in the project's folder. */
  run(program: string, ...args: readonly string[]): Promise<Outcome> {
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, npm_config_loglevel: 'error' }
    return new Promise((resolve) => {
      const options = { cwd: this.folder, env, timeout: LIMIT_MS, killSignal: 'SIGKILL' as const }
      execFile(program, args, options, (error, printed, errors) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
        resolve({ code, printed, errors })
      })
    })
  }
}

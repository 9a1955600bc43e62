/** What `GET /version` says. */
import { readFileSync } from 'node:fs'

/** The version of etcd whose JSON gateway this server imitates. */
export const ETCD_API_VERSION = '3.5.0'

/** This package's. */
export const VERSION: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

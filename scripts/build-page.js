// Makes the page that shows a trace: the code of src/trace/page in one script, with its style in one HTML file, which
// `tracePage` puts a run into. Needs no network, and the page does not either.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (name) => readFileSync(`${root}/src/trace/page/${name}`, 'utf8')

const result = await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    write: false,
    target: 'es2023',
    modulePreload: false,
    rollupOptions: { input: `${root}/src/trace/page/main.ts` },
  },
})
const { code } = result.output[0]
const page = read('page.html')
  .replace('<style></style>', () => `<style>\n${read('page.css')}</style>`)
  // A text in the code must not end the script.
  .replace(
    '<script type="module"></script>',
    () => `<script type="module">${code.replaceAll('</script', '<\\/script')}</script>`,
  )
mkdirSync(`${root}/dist/trace`, { recursive: true })
writeFileSync(`${root}/dist/trace/page.html`, page)

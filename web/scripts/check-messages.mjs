// Checks that every language has every message with the same values in it, that every message is used, and that no
// words of the page stand outside the message files.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'svelte/compiler'

const source = new URL('../src/', import.meta.url).pathname
const faults = []
const read = (language, file) => JSON.parse(readFileSync(join(source, 'messages', language, file), 'utf8'))
const values = (text) => JSON.stringify([...new Set(text.match(/\{\w+\}/g) ?? [])].sort())
const languages = readdirSync(join(source, 'messages'))
const files = readdirSync(join(source, 'messages/en')).filter((name) => name.endsWith('.json'))

for (const language of languages) {
  for (const file of files) {
    const [english, other] = [read('en', file), read(language, file)]
    for (const [key, text] of Object.entries(english)) {
      if (!other[key]?.trim()) faults.push(`${language}/${file}: ${key} is missing`)
      else if (values(other[key]) !== values(text))
        faults.push(`${language}/${file}: ${key} has other values in braces`)
    }
    for (const key of Object.keys(other))
      if (!(key in english)) faults.push(`${language}/${file}: ${key} is not in English`)
  }
}

const paths = readdirSync(source, { recursive: true }).filter(
  (path) => /\.(svelte|ts)$/.test(path) && !path.includes('schema'),
)
const code = paths.map((path) => [path, readFileSync(join(source, path), 'utf8')])
const whole = code.map(([, text]) => text).join('\n')
for (const file of files) {
  const namespace = file.replace('.json', '')
  // Names that the server gives are looked up by what they are.
  if (whole.includes(`named('${namespace}'`)) continue
  const prefixes = [...whole.matchAll(new RegExp(`[\`'"]${namespace}\\.(\\w*)\\$\\{`, 'g'))].map((match) => match[1])
  for (const key of Object.keys(read('en', file))) {
    const stem = key.replace(/_(one|other)$/, '')
    const used = [key, stem].some((name) => new RegExp(`['"\`]${namespace}\\.${name}['"\`]`).test(whole))
    if (!used && !prefixes.some((prefix) => key.startsWith(prefix))) faults.push(`en/${file}: ${key} is used nowhere`)
  }
}

/** Walks the nodes that the reader sees. */
function walk(node, path) {
  if (node.type === 'Text' && /\p{L}{2,}/u.test(node.data) && !/^\s*Tripswitch\s*$/.test(node.data)) {
    faults.push(`${path}: "${node.data.trim()}" is in no message file`)
  }
  if (node.type === 'Attribute' && !['aria-label', 'title', 'placeholder', 'alt', 'label'].includes(node.name)) return
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (child?.type) walk(child, path)
  }
}
for (const [path, text] of code) if (path.endsWith('.svelte')) walk(parse(text, { modern: true }).fragment, path)

for (const fault of faults) console.error(fault)
console.log(`messages: ${languages.length} languages, ${files.length} files, ${faults.length} faults`)
process.exit(faults.length ? 1 : 0)

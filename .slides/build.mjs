// Builds decks into HTML, and with --pdf into PDF too; slides/README.md becomes index.html.
//
//     node .slides/build.mjs [--pdf] [--notes] [--dark] [--out DIR] [FILE.md…]
//
// With --notes there is a second PDF, NAME-notes.pdf, whose pages carry the notes. With --dark everything is for a dark
// room; the HTML changes between light and dark with the key D.
// Without a file: all decks of slides/ and the index. Without --out: into target/slides. The paths of what was built
// go to stdout, one a line. SLIDES_REPOSITORY is where links to the repository's files lead, such as
// https://host/owner/name/blob/main; without it they lead into this checkout. CHROME_PATH names the browser that
// prints the PDFs. Exit codes: 0 all is built · 1 a deck cannot be built · 2 could not do what was asked.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

import { deckName, root } from './links.mjs'

/** Browsers that print at the same time. */
const printers = 2

/** What Marp says; of interest only if it fails. */
const said = []

async function main() {
  const order = readOrder()
  tidyUp()
  const { buildIndex } = await tool('./index.mjs')
  const { job } = await tool('./engine.mjs')
  const { marpCli } = await tool('@marp-team/marp-cli')
  mkdirSync(order.out, { recursive: true })
  console.error = console.warn = (...words) => said.push(words.join(' '))

  // First, since decks link to it only if it is there.
  if (order.index) {
    buildIndex(order.index, order.out, order.pdf)
    console.log(shown(path.join(order.out, 'index.html')))
  }
  const build = (source, form) => buildDeck(job, marpCli, { source, out: order.out, dark: order.dark, ...form })
  const problems = []
  for (const deck of order.decks) problems.push(...(await build(deck, { pdf: false })))
  const forms = [order.pdf && { pdf: true }, order.notes && { pdf: true, notes: true }].filter(Boolean)
  if (!problems.length) {
    const waiting = order.decks.flatMap((deck) => forms.map((form) => [deck, form]))
    const print = async () => {
      while (waiting.length) problems.push(...(await build(...waiting.shift())))
    }
    await Promise.all(Array.from({ length: printers }, print))
  }
  end(problems.length ? 1 : 0, ...problems)
}

function readOrder() {
  const options = { pdf: { type: 'boolean' }, notes: { type: 'boolean' }, dark: { type: 'boolean' }, out: { type: 'string' } }
  let order
  try {
    order = parseArgs({ allowPositionals: true, options })
  } catch (error) {
    end(2, error.message)
  }
  const named = order.positionals.map((file) => path.resolve(file))
  for (const file of named) if (!existsSync(file)) end(2, `${shown(file)} is not there`)
  const files = named.length ? named : everything()
  const isIndex = (file) => path.basename(file) === 'README.md'
  return {
    pdf: order.values.pdf ?? false,
    notes: order.values.notes ?? false,
    dark: order.values.dark ?? false,
    out: path.resolve(order.values.out ?? path.join(root, 'target/slides')),
    index: files.find(isIndex),
    decks: files.filter((file) => !isIndex(file)),
  }
}

function everything() {
  const slides = path.join(root, 'slides')
  const names = readdirSync(slides).filter((name) => name === 'README.md' || deckName.test(name))
  return names.map((name) => path.join(slides, name))
}

/** Marp leaves a profile of its browser behind for every PDF: here, where it goes when we go. */
function tidyUp() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'unblocked-slides-'))
  for (const name of ['TMPDIR', 'TMP', 'TEMP']) process.env[name] = folder
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
}

/** Loads what `npm ci` brings, or what is built on it. */
async function tool(name) {
  try {
    return await import(name)
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    return end(2, 'the tools that build the slides are not installed: npm ci --prefix .slides')
  }
}

/** Returns what is wrong with the deck. */
async function buildDeck(job, marpCli, place) {
  const ending = place.notes ? '-notes.pdf' : place.pdf ? '.pdf' : '.html'
  const output = path.join(place.out, path.basename(place.source, '.md') + ending)
  const here = path.join(root, '.slides')
  const orders = ['--no-config-file', '--engine', path.join(here, 'engine.mjs'), '--theme-set', path.join(root, 'slides/theme.css')]
  if (place.pdf) orders.push('--pdf', '--pdf-outlines')
  if (place.notes) orders.push('--pdf-notes')
  const problems = []
  try {
    await job.run({ ...place, problems }, () => marpCli([...orders, '--output', output, place.source]))
    if (!place.pdf) addRooms(output)
  } catch (error) {
    // What the engine has found is said in its own words.
    return problems.length ? problems : [...said, `${shown(place.source)}: ${error.message}`]
  }
  console.log(shown(output))
  return []
}

/** What makes a deck light or dark at the key D, in all of its windows. */
const rooms = `<script>${readFileSync(new URL('rooms.js', import.meta.url), 'utf8')}</script>`

function addRooms(page) {
  const text = readFileSync(page, 'utf8')
  const end = text.lastIndexOf('</body>')
  writeFileSync(page, text.slice(0, end) + rooms + text.slice(end))
}

const shown = (file) => path.relative(process.cwd(), file)

function end(code, ...lines) {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''))
  process.exit(code)
}

await main()

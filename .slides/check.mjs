// Looks at built decks in a browser, slide by slide: does everything fit, can it be read, does each link lead
// somewhere, is nothing fetched.
//
//     node .slides/check.mjs FILE.html…       what is found, one line each, and a summary
//     node .slides/check.mjs --kinds          everything that can be found, one line each
//
// CHROME_PATH names the browser; otherwise it is looked for. SLIDES_REPOSITORY as in build.mjs: links that lead there
// are looked up in this checkout. Exit codes: 0 nothing found · 1 something found · 2 could not look.

import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { kinds } from './check/kinds.mjs'

/** Pages that are open at the same time. */
const lookers = 2

const inPage = ['sizes.js', 'contrast.js', 'pictures.js', 'page.js'].map((name) =>
  readFileSync(new URL(`check/${name}`, import.meta.url), 'utf8'),
)

async function main() {
  const files = readOrder()
  const { findBrowser, startBrowser } = await tool('./check/browser.mjs')
  const { ask } = await tool('./check/axe.mjs')
  const { follow } = await import('./check/links.mjs')
  const found = findBrowser()
  if (!found) cannot('there is no Chromium: install one (apt-get install chromium), or name one in CHROME_PATH')
  const browser = await startBrowser(found).catch((error) => cannot(`${found} does not start: ${error.message}`))
  try {
    const results = new Map()
    const waiting = [...files]
    const look = async () => {
      for (let file = waiting.shift(); file; file = waiting.shift()) results.set(file, await lookAt(browser, file, ask, follow))
    }
    await Promise.all(Array.from({ length: lookers }, look))
    report(files.map((file) => results.get(file)))
  } catch (error) {
    cannot(error.message)
  } finally {
    await browser.close()
  }
}

function readOrder() {
  const order = process.argv.slice(2)
  if (order.join() === '--kinds') {
    console.log(kinds.join('\n'))
    process.exit(0)
  }
  if (!order.length) cannot('name the built decks: check.mjs FILE.html…')
  const files = order.map((file) => path.resolve(file))
  for (const file of files) if (!statSync(file, { throwIfNoEntry: false })?.isFile()) cannot(`${file} is no file`)
  return files
}

async function tool(name) {
  try {
    return await import(name)
  } catch (error) {
    if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(error.code)) throw error
    return cannot('the tools that look at the slides are not installed: npm ci --prefix .slides')
  }
}

/** Returns how many slides there are, and the lines of what was found. */
async function lookAt(browser, file, ask, follow) {
  const deck = path.basename(file, '.html')
  const page = await browser.newPage()
  const whole = []
  await watch(page, file, whole)
  await page.goto(pathToFileURL(file).href)
  for (const source of inPage) await page.evaluate(source)

  const [count, language, title] = await page.evaluate(() => [look.count(), document.documentElement.lang, document.title.trim()])
  const isIndex = count === 0 && deck === 'index'
  if (!count && !isIndex) whole.push(['no slides', 'there is nothing to look at'])
  if (language !== 'en-GB') whole.push(['wrong language', `"${language}" instead of "en-GB"`])
  if (!title) whole.push(['no title', 'a page has one'])

  const slides = []
  if (isIndex) slides.push(await page.evaluate(() => look.index()))
  for (let number = 1; number <= count; number += 1) slides.push(await page.evaluate((number) => look.slide(number), number))
  const hasAnchor = (id) => page.evaluate((id) => look.hasAnchor(id), id)
  for (const slide of slides) {
    for (const link of new Set(slide.links)) slide.findings.push(...[await follow(link, file, hasAnchor)].filter(Boolean))
  }
  for (const [number, ...finding] of await ask(page)) (slides[number - 1]?.findings ?? whole).push(finding)
  if (count && !(await hasDarkRoom(page))) whole.push(['no dark room', 'the key D changes nothing'])
  await page.close()

  const places = slides.map(({ heading }, at) => (isIndex ? deck : `${deck}: slide ${at + 1} "${heading}"`))
  const lines = [...lined(deck, whole), ...slides.flatMap(({ findings }, at) => lined(places[at], findings))]
  return { count, lines }
}

/** Whether the key D makes every slide dark that was light. */
async function hasDarkRoom(page) {
  const dark = () => page.evaluate(() => [...document.querySelectorAll('section')].map((section) => section.matches('.dark')))
  const before = await dark()
  await page.keyboard.press('d')
  const after = await dark()
  return before.every((isDark, at) => isDark !== after[at])
}

/** Notes what goes wrong by itself. Nothing but the file may be loaded: it must be whole when it is handed on. */
async function watch(page, file, whole) {
  page.on('pageerror', (error) => whole.push(['script error', error.message.split('\n')[0]]))
  page.on('request', (request) => {
    if (request.url().split('#')[0] === pathToFileURL(file).href || request.url().startsWith('data:')) return void request.continue()
    whole.push(['request', request.url()])
    request.abort()
  })
  await page.setRequestInterception(true)
}

function lined(place, findings) {
  return findings.map(([kind, details]) => {
    if (!kinds.includes(kind)) throw new Error(`${kind} is not in check/kinds.mjs`)
    return `${place}: ${kind}: ${details}`
  })
}

function report(results) {
  const lines = results.flatMap((result) => result.lines)
  const slides = results.reduce((sum, { count }) => sum + count, 0)
  const decks = results.filter(({ count }) => count).length
  for (const line of lines) console.log(line)
  console.log(`${slides} slides in ${decks} decks, ${lines.length} findings`)
  process.exitCode = lines.length ? 1 : 0
}

function cannot(message) {
  console.error(message)
  process.exit(2)
}

await main()

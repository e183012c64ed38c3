// What axe finds in a page, slide by slide.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import { ofAxe } from './kinds.mjs'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Returns [number of the slide, kind, details]; the number is 0 for what stands in none. */
export async function ask(page) {
  await page.evaluate(source)
  const nodes = await page.evaluate(async (rules) => {
    look.reveal()
    const { violations } = await axe.run(document, { runOnly: { type: 'rule', values: rules }, resultTypes: ['violations'], elementRef: true })
    const slides = [...document.querySelectorAll('svg[data-marpit-svg]')]
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ element }) => [slides.indexOf(element.closest('svg[data-marpit-svg]')) + 1, id, look.name(element)]),
    )
  }, Object.keys(ofAxe))
  return nodes.map(([slide, rule, name]) => [slide, ofAxe[rule], name])
}

// Finds Chromium and starts it, cut off from everything but files.

import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import puppeteer from 'puppeteer-core'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome', 'microsoft-edge']

/** Where programs lie that are not on PATH. */
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** The path of a browser, or undefined. */
export function findBrowser() {
  if (process.env.CHROME_PATH) return process.env.CHROME_PATH
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  const files = [...names.flatMap((name) => folders.map((folder) => path.join(folder, name))), ...places]
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export function startBrowser(executablePath) {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'unblocked-slides-'))
  process.on('exit', () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
  return puppeteer.launch({
    executablePath,
    userDataDir: profile,
    headless: true,
    // Through a pipe, so that the browser ends when we do, however that happens.
    pipe: true,
    timeout: 60_000,
    protocolTimeout: 60_000,
    defaultViewport: { width: 1280, height: 720 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND',
    ],
  })
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { canInstall, installPackages } from '../../src/services/install.ts';
import { oncePerRun } from './once-per-run.ts';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/homebrew/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const installMs = 300_000;

/** Without traffic of its own, and able to run as root within a container. */
const switches = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-quic',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A real Chromium, headless, installed first where it is missing and may be. Close it when done.
 *
 * Look at the page with locators; what runs in the page itself is given as text, for these files are typed for Node.
 */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await browserPath(), args: switches });
}

async function browserPath(): Promise<string> {
  const installed = places.find((path) => existsSync(path));
  if (installed) return installed;
  if (!canInstall()) {
    throw new Error(
      'no Chromium on this machine: sudo apt-get install -y chromium, or brew install chromium',
    );
  }
  await oncePerRun('chromium', installMs, (folder) =>
    installPackages(['chromium', 'fonts-dejavu-core'], join(folder, 'install.log'), () => undefined),
  );
  const path = places.find((place) => existsSync(place));
  if (!path) throw new Error('the package chromium holds no browser where one is looked for');
  return path;
}

/** A finding of axe-core: what is wrong, and where. */
export interface AccessibilityFault {
  readonly rule: string;
  readonly help: string;
  readonly targets: readonly string[];
}

/** What axe-core calls serious or critical on the page as it is now: empty where all is well. */
export async function accessibilityFaults(page: Page): Promise<AccessibilityFault[]> {
  // Evaluated, not added as a script: the page's own policy forbids foreign ones.
  await page.evaluate(axe.source);
  return page.evaluate<
    AccessibilityFault[]
  >(`axe.run(document, { resultTypes: ['violations'] }).then((found) =>
    found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help, nodes }) => ({ rule: id, help, targets: nodes.map((node) => node.target.join(' ')) })))`);
}

/** Whether the page is wider than its window, so that it must be scrolled sideways. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate<boolean>('document.scrollingElement.scrollWidth > window.innerWidth');
}

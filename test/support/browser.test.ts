import { expect, it } from 'vitest';
import { accessibilityFaults, launchBrowser, scrollsSideways } from './browser.ts';

it('a page in a real browser is looked at for what shuts people out', async () => {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    await page.setContent(
      '<!doctype html><html lang="en"><title>t</title><main><h1>A</h1><input type="text"></main>',
    );
    expect(await accessibilityFaults(page)).toMatchObject([{ rule: 'label', targets: ['input'] }]);
    expect(await scrollsSideways(page)).toBe(false);
    await page.setContent(
      '<!doctype html><html lang="en"><title>t</title><main><h1>A</h1><p style="width:500px">wide</p></main>',
    );
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await scrollsSideways(page)).toBe(true);
  } finally {
    await browser.close();
  }
});

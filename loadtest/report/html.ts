import { readFile } from 'node:fs/promises';
import { escapeHtml } from '../../src/platform/escape-html.ts';
import { auditSection } from './audit-section.ts';
import type { EarlierResult } from './comparison.ts';
import { comparisonSection } from './comparison-section.ts';
import { followOnSection } from './follow-ons.ts';
import { keyFigures } from './headline.ts';
import { holdingsSection } from './holdings-section.ts';
import { latencySection } from './latency-section.ts';
import { pictureSection } from './picture-section.ts';
import { plainWords } from './plain-words.ts';
import type { RunResult } from './result.ts';
import { answersTable, environmentTable, processTable, thresholdTable } from './tables.ts';

const STYLE = new URL('report.css', import.meta.url);

/**
 * The report as one HTML page that needs nothing else: no script, no font, no image from anywhere.
 *
 * @param earlier a run to hold this one against, its curves drawn dashed
 */
export async function renderReport(result: RunResult, earlier?: EarlierResult): Promise<string> {
  const style = await readFile(STYLE, 'utf8');
  const failures = result.thresholds.filter(({ passed }) => !passed).length;
  const verdict = result.passed ? 'Passed' : `Failed: ${failures} of ${result.thresholds.length} thresholds`;
  const { headline, sentences } = plainWords(result);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(result.scenario)}: ${escapeHtml(verdict)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<p class="above"><span class="verdict ${result.passed ? 'passed' : 'failed'}">${escapeHtml(verdict)}</span> Load test <strong>${escapeHtml(result.scenario)}</strong>, ${escapeHtml(when(result))}</p>
<h1>${escapeHtml(headline)}</h1>
<p class="soft">${escapeHtml(result.summary)}</p>
<p class="story">${sentences.map(escapeHtml).join(' ')}</p>
</header>
${figures(result)}
${pictureSection(result, earlier?.result)}
${earlier ? comparisonSection(result, earlier) : ''}
<section><h2>Thresholds</h2>${thresholdTable(result.thresholds)}</section>
${latencySection(result, earlier?.result)}
${holdingsSection(result)}
${followOnSection(result)}
<div class="pair">
<section><h2>Answers</h2>${answersTable(result)}</section>
<section><h2>Processes</h2>${processTable(result.samples)}</section>
</div>
${auditSection(result.audit)}
<section><h2>How it was measured</h2>${environmentTable(result)}</section>
<footer>Sale ${escapeHtml(result.saleId)}. The JSON file beside this report holds every series and option.</footer>
</main>
</body>
</html>
`;
}

function when({ drive }: RunResult): string {
  return `${drive.startedAt.slice(0, 16).replace('T', ' ')} UTC.`;
}

function figures(result: RunResult): string {
  const cells = keyFigures(result).map(
    ({ label, value, detail }) =>
      `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}<small>${escapeHtml(detail)}</small></dd></div>`,
  );
  return `<dl class="figures">${cells.join('')}</dl>`;
}

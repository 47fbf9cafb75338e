import { escapeHtml } from '../../src/platform/escape-html.ts';
import { type ComparedFigure, compareResults, type EarlierResult, sameWithin } from './comparison.ts';
import type { RunResult } from './result.ts';
import { formatNumber, formatValue } from './verdict-table.ts';

const words = { better: 'better', worse: 'worse', same: 'about the same', neutral: '', unknown: '' } as const;

/** How the run differs from an earlier one: a verdict in words, what was not alike, and each figure. */
export function comparisonSection(result: RunResult, earlier: EarlierResult): string {
  const { figures, differences } = compareResults(earlier.result, result);
  const when = earlier.result.drive.startedAt.slice(0, 16).replace('T', ' ');
  const rows = figures.map(
    ({ name, unit, before, now, ratio, verdict }) =>
      `<tr><th>${escapeHtml(name)}</th><td class="number soft">${formatValue(before, unit)}</td><td class="number">${formatValue(now, unit)}</td><td class="number">${ratioText(ratio)}</td><td><span class="${verdictClass(verdict)}">${words[verdict]}</span></td></tr>`,
  );
  return `<section><h2>Against the run of ${escapeHtml(when)} UTC</h2>
<p>${escapeHtml(summaryOf(figures))}</p>
${warning(differences)}
<div class="scroll"><table class="compared"><thead><tr><th></th><th class="number">Then</th><th class="number">Now</th><th class="number">Now ÷ then</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table></div>
<p class="soft">Within ${Math.round(sameWithin * 100)} % counts as the same. Dashed lines in the pictures are the earlier run.</p></section>`;
}

function summaryOf(figures: readonly ComparedFigure[]): string {
  const named = (wanted: ComparedFigure['verdict']) =>
    figures.filter(({ verdict }) => verdict === wanted).map(({ name }) => name.toLowerCase());
  const [better, worse] = [named('better'), named('worse')];
  if (better.length + worse.length === 0) return 'Nothing that matters has changed.';
  return [
    worse.length > 0 ? `Worse: ${worse.join('; ')}.` : 'Nothing is worse.',
    better.length > 0 ? `Better: ${better.join('; ')}.` : 'Nothing is better.',
  ].join(' ');
}

function warning(differences: readonly string[]): string {
  if (differences.length === 0) return '<p class="soft">Same scenario, settings and machine.</p>';
  const items = differences.map((difference) => `<li>${escapeHtml(difference)}</li>`);
  return `<div class="warning"><strong>The two runs were not made alike</strong>, so the figures may differ because of that:<ul>${items.join('')}</ul></div>`;
}

function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '–' : `${formatNumber(Math.round(ratio * 100) / 100)} ×`;
}

function verdictClass(verdict: ComparedFigure['verdict']): string {
  if (verdict === 'better') return 'mark passed';
  return verdict === 'worse' ? 'mark failed' : 'soft';
}

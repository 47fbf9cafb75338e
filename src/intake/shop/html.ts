import { escapeHtml } from '../../platform/escape-html.ts';

/** Markup that may stand in a page as it is. Made by {@link html} only. */
export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Markup[] | undefined;

/**
 * A template whose values are text: whatever they hold, none becomes markup, within elements and within quoted
 * attributes alike. Only what another `html` made is taken as it is; `undefined` leaves nothing.
 */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: template.reduce((page, text, i) => page + render(parts[i - 1]) + text) };
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') {
    return escapeHtml(String(part));
  }
  return 'markup' in part ? part.markup : part.map(render).join('');
}

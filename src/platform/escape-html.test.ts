import { expect, it } from 'vitest';
import { escapeHtml } from './escape-html.ts';

it('leaves no sign that begins or ends markup, an entity or a quoted attribute', () => {
  expect(escapeHtml(`<img src="x" alt='&amp;'>`)).toBe(
    '&lt;img src=&quot;x&quot; alt=&#39;&amp;amp;&#39;&gt;',
  );
});

it('leaves all other text as it is', () => {
  const text = 'Überraschung, 5 € = 100 %; `a` / {{b}}\n\u{1f388}';
  expect(escapeHtml(text)).toBe(text);
});

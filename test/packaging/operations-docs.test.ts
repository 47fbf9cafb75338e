import { describe, expect, it } from 'vitest';
import { settings } from '../../src/platform/config/settings.ts';
import { createProgram } from '../../src/start/program.ts';
import { readEnvExample } from './compose-file.ts';
import { alertRules, dashboardFiles, loadDashboard } from './dashboard-files.ts';
import { dataPanels } from './dashboard-rules.ts';
import { anchorsIn, brokenLinks, codeIn, faultOfCommand, readDocument } from './documents.ts';

const documents = ['docs/operations.md', 'docs/architecture.md', 'README.md'];

describe.each(documents)('%s', (path) => {
  const code = codeIn(readDocument(path));

  it('has no link that leads nowhere', () => {
    expect(brokenLinks(path)).toEqual([]);
  });

  it('names commands that exist, with options that they have', () => {
    // A command alone stands for itself, and `…` for any.
    const lines = code
      .map((line) => line.replace(/^docker compose exec (-T )?ops node dist\/src\/cli\.js/, 'sluice'))
      .filter((line) => /^sluice [a-z]/.test(line))
      .map((line) => line.replace(/\s+#.*$|\s+[<>] \S+$/, ''));
    expect(lines.map((line) => faultOfCommand(line, createProgram({}))).filter((fault) => fault)).toEqual([]);
  });

  it('names settings that exist', () => {
    const names = code.filter((span) => /^[A-Z]+(_[A-Z]+)+$/.test(span));
    const ofCompose = readEnvExample();
    expect(names.filter((name) => !(name in settings) && !ofCompose.has(name))).toEqual([]);
  });
});

describe('the runbooks', () => {
  const text = readDocument('docs/operations.md');
  const sections = new Map(
    text
      .split(/^### /m)
      .slice(1)
      .map((section) => [section.split('\n', 1)[0]!, section]),
  );

  it('are those of the alerts, no more and no fewer', () => {
    expect([...sections.keys()].toSorted()).toEqual(
      alertRules()
        .map(({ alert }) => alert)
        .toSorted(),
    );
  });

  it.each(alertRules())(
    'of $alert stands where its alert leads, with its severity',
    ({ annotations, labels, alert }) => {
      const [file, anchor] = annotations.runbook_url!.split('#');
      expect(file).toBe('docs/operations.md');
      expect(anchorsIn(text)).toContain(anchor);
      const section = sections.get(alert)!;
      expect(section).toContain(`_${labels.severity}_.`);
      for (const part of ['- **Shoppers**', '- **Do**', '- **Over**']) expect(section).toContain(part);
    },
  );

  it('name panels and dashboards that exist', () => {
    const all = dashboardFiles.map(loadDashboard);
    const titles = new Set(
      all
        .flatMap((one) => [one.title!, ...dataPanels(one).map((panel) => panel.title!)])
        .map((title) => title.toLowerCase()),
    );
    const named = [...text.matchAll(/(?<![\w`])_([A-Za-z][A-Za-z0-9 ]*?)\s*_(?![\w`])/g)].map(([, name]) =>
      name!.replace(/\s+/g, ' '),
    );
    expect(named.length).toBeGreaterThan(20);
    const known = (name: string) => ['critical', 'warning'].includes(name) || titles.has(name.toLowerCase());
    expect(named.filter((name) => !known(name))).toEqual([]);
  });
});

describe('the check of commands notices', () => {
  it.each([
    ['a command that is not there', 'sluice sale close ID', 'no such command'],
    ['an option that is not there', 'sluice audit --sku a', 'no option --sku'],
    ['an argument too few', 'sluice cap', 'an argument is missing'],
    ['an argument too many', 'sluice pause now', 'too many arguments'],
  ])('%s', (_what, line, fault) => {
    expect(faultOfCommand(line, createProgram({}))).toContain(fault);
  });
});

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFolder, readCompose } from './compose-file.ts';
import { buildByHand, parseDockerfile, parseDockerignore } from './dockerfile.ts';

const run = promisify(execFile);
const stages = parseDockerfile(readFileSync(join(projectFolder, 'Dockerfile'), 'utf8'));
const runtime = stages.at(-1)!;
const last = (keyword: string) => runtime.instructions.findLast((one) => one.keyword === keyword)?.rest ?? '';

describe('the Dockerfile', () => {
  it.each(stages)('pins the image of stage $name to a Node release that package.json allows', ({ image }) => {
    expect(image).toMatch(/^node:(20|22)\.\d+\.\d+-[a-z]+-slim$/);
  });

  it('runs as node, in production, with an entrypoint that gets the signals', () => {
    expect(last('USER')).toBe('node');
    expect(last('ENV')).toContain('NODE_ENV=production');
    expect(JSON.parse(last('ENTRYPOINT'))).toEqual(['node', 'dist/src/cli.js']);
    const { bin } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));
    expect(bin.sluice).toBe('dist/src/cli.js');
  });

  it('carries labels and no secrets', () => {
    expect(last('LABEL')).toContain('org.opencontainers.image.licenses="MIT"');
    const all = stages.flatMap((stage) => stage.instructions);
    expect(all.filter(({ keyword }) => keyword === 'ARG' || keyword === 'ADD')).toEqual([]);
    expect(
      all.filter(({ keyword, rest }) => keyword === 'ENV' && /PASS|TOKEN|SECRET|URL/.test(rest)),
    ).toEqual([]);
  });

  it('has the stage that compose builds', () => {
    const targets = Object.values(readCompose().services).flatMap(({ build }) =>
      build ? [build.target] : [],
    );
    expect(new Set(targets)).toEqual(new Set([runtime.name]));
  });
});

it('.dockerignore keeps secrets, data, modules and tests out of the build', () => {
  const isIgnored = parseDockerignore(readFileSync(join(projectFolder, '.dockerignore'), 'utf8'));
  const out = ['.env', '.git/config', '.sluice/run.json', 'node_modules/pg/package.json', 'src/a/b.test.ts'];
  expect(out.filter((path) => !isIgnored(path))).toEqual([]);
  const within = [
    'package.json',
    'package-lock.json',
    'tsconfig.build.json',
    'src/cli.ts',
    'src/claim/claim.lua',
  ];
  expect(within.filter(isIgnored)).toEqual([]);
});

/** The checkout; or, in one whose sources have no command line, its build files around the smallest one. */
function contextIn(folder: string): string {
  if (existsSync(join(projectFolder, 'src/cli.ts'))) return projectFolder;
  for (const file of ['Dockerfile', '.dockerignore', 'package.json', 'package-lock.json']) {
    cpSync(join(projectFolder, file), join(folder, file));
  }
  for (const file of ['tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(projectFolder, file), join(folder, file));
  const sources = {
    'src/cli.ts':
      "import { Command } from 'commander';\nconst cli = new Command('sluice');\nfor (const role of ['gateway', 'drainer', 'ops', 'migrate']) cli.command(role);\ncli.parse();\n",
    'src/claim/claim.lua': 'return 1\n',
    'src/cli.test.ts': 'not to be compiled\n',
    'loadtest/cli.ts': 'export {};\n',
  };
  for (const [file, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

/** What npm has downloaded before, for nothing: its contents as links. Where that does not work it downloads again. */
async function copyOfNpmCache(copy: string): Promise<string> {
  const { stdout } = await run('npm', ['config', 'get', 'cache']);
  const [from, to] = [join(stdout.trim(), '_cacache'), join(copy, '_cacache')];
  mkdirSync(to, { recursive: true });
  await run('cp', ['-al', join(from, 'content-v2'), to])
    .then(() => run('cp', ['-a', join(from, 'index-v5'), to]))
    .catch(() => rm(copy, { recursive: true, force: true }));
  return copy;
}

describe('the build steps, run in a clean folder', { timeout: 300_000 }, () => {
  let target: string;
  let context: string;
  let built: Awaited<ReturnType<typeof buildByHand>>;

  beforeAll(async () => {
    target = await mkdtemp(join(tmpdir(), 'sluice-image-'));
    // As in a container: nothing of this test run's npm or Node settings, and a cache that may be cleaned.
    const inherited = Object.entries(process.env).filter(([key]) => !/^(npm_|node_|vitest|vite)/i.test(key));
    const environment = {
      ...Object.fromEntries(inherited),
      npm_config_audit: 'false',
      npm_config_prefer_offline: 'true',
      npm_config_cache: await copyOfNpmCache(join(target, 'npm-cache')),
    };
    context = contextIn(join(target, 'context'));
    built = await buildByHand({ context, target, environment });
  }, 300_000);

  afterAll(() => rm(target, { recursive: true, force: true }));

  it('leave a command line that starts', async () => {
    const { folder, environment } = built.get('runtime')!;
    const [command, ...args] = [...JSON.parse(last('ENTRYPOINT')), ...JSON.parse(last('CMD'))];
    const { stdout } = await run(command, args, { cwd: folder, env: environment });
    for (const role of ['gateway', 'drainer', 'ops', 'migrate']) expect(stdout).toContain(role);
  });

  it('bring the SQL and Lua files along, and no sources, tests or development packages', () => {
    const { folder } = built.get('runtime')!;
    const files = readdirSync(join(folder, 'dist/src'), { recursive: true }) as string[];
    const scripts = (readdirSync(join(context, 'src'), { recursive: true }) as string[]).filter((file) =>
      /\.(sql|lua)$/.test(file),
    );
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.filter((file) => !files.includes(file))).toEqual([]);
    expect(files.filter((file) => /\.test\.|(?<!\.d)\.ts$/.test(file))).toEqual([]);
    expect(existsSync(join(folder, 'node_modules/fastify'))).toBe(true);
    expect(existsSync(join(folder, 'node_modules/typescript'))).toBe(false);
    expect(existsSync(join(folder, 'node_modules/vitest'))).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(['dist', 'node_modules', 'package-lock.json', 'package.json']);
  });
});

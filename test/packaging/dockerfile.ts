import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, posix, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

/** Reads a Dockerfile into its stages: comments dropped, continued lines joined. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const stages: { name: string; image: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, keyword = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (keyword === 'FROM') {
      const [, image = '', name = ''] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest) ?? [];
      stages.push({ name, image, instructions: [] });
    } else stages.at(-1)!.instructions.push({ keyword, rest });
  }
  return stages;
}

/**
 * The rule of a `.dockerignore`: the last line that matches a path, or a folder above it, decides.
 * Paths are relative to the build context, with forward slashes.
 */
export function parseDockerignore(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keep: line.startsWith('!'), pattern: patternOf(line.replace(/^!/, '')) }));
  return (path) => {
    const parts = path.split('/');
    const chain = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
    const last = rules.findLast(({ pattern }) => chain.some((one) => pattern.test(one)));
    return last !== undefined && !last.keep;
  };
}

function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*|\?/g, (wild) => ({ '**/': '(?:.*/)?', '*': '[^/]*', '?': '[^/]' })[wild]!);
  return new RegExp(`^${source}$`);
}

/**
 * Does what `docker build` would, without a container: each stage is a folder below `target`, COPY copies, RUN
 * runs with the machine's own Node and npm. Rejects when a step fails.
 * @returns for each stage the folder it works in, and the environment it would run with
 */
export async function buildByHand(options: {
  readonly context: string;
  readonly target: string;
  /** What RUN sees besides the stage's own ENV. */
  readonly environment: NodeJS.ProcessEnv;
}): Promise<Map<string, { folder: string; environment: NodeJS.ProcessEnv }>> {
  const { context, target } = options;
  const isIgnored = parseDockerignore(readFileSync(join(context, '.dockerignore'), 'utf8'));
  const built = new Map<string, { folder: string; environment: NodeJS.ProcessEnv }>();

  for (const stage of parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'))) {
    const root = join(target, stage.name);
    let workdir = '/';
    const environment = { ...options.environment };
    const inStage = (path: string) => join(root, posix.resolve(workdir, path));

    for (const { keyword, rest } of stage.instructions) {
      if (keyword === 'WORKDIR') {
        workdir = posix.resolve(workdir, rest);
        mkdirSync(inStage('.'), { recursive: true });
      } else if (keyword === 'ENV') {
        for (const [, key, value] of rest.matchAll(/(\w+)=(\S+)/g)) environment[key!] = value;
      } else if (keyword === 'COPY') {
        const [, from, operands = ''] = /^(?:--from=(\S+)\s+)?(.*)$/.exec(rest)!;
        const paths = operands.split(/\s+/);
        const to = paths.pop()!;
        for (const path of paths) {
          const source = from ? join(target, from, path) : join(context, path);
          if (from) await run('cp', ['-al', source, inStage(to)]);
          else copy({ source, to, destination: inStage(to), base: context, isIgnored });
        }
      } else if (keyword === 'RUN') {
        await run('sh', ['-c', rest], { cwd: inStage('.'), env: environment, maxBuffer: 64 << 20 }).catch(
          (error) => {
            throw new Error(`RUN ${rest} in stage ${stage.name}: ${error.stdout}${error.stderr}`, {
              cause: error,
            });
          },
        );
      }
    }
    built.set(stage.name, { folder: inStage('.'), environment });
  }
  return built;
}

function copy(step: {
  source: string;
  to: string;
  destination: string;
  base: string;
  isIgnored: (path: string) => boolean;
}): void {
  const kept = (path: string) => !step.isIgnored(relative(step.base, path));
  if (!existsSync(step.source) || !kept(step.source))
    throw new Error(`COPY: ${step.source} is not in the context`);
  if (statSync(step.source).isFile()) {
    const intoFolder = step.to.endsWith('/');
    cpSync(step.source, intoFolder ? join(step.destination, basename(step.source)) : step.destination);
    return;
  }
  // An ignored folder may hold files that a later line takes in again, so only files are filtered.
  for (const entry of readdirSync(step.source, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && kept(path)) cpSync(path, join(step.destination, relative(step.source, path)));
  }
}

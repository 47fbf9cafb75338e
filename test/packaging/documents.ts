import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { projectFolder } from './compose-file.ts';

export const readDocument = (path: string) => readFileSync(join(projectFolder, path), 'utf8');

/** GitHub's anchors of a document's headings. */
export function anchorsIn(text: string): string[] {
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Links and pictures of a document that lead nowhere within the repository. */
export function brokenLinks(path: string): string[] {
  const text = readDocument(path);
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return targets.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [file, anchor] = target.split('#') as [string, string?];
    const full = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(projectFolder, full))) return true;
    return anchor !== undefined && !anchorsIn(readDocument(full)).includes(anchor);
  });
}

/** What stands as code in a document: spans and lines of blocks, over line breaks. */
export function codeIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)]
    .filter(([, language]) => ['', 'sh'].includes(language!))
    .flatMap(([, , block]) => block!.split('\n'));
  const spans = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(([, span]) =>
    span!.replace(/\s+/g, ' '),
  );
  return [...blocks, ...spans];
}

/** What is wrong with a `sluice …` line; undefined where the command, its options and arguments exist. */
export function faultOfCommand(line: string, program: Command): string | undefined {
  const words = line.split(' ').slice(1);
  let command = program;
  let at = 0;
  for (; at < words.length; at++) {
    const next = command.commands.find((one) => one.name() === words[at]);
    if (!next) break;
    command = next;
  }
  // `-` alone is an argument: standard input.
  const options = words.slice(at).filter((word) => /^-./.test(word));
  const unknown = options.find((word) => !command.options.some((one) => one.long === word));
  if (unknown) return `${line}: no option ${unknown}`;
  if (command.commands.length > 0) return `${line}: no such command`;
  // Values of options are not told apart from arguments: with options there may be more words, never fewer.
  const plain = words.slice(at).length - options.length;
  const needed = command.registeredArguments.filter((one) => one.required).length;
  if (plain < needed) return `${line}: an argument is missing`;
  if (options.length === 0 && plain > command.registeredArguments.length)
    return `${line}: too many arguments`;
  return undefined;
}

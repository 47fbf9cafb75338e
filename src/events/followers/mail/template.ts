import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { escapeHtml } from '../../../platform/escape-html.ts';

/** What a template may name between `{{` and `}}`. */
export const mailFields = [
  'saleId',
  'transactionId',
  'sku',
  'quantity',
  'customerId',
  'acceptedAt',
  'settledAt',
] as const;
export type MailField = (typeof mailFields)[number];
export type MailValues = Readonly<Record<MailField, string>>;

/** The parts of one mail, filled in. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The files a folder of templates has, one for each part of the mail on a confirmed order. */
const files = {
  subject: 'confirmed.subject.txt',
  text: 'confirmed.txt',
  html: 'confirmed.html',
} as const;

/** The templates cannot be used; the message has a line for each fault, by file. */
export class MailTemplateError extends Error {
  override readonly name = 'MailTemplateError';
  readonly code = 'mail-template-invalid';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `the mail templates have ${faults.length} fault(s):\n${faults.map((one) => `  ${one}`).join('\n')}`,
    );
    this.faults = faults;
  }
}

type Fill = (values: MailValues) => string;

/**
 * Reads and checks the templates of a folder, once: a mistake shows at the start rather than in a crowd's mails.
 *
 * @param folder `MAIL_TEMPLATES`; absent: the ones that come with Sluice
 * @throws MailTemplateError with every fault at once
 */
export function loadMailTemplates(folder?: string): (values: MailValues) => MailText {
  const from = folder === undefined ? fileURLToPath(new URL('templates/', import.meta.url)) : resolve(folder);
  const faults: string[] = [];
  const load = (name: string, encode: (value: string) => string): Fill => {
    const path = join(from, name);
    try {
      return compile(readFileSync(path, 'utf8'), encode, (fault) => faults.push(`${path}: ${fault}`));
    } catch (error) {
      faults.push(`${path}: ${reasonOf(error as NodeJS.ErrnoException)}`);
      return () => '';
    }
  };
  const subject = load(files.subject, asOneLine);
  const text = load(files.text, (value) => value);
  const html = load(files.html, escapeHtml);
  if (faults.length > 0) throw new MailTemplateError(faults);
  return (values) => ({ subject: asOneLine(subject(values)), text: text(values), html: html(values) });
}

/** A template as a function: plain text with `{{field}}`, spaces inside the braces allowed, nothing else. */
function compile(template: string, encode: (value: string) => string, report: (fault: string) => void): Fill {
  if (template.trim() === '') report('it is empty');
  const pieces = template.split(/\{\{([^{}]*)\}\}/);
  const fields = pieces.flatMap((piece, at) => (at % 2 === 1 ? [piece.trim()] : []));
  for (const field of new Set(fields)) {
    if (!isMailField(field)) report(`{{${field}}} is unknown; there are ${mailFields.join(', ')}`);
  }
  const rest = pieces.filter((_piece, at) => at % 2 === 0);
  if (rest.some((piece) => /\{\{|\}\}/.test(piece))) report('it has {{ or }} without its other half');
  return (values) =>
    pieces
      .map((piece, at) => (at % 2 === 0 ? piece : encode(values[piece.trim() as MailField] ?? '')))
      .join('');
}

function isMailField(name: string): name is MailField {
  return (mailFields as readonly string[]).includes(name);
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'it is missing';
  return code === 'EACCES' ? 'it may not be read' : message;
}

/** A subject is one header line, whatever its template or a value holds. */
function asOneLine(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not get into a header
  return value.replace(/[\s\u0000-\u001f\u007f]+/g, ' ').trim();
}

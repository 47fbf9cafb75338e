import { expect, it } from 'vitest';
import { readConfig } from './read.ts';

it.each([
  [{ SMTP_URL: 'http://mail.example' }, 'SMTP_URL must be a URL that starts with smtp:// or smtps://'],
  [{ SMTP_URL: 'mail.example:25' }, 'SMTP_URL must be a URL'],
  [{ SMTP_URL: 'smtp://' }, 'SMTP_URL must name the mail server'],
  [{ MAIL_FROM: 'Shop <shop@example.com>' }, 'MAIL_FROM must be a mail address'],
  [{ MAIL_TO: 'boss@example.com' }, 'MAIL_TO must contain {{customerId}}'],
  [{ EVENT_BRIDGE: 'yes' }, 'EVENT_BRIDGE must be one of on, off'],
])('%j is refused by name', (environment, fault) => {
  expect(() => readConfig(environment)).toThrow(fault);
});

it('a mail server’s password is in no fault', () => {
  expect(() => readConfig({ SMTP_URL: 'http://me:hunter2@mail.example' })).not.toThrow('hunter2');
  expect(() => readConfig({ SMTP_URL: 'smtp://me:hunter2@mail.example', MAIL_FROM: 'x' })).toThrow(
    'MAIL_FROM',
  );
});

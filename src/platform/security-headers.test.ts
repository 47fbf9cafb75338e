import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { protectPages } from './security-headers.ts';

it('no answer is guessed at, and pages load their own parts only, in nobody’s frame', async () => {
  const app = fastify();
  protectPages(app);
  app.get('/json', async () => ({ a: 1 }));
  app.get('/page', (_request, reply) => reply.type('text/html; charset=utf-8').send('<p>'));
  app.get('/own', (_request, reply) =>
    reply.type('text/html').header('content-security-policy', "default-src 'none'").send('<p>'),
  );
  const headersOf = async (url: string) => (await app.inject(url)).headers;

  expect(await headersOf('/json')).toMatchObject({ 'x-content-type-options': 'nosniff' });
  expect(await headersOf('/json')).not.toHaveProperty('content-security-policy');
  expect(await headersOf('/missing')).toMatchObject({ 'x-content-type-options': 'nosniff' });
  expect(await headersOf('/page')).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': expect.stringMatching(/default-src 'self'.*frame-ancestors 'none'/),
  });
  expect((await headersOf('/own'))['content-security-policy']).toBe("default-src 'none'");
  await app.close();
});

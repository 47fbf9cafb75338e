import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type AdminGuard, fromOwnPage, sessionCookie } from '../admin-guard.ts';
import { nameOf } from '../recorder.ts';
import { type Sessions, sessionLifetimeMs } from '../sessions.ts';

/** Our own files only, nothing inline, in nobody's frame. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const chartFiles = ['/uPlot.esm.js', '/uPlot.min.css'];

/**
 * The ops page, its login and its parts. The parts (scripts, styles) are served to everybody, for there is no data
 * in them; the page asks the admin API for that, with the session's cookie.
 */
export async function opsPage(
  app: FastifyInstance,
  { guard, sessions }: { guard: AdminGuard; sessions: Sessions },
): Promise<void> {
  const folder = new URL('./', import.meta.url);
  const page = readFileSync(new URL('ops.html', folder), 'utf8');
  const login = readFileSync(new URL('login.html', folder), 'utf8');

  await app.register(fastifyStatic, { root: fileURLToPath(new URL('browser/', folder)), prefix: '/parts/' });
  await app.register(fastifyStatic, {
    root: dirname(fileURLToPath(import.meta.resolve('uplot/dist/uPlot.esm.js'))),
    prefix: '/chart/',
    allowedPath: (path) => chartFiles.includes(path),
    decorateReply: false,
  });

  function html(reply: FastifyReply, status: number, text: string): FastifyReply {
    return reply
      .code(status)
      .type('text/html; charset=utf-8')
      .headers({ 'content-security-policy': policy, 'cache-control': 'no-store' })
      .send(text);
  }

  /** @param message of our own words: it becomes part of the page as it is */
  function loginPage(reply: FastifyReply, status: number, message = ''): FastifyReply {
    return html(
      reply,
      status,
      login.replace('<!-- message -->', () => message),
    );
  }

  function setCookie(reply: FastifyReply, value: string, maxAgeSeconds: number): FastifyReply {
    const secure = reply.request.headers['x-forwarded-proto'] === 'https';
    return reply.setCookie(sessionCookie, value, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure,
      maxAge: maxAgeSeconds,
    });
  }

  app.get('/', async (request, reply) => {
    if (guard.sessionOf(request)) return html(reply, 200, page);
    const expired = request.cookies[sessionCookie] !== undefined;
    return loginPage(reply, 401, expired ? 'Your session is over. Please log in again.' : '');
  });

  app.post<{ Body: { name?: unknown; token?: unknown } | undefined }>('/login', async (request, reply) => {
    const { name = '', token = '' } = request.body ?? {};
    const verdict = guard.judge(request, String(token));
    if (verdict === 'wrong') return loginPage(reply, 401, 'This is not the admin token.');
    if (verdict !== 'right') {
      reply.header('retry-after', String(verdict.waitSeconds));
      const wait = `Too many failed logins from this address: try again in ${verdict.waitSeconds} seconds.`;
      return loginPage(reply, 429, wait);
    }
    sessions.end(request.cookies[sessionCookie]);
    const who = String(name).trim() === '' ? request.ip : nameOf(String(name));
    return setCookie(reply, sessions.begin(who), sessionLifetimeMs / 1_000).redirect('/ops', 303);
  });

  app.post('/logout', async (request, reply) => {
    if (!fromOwnPage(request)) return reply.code(403).send();
    sessions.end(request.cookies[sessionCookie]);
    return setCookie(reply, '', 0).code(204).send();
  });

  app.get('/session', async (request, reply) => {
    const session = guard.sessionOf(request);
    reply.header('cache-control', 'no-store');
    return session ? { who: session.who } : reply.code(401).send();
  });
}

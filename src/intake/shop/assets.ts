import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Bytes that many shoppers are sent, kept in memory. */
export interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  /** Weak: it stands for the bytes and for their compressed form. */
  readonly etag: string;
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
};

/** Sent as one file, in this order: what comes later has the last word. */
const styles = ['base', 'hero', 'forms', 'items', 'ticket', 'line', 'sections'] as const;

export function createAsset(type: string, content: string | Buffer): Asset {
  const plain = Buffer.from(content);
  return { type, plain, gzipped: gzipSync(plain), etag: `W/"${digest(plain)}"` };
}

/** What the page loads, by file name, and a version that changes with any of it. */
export function readAssets(more: Readonly<Record<string, string>>): {
  readonly files: ReadonlyMap<string, Asset>;
  readonly version: string;
} {
  const folder = new URL('./browser/', import.meta.url);
  const names = readdirSync(folder).filter((name) => extname(name) in types);
  const contents = new Map<string, string | Buffer>(
    names.map((name) => [name, readFileSync(new URL(name, folder))]),
  );
  contents.set(
    'shop.css',
    styles.map((name) => readFileSync(new URL(`styles/${name}.css`, folder))).join('\n'),
  );
  for (const [name, content] of Object.entries(more)) contents.set(name, content);
  const files = new Map(
    [...contents].map(([name, content]) => [name, createAsset(types[extname(name)]!, content)]),
  );
  return { files, version: digest(Buffer.from([...files.values()].map(({ etag }) => etag).join())) };
}

/** Sends an asset, or 304 to whoever has it already. */
export function sendAsset(
  request: FastifyRequest,
  reply: FastifyReply,
  asset: Asset,
  cacheControl: string,
): FastifyReply {
  reply.header('cache-control', cacheControl).header('etag', asset.etag);
  const known = request.headers['if-none-match'];
  if (known?.split(',').some((etag) => etag.trim() === asset.etag)) return reply.code(304).send();
  reply.type(asset.type);
  if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(asset.plain);
  return reply.header('content-encoding', 'gzip').send(asset.gzipped);
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 16);
}

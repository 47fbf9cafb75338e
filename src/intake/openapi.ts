import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { operationExamples, problemExamples } from './examples.ts';

type Json = Record<string, unknown>;

interface Media extends Json {
  schema?: { properties?: { type?: { enum?: string[] } } };
  examples?: unknown;
}

interface Operation {
  operationId?: string;
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media>; headers?: Json }>;
}

/** Headers that answers carry, by operation and status; problems' are below. */
const headers: Readonly<Record<string, Readonly<Record<string, readonly (keyof typeof headerTexts)[]>>>> = {
  placeOrder: {
    200: ['Location', 'Idempotent-Replayed'],
    202: ['Location', 'Retry-After', 'Idempotent-Replayed'],
    403: ['Retry-After'],
  },
  readOrder: { 200: ['Retry-After'] },
};
const problemHeaders: Readonly<Record<string, readonly (keyof typeof headerTexts)[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
  503: ['Retry-After'],
};

const headerTexts = {
  Location: 'Where the order’s status can be read.',
  'Retry-After': 'Seconds to wait before asking again; where it is absent, asking again does not help.',
  'Idempotent-Replayed': '`true` where the same order had been taken before.',
  'WWW-Authenticate': 'What is wrong with the token.',
  RateLimit: 'What is left of the client’s share.',
  'RateLimit-Policy': 'The client’s share.',
};

/** What the OpenAPI document says beside the routes' own schemas: an example and the headers of every answer. */
export function openApiOptions({
  customerFromToken,
}: {
  customerFromToken: boolean;
}): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sluice',
        version: '1',
        description: 'Order intake of a flash sale. Errors are RFC 9457 problem details.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      ...(customerFromToken
        ? {
            components: {
              securitySchemes: { bearer: { type: 'http' as const, scheme: 'bearer', bearerFormat: 'JWT' } },
            },
          }
        : {}),
    },
    transformObject(documentObject) {
      if (!('openapiObject' in documentObject)) return documentObject.swaggerObject;
      const document = documentObject.openapiObject;
      for (const path of Object.values(document.paths ?? {})) {
        for (const operation of Object.values(path ?? {}))
          complete(operation as unknown as Operation, customerFromToken);
      }
      return document;
    },
  };
}

function complete(operation: Operation, customerFromToken: boolean): void {
  const id = operation.operationId ?? '';
  const examples = operationExamples[id];
  for (const media of Object.values(operation.requestBody?.content ?? {})) {
    media.examples = customerFromToken ? withoutCustomer(examples?.request) : examples?.request;
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    for (const [type, media] of Object.entries(response.content ?? {})) {
      const isProblem = type === 'application/problem+json';
      media.examples = isProblem ? problemExamples(namesIn(media)) : examples?.responses[Number(status)];
    }
    const names =
      headers[id]?.[status] ?? (hasProblem(response.content) ? problemHeaders[status] : undefined);
    if (names) {
      response.headers = Object.fromEntries(
        names.map((name) => [name, { description: headerTexts[name], schema: { type: 'string' } }]),
      );
    }
  }
}

function hasProblem(content: Record<string, Media> = {}): boolean {
  return 'application/problem+json' in content;
}

function namesIn(media: Media): string[] {
  return (media.schema?.properties?.type?.enum ?? []).map((type) => type.slice('/problems/'.length));
}

function withoutCustomer(requests: (typeof operationExamples)[string]['request'] = {}) {
  return Object.fromEntries(
    Object.entries(requests).map(([name, { summary, value }]) => {
      const { customerId: _, ...rest } = value as Json;
      return [name, { summary, value: rest }];
    }),
  );
}

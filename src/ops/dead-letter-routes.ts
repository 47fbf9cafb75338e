import type { FastifyInstance } from 'fastify';
import type { DeadLetterOperations, LetterChoice } from './dead-letters.ts';
import type { Steering } from './steering.ts';

export const listedDefault = 100;

export const choiceSchema = {
  type: 'object',
  additionalProperties: false,
  oneOf: [{ required: ['ids'] }, { required: ['all'] }],
  properties: {
    ids: {
      type: 'array',
      minItems: 1,
      maxItems: 1_000,
      items: { type: 'string', minLength: 1, maxLength: 64 },
    },
    all: { const: true },
    saleId: { type: 'string', minLength: 1, maxLength: 64 },
  },
} as const;

export const limitQuery = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: { type: 'string', pattern: '^[1-9][0-9]{0,4}$' } },
} as const;

export interface ChoiceBody {
  readonly ids?: string[];
  readonly all?: true;
  readonly saleId?: string;
}

/**
 * `GET /dead-letters?limit=N`; `POST /dead-letters/redrive` and `/purge` with `{ "ids": […] }` or `{ "all": true }`,
 * and `"saleId"` to restrict them. Both answer 200 with what became of each letter.
 */
export function addDeadLetterRoutes(
  admin: FastifyInstance,
  deadLetters: Pick<DeadLetterOperations, 'list'>,
  steering: Steering,
): void {
  admin.get<{ Querystring: { limit?: string } }>(
    '/dead-letters',
    {
      schema: {
        querystring: limitQuery,
      },
    },
    async (request) => ({
      letters: await deadLetters.list(Number(request.query.limit ?? listedDefault)),
    }),
  );
  for (const action of ['redrive', 'purge'] as const) {
    admin.post<{ Body: ChoiceBody }>(
      `/dead-letters/${action}`,
      { schema: { body: choiceSchema } },
      async (request) => steering(request.actor)[action](choiceOf(request.body)),
    );
  }
}

export function choiceOf({ ids, saleId }: ChoiceBody): LetterChoice {
  return { ...(ids === undefined ? {} : { ids }), ...(saleId === undefined ? {} : { saleId }) };
}

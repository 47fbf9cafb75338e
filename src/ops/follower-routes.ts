import type { FastifyInstance } from 'fastify';
import { type ChoiceBody, choiceOf, choiceSchema, limitQuery, listedDefault } from './dead-letter-routes.ts';
import type { FollowerLetters } from './follower-letters.ts';
import type { FollowersSeen } from './follower-watch.ts';

interface Named {
  readonly name: string;
}

const named = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', pattern: '^[a-z0-9-]{1,64}$' } },
} as const;

/**
 * `GET /followers`: what waits for each, and how old that is. `GET /followers/NAME/dead-letters?limit=N`, and
 * `POST …/redrive` and `…/purge` with the bodies that the dead letters of orders have.
 */
export function addFollowerRoutes(
  admin: FastifyInstance,
  deps: { followers: () => FollowersSeen; letters: FollowerLetters },
): void {
  const { letters } = deps;
  admin.get('/followers', async () => deps.followers());
  admin.get<{ Params: Named; Querystring: { limit?: string } }>(
    '/followers/:name/dead-letters',
    { schema: { params: named, querystring: limitQuery } },
    async ({ params, query }) => ({
      letters: await letters.list(params.name, Number(query.limit ?? listedDefault)),
    }),
  );
  for (const action of ['redrive', 'purge'] as const) {
    admin.post<{ Params: Named; Body: ChoiceBody }>(
      `/followers/:name/dead-letters/${action}`,
      { schema: { params: named, body: choiceSchema } },
      async ({ actor, params, body }) => letters.as(actor)[action](params.name, choiceOf(body)),
    );
  }
}

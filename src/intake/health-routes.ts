import type { FastifyInstance } from 'fastify';
import type { Admission } from './admission.ts';
import { type ProblemName, problems, sendProblem } from './problems.ts';

/** `/livez` (the process answers), `/readyz` (orders can be taken), and the pages behind problem types. */
export function healthRoutes(app: FastifyInstance, deps: { admission: Admission }): void {
  app.get('/livez', { schema: { summary: 'The process is alive' } }, async () => ({ status: 'alive' }));

  app.get('/readyz', { schema: { summary: 'Orders can be taken' } }, async (_request, reply) => {
    const reasons = deps.admission.unready();
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .send({ status: reasons.length === 0 ? 'ready' : 'unready', reasons });
  });

  app.get<{ Params: { name: string } }>(
    '/problems/:name',
    { schema: { summary: 'What a problem type means' } },
    async (request, reply) => {
      const { name } = request.params;
      if (!Object.hasOwn(problems, name)) return sendProblem(reply, 'not-found');
      return reply.send({ type: `/problems/${name}`, ...problems[name as ProblemName] });
    },
  );
}

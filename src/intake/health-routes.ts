import type { FastifyInstance } from 'fastify';
import type { Admission } from './admission.ts';
import { type ProblemName, problems, sendProblem } from './problems.ts';
import { aliveReply, explanationReply, problemReplies, readyReply } from './schemas.ts';

/** `/livez` (the process answers), `/readyz` (orders can be taken), and the pages behind problem types. */
export function healthRoutes(app: FastifyInstance, deps: { admission: Admission }): void {
  app.get(
    '/livez',
    { schema: { operationId: 'isAlive', summary: 'The process is alive', response: { 200: aliveReply } } },
    async () => ({ status: 'alive' }),
  );

  const readiness = {
    200: { ...readyReply, description: 'Orders can be taken.' },
    503: { ...readyReply, description: 'They can’t.' },
  };
  const schema = { operationId: 'isReady', summary: 'Orders can be taken', response: readiness };
  app.get('/readyz', { schema }, async (_request, reply) => {
    const reasons = deps.admission.unready();
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .send({ status: reasons.length === 0 ? 'ready' : 'unready', reasons });
  });

  app.get<{ Params: { name: string } }>(
    '/problems/:name',
    {
      schema: {
        operationId: 'explainProblem',
        summary: 'What a problem type means',
        params: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
        response: { 200: explanationReply, ...problemReplies(404) },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      if (!Object.hasOwn(problems, name)) return sendProblem(reply, 'not-found');
      return reply.send({ type: `/problems/${name}`, ...problems[name as ProblemName] });
    },
  );
}

import type { FastifyInstance } from 'fastify';
import { refuse } from './admin-problems.ts';
import type { AuditReport } from './audit/report.ts';

/** Audits all sales, or one. @throws OrderError `unknown-sale` */
export type RunAudit = (saleId: string | undefined) => Promise<AuditReport>;

/** What `sluice audit --json` says, over HTTP. One at a time: an audit reads every order there is. */
export function addAuditRoutes(admin: FastifyInstance, audit: RunAudit): void {
  let isRunning = false;
  admin.get<{ Querystring: { sale?: string } }>(
    '/audit',
    {
      schema: {
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: { sale: { type: 'string', minLength: 1, maxLength: 64 } },
        },
      },
    },
    async ({ query }, reply) => {
      if (isRunning)
        return refuse(reply, 409, 'audit-running', 'an audit is under way: ask when it has ended');
      isRunning = true;
      try {
        return await audit(query.sale);
      } finally {
        isRunning = false;
      }
    },
  );
}

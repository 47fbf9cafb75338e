import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  fastify,
  LogController,
} from 'fastify';
import type { Logger } from '../platform/logger.ts';
import type { IntakeMetrics } from '../platform/metrics.ts';
import { protectPages } from '../platform/security-headers.ts';
import { openApiOptions } from './openapi.ts';
import { type ProblemName, problems, sendProblem } from './problems.ts';
import { limitUnfinishedRequests } from './unfinished-requests.ts';

/** 8 KiB: an order is below 400 bytes. */
const bodyLimitBytes = 8 * 1024;
/** A byte to each of them takes the gateway about 5 ms. */
const maxUnfinishedRequests = 500;
/** For the client to read why it is cut off, whatever else it sends. */
const lingerMs = 1_000;

/**
 * The shoppers' HTTP server, without its order routes: limits, strict validation, problem replies, OpenAPI.
 *
 * Node's own timeouts are set here because Fastify turns `requestTimeout` off unless told.
 */
export async function createApp(options: {
  logger: Logger;
  trustProxy: readonly string[];
  maxConnections: number;
  metrics: IntakeMetrics;
  /** Said in OpenAPI: routes of orders need a bearer token. */
  customerFromToken: boolean;
}): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: options.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger of its own for each request costs more than the route does.
    childLoggerFactory: (logger) => logger,
    trustProxy: options.trustProxy.length > 0 ? [...options.trustProxy] : false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: 10_000,
    // Longer than the idle timeout of the usual load balancers (60 s), so that they close first.
    keepAliveTimeout: 72_000,
    // A connection that neither sends nor takes anything, as of a client that does not read its answers.
    connectionTimeout: 75_000,
    // Longer paths end in a 404 of the router; the schemas name the field instead.
    routerOptions: { maxParamLength: 1_024 },
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true },
    },
    forceCloseConnections: 'idle',
    // Admission refuses orders by then, as a problem with `Retry-After`; Fastify's own answer is neither.
    return503OnClosing: false,
    clientErrorHandler: refuseBrokenRequest,
    // What fails before a route is found, as a path that can't be decoded.
    frameworkErrors: (error, _request, reply) =>
      void sendProblem(reply, 'invalid', { detail: error.message }),
  });
  // Fastify reads text as well, and the schema would then complain of the body rather than of its type.
  app.removeContentTypeParser('text/plain');
  app.server.maxConnections = options.maxConnections;
  limitUnfinishedRequests(app.server, {
    atMost: maxUnfinishedRequests,
    cutOff: (socket) => refuseConnection(socket, 408, 'request-timeout'),
  });
  app.decorateRequest('customerId', '');
  protectPages(app);

  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (isOrderPost(request)) options.metrics.byOutcome.invalid.inc();
    if (error.validation) {
      const errors = error.validation
        .slice(0, 10)
        .map((fault) => describeFault(fault, error.validationContext));
      return sendProblem(reply, 'invalid', { detail: errors[0]!.message, errors });
    }
    const known = errorProblems[error.code];
    if (known) {
      const errors = [{ field: known.field, message: error.message }];
      return sendProblem(reply, known.problem, { detail: error.message, errors });
    }
    if (error.statusCode && error.statusCode < 500) {
      return sendProblem(reply, 'invalid', { detail: error.message });
    }
    request.log.error({ err: error }, 'a request failed');
    return sendProblem(reply, 'internal');
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, 'not-found'));

  await app.register(swagger, openApiOptions(options));
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // Over plain HTTP, as on one machine, the page would look for its parts over TLS in vain.
    transformStaticCSP: (header) => header.replace(/ *upgrade-insecure-requests;?/, ''),
  });
  return app;
}

const errorProblems: Readonly<Record<string, { problem: ProblemName; field: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { problem: 'too-large', field: 'body' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { problem: 'unsupported-media-type', field: 'Content-Type' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { problem: 'invalid', field: 'body' },
  FST_ERR_CTP_INVALID_JSON_BODY: { problem: 'invalid', field: 'body' },
};

const orderPaths: ReadonlySet<string> = new Set(['/sales/:saleId/orders', '/shop/orders']);

function isOrderPost(request: { method: string; routeOptions: { url?: string | undefined } }): boolean {
  return request.method === 'POST' && orderPaths.has(request.routeOptions.url ?? '');
}

interface Fault {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Record<string, unknown>;
  readonly message?: string;
}

/** An ajv fault as a field and a sentence that names it. */
function describeFault(fault: Fault, context: string | undefined): { field: string; message: string } {
  const path = fault.instancePath.slice(1).replaceAll('/', '.');
  if (fault.keyword === 'required') {
    const field = String(fault.params.missingProperty);
    return { field, message: `${field} is missing` };
  }
  if (fault.keyword === 'additionalProperties') {
    const field = String(fault.params.additionalProperty).slice(0, 64);
    // Unknown only where the token says who it is.
    if (field === 'customerId') return { field, message: 'customerId comes from the token: leave it out' };
    return { field, message: `${JSON.stringify(field)} is not a field of an order` };
  }
  const field = path || context || 'body';
  return { field, message: `${field} ${fault.message ?? 'is not valid'}` };
}

/** Answers what Node's parser could not read; there is no request object yet. */
function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuseConnection(socket, 408, 'request-timeout');
  else refuseConnection(socket, error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400, 'invalid');
}

/** Whether an answer is under way, to a request that came before: another one would be taken for it. */
function isAnswering(socket: Socket & { readonly _httpMessage?: ServerResponse | null }): boolean {
  const answer = socket._httpMessage;
  return answer ? answer.req.complete || answer.headersSent : false;
}

/** Answers and closes, also where the client keeps its side open. */
function refuseConnection(socket: Socket, status: 400 | 408 | 431, name: ProblemName): void {
  if (isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify({
    type: `/problems/${name}`,
    title: status === 431 ? 'The headers are too large' : problems[name].title,
    status,
  });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

import { QueueError } from './queue-error.ts';

const requestTimeoutMs = 10_000;

export interface ManagementOptions {
  /** `http(s)://[user:password@]host:port`; without credentials those of `amqpUrl` are used. */
  readonly amqpManagementUrl: string;
  /** Its path names the virtual host, as for amqplib: none or `/` is the host `/`. */
  readonly amqpUrl: string;
}

export interface QueueCounts {
  readonly ready: number;
  readonly unacknowledged: number;
  /** The prefetch of each consumer. */
  readonly prefetches: readonly number[];
}

/** The few calls of RabbitMQ's management API that Sluice needs, on the virtual host of `amqpUrl`. */
export function createManagement({ amqpManagementUrl, amqpUrl }: ManagementOptions) {
  const url = new URL(amqpManagementUrl);
  const amqp = new URL(amqpUrl);
  const credentials = url.username ? url : amqp;
  const user = decodeURIComponent(credentials.username || 'guest');
  const password = decodeURIComponent(credentials.username ? credentials.password : 'guest');
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const vhost = encodeURIComponent(virtualHost(amqpUrl));
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;

  async function call(method: string, path: string, body?: unknown): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${base}/api${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(requestTimeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new QueueError('management-away', `RabbitMQ's management API at ${base} does not answer`, {
        cause,
      });
    }
    if (response.ok || response.status === 404) return response;
    const text = await response.text().catch(() => '');
    throw new QueueError(
      'management-refused',
      `RabbitMQ's management API at ${base} answered ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`,
    );
  }

  return {
    /** Creates or replaces a policy for the queues whose names match `pattern`. */
    async putPolicy(name: string, policy: { pattern: string; definition: object }): Promise<void> {
      const path = `/policies/${vhost}/${encodeURIComponent(name)}`;
      const response = await call('PUT', path, { ...policy, 'apply-to': 'queues', priority: 10 });
      await response.body?.cancel();
      if (response.status === 404) {
        throw new QueueError('management-refused', `the virtual host ${virtualHost(amqpUrl)} does not exist`);
      }
    },
    /** The counts of all queues whose names match a regular expression. */
    async queuesNamed(pattern: string): Promise<NamedQueueCounts[]> {
      const columns = 'columns=name,messages_ready,messages_unacknowledged,consumers';
      const query = `name=${encodeURIComponent(pattern)}&use_regex=true&${columns}&page=1&page_size=500`;
      const response = await call('GET', `/queues/${vhost}?${query}`);
      const { items = [] } = (await response.json()) as { items?: readonly Record<string, unknown>[] };
      return items.map((queue) => ({
        name: String(queue.name),
        ready: Number(queue.messages_ready ?? 0),
        unacknowledged: Number(queue.messages_unacknowledged ?? 0),
        consumers: Number(queue.consumers ?? 0),
      }));
    },
    /** Removes a queue with all that is in it; nothing where there is no such queue. */
    async removeQueue(name: string): Promise<void> {
      const response = await call('DELETE', `/queues/${vhost}/${encodeURIComponent(name)}`);
      await response.body?.cancel();
    },
    /** The broker's counts of a queue as of its last tick, or `undefined` where there is no such queue. */
    async queueCounts(name: string): Promise<QueueCounts | undefined> {
      const columns = 'columns=messages_ready,messages_unacknowledged,consumer_details';
      const response = await call('GET', `/queues/${vhost}/${encodeURIComponent(name)}?${columns}`);
      if (response.status === 404) {
        await response.body?.cancel();
        return undefined;
      }
      const counts = (await response.json()) as {
        messages_ready?: number;
        messages_unacknowledged?: number;
        consumer_details?: readonly { prefetch_count?: number }[];
      };
      return {
        ready: counts.messages_ready ?? 0,
        unacknowledged: counts.messages_unacknowledged ?? 0,
        prefetches: (counts.consumer_details ?? []).map((consumer) => consumer.prefetch_count ?? 0),
      };
    },
  };
}

export interface NamedQueueCounts {
  readonly name: string;
  readonly ready: number;
  readonly unacknowledged: number;
  readonly consumers: number;
}

/** The virtual host an AMQP URL names, read as amqplib reads it. */
export function virtualHost(amqpUrl: string): string {
  return decodeURIComponent(new URL(amqpUrl).pathname.slice(1)) || '/';
}

import pg from 'pg';

/** A connection whose loss is told by the next query only. */
export async function connectToDatabase(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'rehearsal' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Runs `work` on a connection of its own, which ends with it. */
export async function onDatabase<T>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connectToDatabase(databaseUrl);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Pauses the drain, or lets it go on, so that orders pile up in the queue. */
export function pauseDrain(databaseUrl: string, paused: boolean): Promise<unknown> {
  return onDatabase(databaseUrl, (client) =>
    client.query('UPDATE drain_cap SET paused = $1 WHERE only_row', [paused]),
  );
}

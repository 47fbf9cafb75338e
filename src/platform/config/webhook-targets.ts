/** Where a shop's own system takes events. */
export interface WebhookTarget {
  /** Names its follower, `webhook-NAME`. */
  readonly name: string;
  /** Without a user and a password, so that it may be shown. */
  readonly url: string;
  /** What the header `Authorization` says, where the URL that was set has a user or a password. */
  readonly authorization?: string;
  /** As Standard Webhooks writes it: `whsec_` and base64. */
  readonly secret: string;
}

const secretBytes = { least: 24, most: 64 } as const;
const targetsMax = 16;
const form = 'NAME=URL#whsec_SECRET';

/**
 * Reads `WEBHOOK_TARGETS`: targets separated by spaces, each `NAME=URL#whsec_SECRET`. The secret stands where a
 * URL has its fragment, which is never sent. A user and a password in the URL are sent as Basic authorization.
 *
 * @param report gets a sentence for each fault, which never shows a secret or a password
 */
export function readWebhookTargets(text: string, report: (fault: string) => void): WebhookTarget[] {
  const targets: WebhookTarget[] = [];
  const parts = text.split(/\s+/).filter(Boolean);
  for (const [at, part] of parts.entries()) {
    const [, name = '', url = ''] = /^([^=:/]*)=(.*)$/.exec(part) ?? [];
    const say = (fault: string) => report(`target ${name || at + 1} ${fault}`);
    if (!/^[a-z0-9-]{1,32}$/.test(name)) {
      say(`must be ${form}, with a name of 1 to 32 characters of a-z, 0-9 and -`);
    } else if (targets.some((target) => target.name === name)) say('is named twice');
    else if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      say('must have a URL that starts with https:// or http://');
    } else {
      const parsed = new URL(url);
      const secret = parsed.hash.slice(1);
      const credentials = credentialsOf(parsed);
      parsed.hash = parsed.username = parsed.password = '';
      if (!isSecret(secret)) {
        say(`must end in #whsec_ and the base64 of ${secretBytes.least} to ${secretBytes.most} bytes`);
      } else if (credentials === undefined) {
        say('must have its user and password percent-encoded, and no colon in the user');
      } else targets.push({ name, url: parsed.href, secret, ...basicAuthorization(credentials) });
    }
  }
  if (parts.length > targetsMax) report(`may hold ${targetsMax} targets at most`);
  return targets;
}

/** `user:password` of a URL, empty where it has neither; undefined where they cannot be told, as RFC 7617 has it. */
function credentialsOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return '';
  try {
    const user = decodeURIComponent(username);
    return user.includes(':') ? undefined : `${user}:${decodeURIComponent(password)}`;
  } catch {
    return undefined;
  }
}

function basicAuthorization(credentials: string): Pick<WebhookTarget, 'authorization'> {
  return credentials === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function isSecret(text: string): boolean {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1];
  if (base64 === undefined || base64.length % 4 !== 0) return false;
  const bytes = Buffer.from(base64, 'base64').length;
  return bytes >= secretBytes.least && bytes <= secretBytes.most;
}

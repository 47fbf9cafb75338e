import type { Config } from './config.ts';
import { isSymmetric, readJwtKey, unsuited } from './jwt-key.ts';

const jwtSettings = ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_JWKS_URL', 'JWT_KEY', 'JWT_ALGORITHMS'] as const;

type JwtSetting = (typeof jwtSettings)[number];

/**
 * What is wrong with the settings of authentication, taken together. Settings that are faulty by themselves are
 * missing from `config` and have been reported.
 */
export function authFaults(config: Partial<Config>, isSet: (name: JwtSetting) => boolean): string[] {
  if (config.AUTH === undefined) return [];
  if (config.AUTH === 'none') {
    // Whoever gives a key believes that tokens are checked.
    return jwtSettings.filter(isSet).map((name) => `${name} is of no use while AUTH is none; set AUTH=jwt`);
  }
  const faults: string[] = [];
  for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE'] as const) {
    if (!isSet(name)) faults.push(`${name} must be set where AUTH is jwt`);
  }
  if (isSet('JWT_JWKS_URL') === isSet('JWT_KEY')) {
    const which = isSet('JWT_KEY') ? 'only one of them may be set' : 'one of them must be set';
    faults.push(`JWT_JWKS_URL or JWT_KEY: ${which} where AUTH is jwt`);
  }
  return [...faults, ...jwksFaults(config), ...keyFaults(config)];
}

function jwksFaults({ JWT_JWKS_URL: text, JWT_ALGORITHMS: algorithms = [] }: Partial<Config>): string[] {
  if (text === undefined) return [];
  const faults: string[] = [];
  const { protocol, hostname, username, password } = new URL(text);
  if (protocol !== 'https:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) {
    faults.push('JWT_JWKS_URL must be https: whoever can change the keys on their way can be any customer');
  }
  if (username || password) faults.push('JWT_JWKS_URL must not carry a user or a password');
  for (const algorithm of algorithms.filter(isSymmetric)) {
    faults.push(`JWT_ALGORITHMS: ${algorithm} needs a shared secret, JWT_JWKS_URL gives public keys`);
  }
  return faults;
}

function keyFaults({ JWT_KEY: text, JWT_ALGORITHMS: algorithms = [] }: Partial<Config>): string[] {
  if (text === undefined) return [];
  try {
    const key = readJwtKey(text);
    return algorithms.flatMap((algorithm) => {
      const reason = unsuited(key, algorithm);
      return reason === undefined ? [] : [`JWT_ALGORITHMS: ${reason}`];
    });
  } catch (error) {
    return [`JWT_KEY ${(error as Error).message}`];
  }
}

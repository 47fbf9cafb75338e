import { createPublicKey, type KeyObject } from 'node:crypto';

/** Signature algorithms that tokens may have. `none` is not among them, and never will be. */
export const jwtAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'HS256',
  'HS384',
  'HS512',
] as const;

export type JwtKey =
  | { readonly kind: 'public'; readonly key: KeyObject }
  | { readonly kind: 'secret'; readonly secret: Uint8Array };

export function isSymmetric(algorithm: string): boolean {
  return algorithm.startsWith('HS');
}

/**
 * Reads `JWT_KEY`: a PEM public key (line ends as they are or as `\n`), or else a base64 secret.
 *
 * @throws TypeError that says what is wrong, without the key.
 */
export function readJwtKey(text: string): JwtKey {
  const pem = text.replaceAll('\\n', '\n').trim();
  if (pem.startsWith('-----BEGIN')) {
    // Node would derive the public key; but a private key has no business on a gateway.
    if (!/^-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem)) throw new TypeError('must be a public key');
    try {
      return { kind: 'public', key: createPublicKey(pem) };
    } catch {
      throw new TypeError('is no readable PEM public key');
    }
  }
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(pem)) throw new TypeError('is neither a PEM public key nor base64');
  return { kind: 'secret', secret: new Uint8Array(Buffer.from(pem, 'base64')) };
}

/** Why a key can't be used with an algorithm, or `undefined` where it can. */
export function unsuited(jwtKey: JwtKey, algorithm: string): string | undefined {
  if (jwtKey.kind === 'secret') {
    if (!isSymmetric(algorithm)) return `${algorithm} needs a PEM public key, JWT_KEY is a shared secret`;
    // RFC 7518, 3.2: at least as long as the hash.
    const bytes = Number(algorithm.slice(2)) / 8;
    return jwtKey.secret.length < bytes
      ? `${algorithm} needs a secret of at least ${bytes} bytes`
      : undefined;
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = jwtKey.key;
  if (isSymmetric(algorithm)) return `${algorithm} needs a shared secret, JWT_KEY is a public key`;
  if (algorithm.startsWith('RS') || algorithm.startsWith('PS')) {
    if (type !== 'rsa') return `${algorithm} needs an RSA key`;
    return (details?.modulusLength ?? 0) < 2_048
      ? `${algorithm} needs an RSA key of at least 2048 bits`
      : undefined;
  }
  if (algorithm === 'EdDSA') return type === 'ed25519' ? undefined : 'EdDSA needs an Ed25519 key';
  const curve = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' }[algorithm];
  return details?.namedCurve === curve ? undefined : `${algorithm} needs a key on the curve ${curve}`;
}

/** Passwords in URLs of any scheme, as they turn up in error messages. */
const urlPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"'`]*:)[^\s/"'`]*(?=@)/gi;
/** Credentials of an `Authorization` header. */
const credentials = /\b(Bearer|Basic) +[A-Za-z0-9+/_.=~-]+/gi;
/** Tokens by themselves: three base64url parts, of which the first is a JSON object. */
const jwt = /\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g;
/** Secrets that webhooks are signed with, as Standard Webhooks writes them. */
const webhookSecret = /\bwhsec_[A-Za-z0-9+/=]+/g;

/** The same text without passwords of URLs, bearer tokens, JWTs and webhook secrets, for logs and messages. */
export function redactSecrets(text: string): string {
  return text
    .replace(urlPassword, '$1***')
    .replace(credentials, '$1 ***')
    .replace(jwt, '***')
    .replace(webhookSecret, 'whsec_***');
}
